package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// application is a relying party of the test's own, which asks for what the demo
// never does: a level of authentication, consent, a new account. It is all of
// the provider's clients, each with a policy of its own.
type application struct {
	*httptest.Server
	mu   sync.Mutex
	site *site
	// pending are the sign-ins under way, by their state, and came what those that came
	// back are shown: a browser that is asked to go back twice comes twice.
	pending map[string]pending
	came    map[string]func() string
}

type pending struct{ client, nonce, verifier string }

const clientSecret = "a-secret-that-is-long-enough-for-a-test-0123456789"

// newApplication starts one; it is told of its provider by [application.settings]
// and [application.serve].
func newApplication(t *testing.T) *application {
	t.Helper()
	a := &application{pending: map[string]pending{}, came: map[string]func() string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", a.signIn)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("GET /left", func(w http.ResponseWriter, r *http.Request) {
		show(w, "left", r.URL.Query().Get("state"))
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

// clients are settings with clients that differ in their policy from the first.
func (a *application) clients(policies map[string]settings) settings {
	clients := []settings{}
	for id, policy := range policies {
		client := settings{
			"id": id, "name": strings.ToUpper(id[:1]) + id[1:], "type": "confidential", "auth_method": "client_secret_basic", "secret": clientSecret + id,
			"redirect_uris": []string{a.URL + "/callback"}, "post_logout_redirect_uris": []string{a.URL + "/left"},
			"scopes": []string{"openid", "profile", "email", "offline_access"},
		}
		for key, value := range policy {
			client[key] = value
		}
		clients = append(clients, client)
	}
	return settings{"clients": clients}
}

// at is where a sign-in at a client starts, with more parameters of the request:
// at("wiki", "acr_values", "aal2").
func (a *application) at(client string, parameters ...string) string {
	query := url.Values{"client_id": {client}, "scope": {"openid email"}}
	for parameter := range slices.Chunk(parameters, 2) {
		query.Set(parameter[0], parameter[1])
	}
	return a.URL + "/sign-in?" + query.Encode()
}

func (a *application) signIn(w http.ResponseWriter, r *http.Request) {
	p := pending{client: r.FormValue("client_id"), nonce: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier()}
	state := oauth2.GenerateVerifier()
	a.mu.Lock()
	a.pending[state] = p
	a.mu.Unlock()
	query := r.URL.Query()
	for name, value := range map[string]string{
		"response_type": "code", "redirect_uri": a.URL + "/callback", "state": state, "nonce": p.nonce,
		"code_challenge": oauth2.S256ChallengeFromVerifier(p.verifier), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	http.Redirect(w, r, a.site.Issuer+"/authorize?"+query.Encode(), http.StatusSeeOther)
}

func (a *application) callback(w http.ResponseWriter, r *http.Request) {
	state, ctx := r.FormValue("state"), context.WithoutCancel(r.Context())
	a.mu.Lock()
	p, ok := a.pending[state]
	delete(a.pending, state)
	if _, again := a.came[state]; ok && !again {
		refusal, code := r.FormValue("error"), r.FormValue("code")
		a.came[state] = sync.OnceValue(func() string { return a.shown(ctx, p, refusal, code) })
	}
	came := a.came[state]
	a.mu.Unlock()
	if came == nil {
		show(w, "error", "this sign-in did not start here")
		return
	}
	fmt.Fprint(w, came())
}

// shown is the page of whoever comes back.
func (a *application) shown(ctx context.Context, p pending, refusal, code string) string {
	if refusal != "" {
		return shownAs("error", refusal)
	}
	claims, raw, err := a.exchange(ctx, p, code)
	if err != nil {
		return shownAs("error", err.Error())
	}
	leave := a.site.Issuer + "/logout?" + url.Values{"id_token_hint": {raw}, "post_logout_redirect_uri": {a.URL + "/left"}, "state": {"s1"}}.Encode()
	return fmt.Sprintf(`<!doctype html><title>Application</title><pre id="claims">%s</pre><a id="leave" href="%s">Sign out</a>`,
		html.EscapeString(claims), html.EscapeString(leave))
}

func (a *application) exchange(ctx context.Context, p pending, code string) (claims, raw string, err error) {
	ctx = oidc.ClientContext(ctx, a.site.HTTP())
	provider, err := oidc.NewProvider(ctx, a.site.Issuer)
	if err != nil {
		return "", "", err
	}
	config := oauth2.Config{ClientID: p.client, ClientSecret: clientSecret + p.client, RedirectURL: a.URL + "/callback", Endpoint: provider.Endpoint()}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(p.verifier))
	if err != nil {
		return "", "", err
	}
	raw, _ = token.Extra("id_token").(string)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: p.client}).Verify(ctx, raw)
	if err != nil {
		return "", "", err
	}
	if idToken.Nonce != p.nonce {
		return "", "", fmt.Errorf("nonce %q, want %q", idToken.Nonce, p.nonce)
	}
	var all json.RawMessage
	err = idToken.Claims(&all)
	return string(all), raw, err
}

func show(w http.ResponseWriter, id, text string) { fmt.Fprint(w, shownAs(id, text)) }

func shownAs(id, text string) string {
	return fmt.Sprintf(`<!doctype html><title>Application</title><p id="%s">%s</p>`, id, html.EscapeString(text))
}

// claims are those of the ID token that the application got.
type claims struct {
	Sub, ACR string
	AMR      []string
	AuthTime int64 `json:"auth_time"`
}

// claims reads them off the application's page.
func (b *tab) claims() claims {
	b.t.Helper()
	var c claims
	raw := b.text("claims")
	if raw == "" {
		b.fatalf("the application got no ID token")
	}
	b.check("read claims", json.Unmarshal([]byte(raw), &c))
	return c
}

// proved checks that the application was told how the person proved who they are.
func (b *tab) proved(acr string, amr ...string) {
	b.t.Helper()
	c := b.claims()
	slices.Sort(c.AMR)
	slices.Sort(amr)
	if c.ACR != acr || strings.Join(c.AMR, " ") != strings.Join(amr, " ") {
		b.fatalf("acr %q amr %v, want %q %v", c.ACR, c.AMR, acr, amr)
	}
}
