package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

const endSessionPath = "/logout"

var endSessionEndpoint = endpoint{
	path: endSessionPath, member: "end_session_endpoint",
	mount: func(p *Provider, to routes, path string) {
		to.only(path, p.cfg.Errors.HandleForm(p.endSession, p.askAgain), http.MethodGet, http.MethodPost)
	},
}

// endSessionParameters are those of a request to sign out that are read; csrf is
// the pages' own and read there.
var endSessionParameters = parameterSet([]string{
	"id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales",
})

// endSession is the end-session endpoint (OpenID Connect RP-Initiated Logout
// 1.0). A POST with the form token of this browser comes from the page that
// asked; any other request comes from who knows where (CSRF).
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) error {
	privately(w)
	form, faulty, err := browserForm(w, r, endSessionParameters)
	if err != nil {
		return err
	}
	request, err := p.readEndSession(r.Context(), form, faulty)
	if err != nil {
		return err
	}
	if r.Method != http.MethodPost {
		return p.signOut(w, r, request, form, false)
	}
	switch confirmed, err := p.cfg.SignOut.VerifyForm(r); {
	case err != nil:
		return web.Unavailable(err)
	case !confirmed:
		return p.signOut(w, r, request, form, false)
	}
	// The form is sent twice by an impatient click: both get the answer (idempotent).
	return p.cfg.Submissions.Once(func(w http.ResponseWriter, r *http.Request) error {
		return p.signOut(w, r, request, form, true)
	})(w, r)
}

// askAgain leads a confirmation that failed for now back to the question
// (Post/Redirect/Get): going back or reloading sends nothing again, and where the store
// is still gone that page says when to try again. Any other request gets the error itself.
func (p *Provider) askAgain(w http.ResponseWriter, r *http.Request, shown web.ErrorPage) bool {
	if r.Method != http.MethodPost || !shown.Again {
		return false
	}
	if ours, err := p.cfg.SignOut.VerifyForm(r); err != nil || !ours {
		return false
	}
	query := url.Values{}
	for name := range endSessionParameters {
		if value := r.PostForm.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	seeOther(w, withQuery(p.cfg.Issuer+endSessionPath, query))
	return true
}

// signOut does what a checked request asks for; confirmed says that the person was
// asked.
func (p *Provider) signOut(w http.ResponseWriter, r *http.Request, request *endSessionRequest, form url.Values, confirmed bool) error {
	session, err := p.cfg.SignOut.Session(r)
	if err != nil {
		return web.Unavailable(fmt.Errorf("read session: %w", err))
	}
	done := interaction.SignedOut{Continue: request.address(confirmed), Locales: strings.Fields(form.Get("ui_locales"))}
	if request.Client != nil {
		done.ClientID = request.Client.ID
	}
	switch decideEndSession(request, session, confirmed) {
	case endSessionAsk:
		return p.cfg.SignOut.ConfirmSignOut(w, r, request.Client, request.carried())
	case endSessionNow:
		done.SID = session.Session.SID
		if done.Told, err = p.toBeTold(r.Context(), session.Session.SID); err != nil {
			return web.Unavailable(err)
		}
		if err := p.cfg.SignOut.SignOut(w, r); err != nil {
			return web.Unavailable(fmt.Errorf("sign out: %w", err))
		}
	case endSessionNothing:
		ended, told, err := p.endHintedSession(r, request)
		if err != nil {
			return web.Unavailable(err)
		}
		if !ended && lacksCookies(r, p.cfg.Cookies, form) {
			seeOther(w, withQuery(p.cfg.Issuer+endSessionPath, request.bounced(form)))
			return nil
		}
		if done.Told = told; ended {
			done.SID = storage.ID(request.Hint.SID)
		}
	}
	return p.signedOut(w, r, confirmed, &done)
}

// endHintedSession ends the session that an ID token of ours was issued in, where
// the request has no session of its own: a back end calls the endpoint, or a form
// on another site, both without cookies. Whoever holds the token may end that
// session, and no more.
func (p *Provider) endHintedSession(r *http.Request, request *endSessionRequest) (ended bool, told []interaction.ToldClient, err error) {
	hint := request.Hint
	if hint == nil || hint.SID == "" || request.Client == nil {
		return false, nil, nil
	}
	user, ours := client.UserOf(request.Client, hint.Subject)
	if !ours {
		return false, nil, nil
	}
	sid, now := storage.ID(hint.SID), p.cfg.Now()
	if told, err = p.toBeTold(r.Context(), sid); err != nil {
		return false, nil, err
	}
	event, err := p.event(r.Context(), &tokenRequest{HTTP: r, Client: request.Client, Now: now}, storage.EventSignOut, nil)
	if err != nil {
		return false, nil, err
	}
	event.UserID, event.SID = user, sid
	err = p.cfg.Sessions.EndOf(r.Context(), user, sid, now, event)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil, nil
	case err != nil:
		return false, nil, fmt.Errorf("end session: %w", err)
	}
	return true, told, nil
}

// endSessionRequest is a checked request: whatever did not check out is not in it.
type endSessionRequest struct {
	// HintToken is the ID token that Hint was read from.
	HintToken string
	Hint      *idTokenHint
	// Client is nil where nobody said who asks.
	Client *client.Client
	// RedirectURI is registered for Client.
	RedirectURI string
	State       string
}

// readEndSession checks who asks and where the browser may go afterwards. A
// hint that cannot be verified is as good as none, but for one thing: the
// browser is not sent anywhere on its word. What contradicts the registration
// is the client's mistake and an error.
func (p *Provider) readEndSession(ctx context.Context, form url.Values, faulty []string) (*endSessionRequest, error) {
	if len(faulty) > 0 {
		slices.Sort(faulty)
		return nil, badForm(errors.New("repeated or too long: " + loggable(strings.Join(faulty, " "))))
	}
	request := &endSessionRequest{State: form.Get("state")}
	clientID := form.Get("client_id")
	if token := form.Get("id_token_hint"); token != "" {
		hint, err := p.readIDTokenHint(ctx, token)
		switch {
		case cannotJudge(err):
			return nil, web.Unavailable(err)
		case err != nil:
			p.cfg.Log.InfoContext(ctx, "sign-out with a bad id_token_hint", "reason", err.Error())
			return &endSessionRequest{}, nil
		case clientID != "" && !slices.Contains(hint.Audience, clientID):
			return nil, badSignOutPage(errors.New("client_id " + loggable(clientID) + " is not in the aud of the id_token_hint"))
		case clientID == "":
			clientID = hint.Audience[0]
		}
		request.Hint, request.HintToken = hint, token
	}
	c, err := p.cfg.Clients.Client(ctx, clientID)
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return nil, web.Unavailable(err)
	}
	return request, request.identify(c, clientID, form.Get("post_logout_redirect_uri"))
}

// identify fills in the client and the address it may have the browser sent to.
// c is nil where none of the id is registered.
func (e *endSessionRequest) identify(c *client.Client, clientID, redirectURI string) error {
	switch {
	case clientID == "":
		return nil // nobody says who asks: then there is no way back either
	case c == nil:
		return badSignOutPage(errors.New("client " + loggable(clientID) + " is not registered"))
	}
	e.Client = c
	if redirectURI == "" {
		return nil
	}
	if !c.MatchesPostLogout(redirectURI) {
		return badSignOutPage(errors.New("client " + c.ID + " sent post_logout_redirect_uri " + loggable(redirectURI) +
			", registered are " + strings.Join(c.PostLogoutRedirectURIs, " ")))
	}
	e.RedirectURI = redirectURI
	return nil
}

// bounced are the parameters of a cookieless POST that go into an address, for the
// browser to come back with its cookies. The ID token is none of them: an address
// ends in logs and histories. What it said of the client stays; the person is asked.
func (e *endSessionRequest) bounced(form url.Values) url.Values {
	kept := url.Values{}
	for name, values := range form {
		if name != "id_token_hint" {
			kept[name] = values
		}
	}
	if e.Client != nil {
		kept.Set("client_id", e.Client.ID)
	}
	return kept
}

// carried are the parameters that the page that asks brings back. All of them
// have been checked.
func (e *endSessionRequest) carried() map[string]string {
	hidden := map[string]string{}
	if e.Client != nil {
		hidden["client_id"] = e.Client.ID
	}
	for name, value := range map[string]string{
		"id_token_hint": e.HintToken, "post_logout_redirect_uri": e.RedirectURI, "state": e.State,
	} {
		if value != "" && e.RedirectURI != "" {
			hidden[name] = value
		}
	}
	return hidden
}

// address is where the browser goes after signing out; empty where it stays
// here. Without a hint a registered address is not enough: the person must have
// been asked (RP-Initiated Logout 3).
func (e *endSessionRequest) address(confirmed bool) string {
	if e.RedirectURI == "" || e.Hint == nil && !confirmed {
		return ""
	}
	if e.State == "" {
		return e.RedirectURI
	}
	return withQuery(e.RedirectURI, url.Values{"state": {e.State}})
}

// endSessionDecision says what a request to sign out comes to.
type endSessionDecision int

const (
	endSessionAsk     endSessionDecision = iota
	endSessionNow                        // sign out
	endSessionNothing                    // there is nobody to sign out
)

// decideEndSession asks the person unless they were asked, or the request shows
// an ID token of this very session: any page can send a browser here
// (requirement SE5).
func decideEndSession(request *endSessionRequest, session *storage.SignedIn, confirmed bool) endSessionDecision {
	switch {
	case session == nil:
		return endSessionNothing
	case confirmed:
		return endSessionNow
	case request.Hint != nil && request.Hint.SID == string(session.Session.SID) && request.Hint.Subject == client.Subject(request.Client, session.User.ID):
		return endSessionNow
	}
	return endSessionAsk
}

func badSignOutPage(cause error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "signout_unregistered",
		Title:  "You’re still signed in",
		Detail: "The app tried to sign you out in a way that it isn’t registered for. The problem is on its side. To sign out, open the sign-out page of this service yourself.",
		Cause:  cause,
	}
}
