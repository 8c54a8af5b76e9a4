package demo

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/latchkey-id/latchkey/internal/web"
	"golang.org/x/oauth2"
)

// The demo's cookies: its own session, and a request that is on its way.
const (
	cookie        = "demo"
	requestCookie = "demo-request"
)

// requestAge is how long a request may be on its way: as long as the provider
// waits for a person.
const requestAge = time.Hour

// maxSessions bounds what the demo keeps in memory.
const maxSessions = 1000

// session is a browser of the demo.
type session struct {
	nonce             string
	token             *oauth2.Token
	rawIDToken        string
	idToken, userInfo map[string]any
	refreshed         int
}

// request is what binds an answer to the browser that asked. It is kept in that
// browser, so that a restart in the middle of a sign-in costs nobody theirs.
type request struct{ state, nonce, verifier string }

func (a *App) remember(w http.ResponseWriter, q request) {
	a.cfg.Cookies.Set(w, requestCookie, strings.Join([]string{q.state, q.nonce, q.verifier}, "."), requestAge)
}

// recall returns the browser's request on its way, or an empty one.
func (a *App) recall(r *http.Request) request {
	parts := strings.Split(a.cfg.Cookies.Get(r, requestCookie), ".")
	if len(parts) != 3 {
		return request{}
	}
	return request{state: parts[0], nonce: parts[1], verifier: parts[2]}
}

// load returns the browser's session, or nil.
func (a *App) load(r *http.Request) *session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byID[a.cfg.Cookies.Get(r, cookie)]
}

// start gives the browser a new session.
func (a *App) start(w http.ResponseWriter, r *http.Request, s *session) {
	id := web.NewSecret()
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.byID, a.cfg.Cookies.Get(r, cookie))
	if len(a.byID) >= maxSessions {
		clear(a.byID)
	}
	a.byID[id] = s
	a.cfg.Cookies.Set(w, cookie, id, 0)
}

// signIn sends the browser to the provider, with everything that a careful
// client sends: state, nonce and PKCE.
func (a *App) signIn(w http.ResponseWriter, r *http.Request) error {
	rp, err := a.discover(r.Context())
	if err != nil {
		return trouble(err)
	}
	q := request{state: web.NewSecret(), nonce: web.NewSecret(), verifier: oauth2.GenerateVerifier()}
	a.remember(w, q)
	http.Redirect(w, r, rp.oauth.AuthCodeURL(q.state, oidc.Nonce(q.nonce), oauth2.S256ChallengeOption(q.verifier)), http.StatusSeeOther)
	return nil
}

// callback trades the code for tokens and shows what they say.
func (a *App) callback(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	q := a.recall(r)
	if q.state == "" || query.Get("state") != q.state || query.Get("iss") != a.cfg.Issuer {
		return &web.Error{
			Status: http.StatusBadRequest, Title: "The answer is not for this browser",
			Detail: "Open the demo application and sign in again.", Cause: errors.New("state or iss does not fit"),
		}
	}
	a.cfg.Cookies.Clear(w, requestCookie)
	if code := query.Get("error"); code != "" {
		a.start(w, r, &session{})
		return &web.Error{
			Status: http.StatusOK, Title: "You were not signed in",
			Detail: "The provider answered " + code + ". Open the demo application to try again.",
		}
	}
	rp, err := a.discover(r.Context())
	if err != nil {
		return trouble(err)
	}
	token, err := rp.oauth.Exchange(a.context(r), query.Get("code"), oauth2.VerifierOption(q.verifier))
	if err != nil {
		return trouble(err)
	}
	signedIn := &session{nonce: q.nonce}
	if err := a.take(r, rp, signedIn, token); err != nil {
		return trouble(err)
	}
	a.start(w, r, signedIn)
	http.Redirect(w, r, "/demo", http.StatusSeeOther)
	return nil
}

// take checks the tokens and reads what they say.
func (a *App) take(r *http.Request, rp *relyingParty, s *session, token *oauth2.Token) error {
	ctx := a.context(r)
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return errors.New("the provider sent no ID token")
	}
	idToken, err := rp.verifier.Verify(ctx, raw)
	if err != nil {
		return fmt.Errorf("verify ID token: %w", err)
	}
	if s.token == nil && idToken.Nonce != s.nonce {
		return errors.New("the nonce of the ID token is not ours")
	}
	info, err := rp.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("ask userinfo: %w", err)
	}
	idClaims, userInfo := map[string]any{}, map[string]any{}
	if err := errors.Join(idToken.Claims(&idClaims), info.Claims(&userInfo)); err != nil {
		return fmt.Errorf("read claims: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s.token, s.rawIDToken, s.idToken, s.userInfo = token, raw, idClaims, userInfo
	return nil
}

// refresh trades the refresh token for the next one.
func (a *App) refresh(w http.ResponseWriter, r *http.Request) error {
	s := a.load(r)
	if s == nil || s.token == nil {
		http.Redirect(w, r, "/demo", http.StatusSeeOther)
		return nil
	}
	rp, err := a.discover(r.Context())
	if err != nil {
		return trouble(err)
	}
	expired := &oauth2.Token{RefreshToken: s.token.RefreshToken, Expiry: time.Unix(1, 0)}
	token, err := rp.oauth.TokenSource(a.context(r), expired).Token()
	if err != nil {
		return trouble(err)
	}
	if err := a.take(r, rp, s, token); err != nil {
		return trouble(err)
	}
	a.mu.Lock()
	s.refreshed++
	a.mu.Unlock()
	http.Redirect(w, r, "/demo", http.StatusSeeOther)
	return nil
}

// signOut forgets the session here and asks the provider to do the same.
func (a *App) signOut(w http.ResponseWriter, r *http.Request) error {
	rp, err := a.discover(r.Context())
	if err != nil {
		return trouble(err)
	}
	query := url.Values{"client_id": {a.cfg.ClientID}, "post_logout_redirect_uri": {a.cfg.Issuer + "/demo"}}
	if s := a.load(r); s != nil && s.rawIDToken != "" {
		query.Set("id_token_hint", s.rawIDToken)
	}
	a.start(w, r, &session{})
	http.Redirect(w, r, rp.logout+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}

// trouble says that the demo and the provider did not understand each other.
func trouble(err error) error {
	return &web.Error{
		Status: http.StatusBadGateway, Title: "The demo application could not finish",
		Detail: "It asked the provider and did not get what it expected. The log says more.", Cause: err,
	}
}
