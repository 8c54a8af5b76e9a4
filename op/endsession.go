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
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

const endSessionPath = "/logout"

// endSession is the end-session endpoint (OpenID Connect RP-Initiated Logout
// 1.0). A POST with the form token of this browser comes from the page that
// asked; any other request comes from who knows where.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) error {
	privately(w)
	form, err := browserForm(w, r)
	if err != nil {
		return err
	}
	if lacksCookies(r, p.cfg.Cookies, form) {
		seeOther(w, withQuery(p.cfg.Issuer+endSessionPath, form))
		return nil
	}
	request, err := p.readEndSession(r.Context(), form)
	if err != nil {
		return err
	}
	session, err := p.cfg.SignIn.Session(r)
	if err != nil {
		return unavailablePage(fmt.Errorf("read session: %w", err))
	}
	confirmed := r.Method == http.MethodPost && p.cfg.SignIn.VerifyForm(r)
	switch decideEndSession(request, session, confirmed) {
	case endSessionAsk:
		return p.cfg.SignIn.ConfirmSignOut(w, r, request.Client, request.carried())
	case endSessionNow:
		if err := p.cfg.SignIn.SignOut(w, r); err != nil {
			return unavailablePage(fmt.Errorf("sign out: %w", err))
		}
	case endSessionNothing:
	}
	if address := request.address(confirmed); address != "" {
		seeOther(w, address)
		return nil
	}
	return p.cfg.SignIn.SignedOut(w, r)
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
func (p *Provider) readEndSession(ctx context.Context, form url.Values) (*endSessionRequest, error) {
	params, faulty := readParameters(form)
	if len(faulty) > 0 {
		slices.Sort(faulty)
		return nil, badForm(errors.New("repeated or too long: " + loggable(strings.Join(faulty, " "))))
	}
	request := &endSessionRequest{State: params["state"]}
	clientID := params["client_id"]
	if token := params["id_token_hint"]; token != "" {
		hint, err := p.readIDTokenHint(token)
		if err != nil {
			p.cfg.Log.InfoContext(ctx, "sign-out with a bad id_token_hint", "reason", err.Error())
			return &endSessionRequest{}, nil
		}
		if clientID != "" && !slices.Contains(hint.Audience, clientID) {
			return nil, badSignOutPage(errors.New("client_id " + loggable(clientID) + " is not in the aud of the id_token_hint"))
		}
		request.Hint, request.HintToken = hint, token
		if clientID == "" {
			clientID = hint.Audience[0]
		}
	}
	return request, request.identify(ctx, p.cfg.Clients, clientID, params["post_logout_redirect_uri"])
}

// identify fills in the client and the address it may have the browser sent to.
func (e *endSessionRequest) identify(ctx context.Context, clients clients, clientID, redirectURI string) error {
	if clientID == "" {
		return nil // nobody says who asks: then there is no way back either
	}
	c, err := clients.Client(ctx, clientID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return badSignOutPage(errors.New("client " + loggable(clientID) + " is not registered"))
	case err != nil:
		return unavailablePage(err)
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
	case request.Hint != nil && request.Hint.SID == string(session.Session.SID) && request.Hint.Subject == string(session.User.ID):
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
