package stepup

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/pquerna/otp/totp"
	"golang.org/x/oauth2"
)

const (
	audience = "https://bank.example.com"
	callback = "https://app.example.com/callback"
	username = "ada@example.com"
	password = "a passphrase that nobody else would think of"
)

const configuration = `
clients:
  - id: app
    type: public
    redirect_uris: [https://app.example.com/callback]
    scopes: [openid]
    audience: [https://bank.example.com]
`

// bank is the resource server's routes.
func bank(res *Resource) http.Handler {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux := http.NewServeMux()
	mux.Handle("/balance", res.Require(Needs{}, ok))
	mux.Handle("/transfer", res.Require(Needs{ACR: []string{"aal2"}}, ok))
	mux.Handle("/close", res.Require(Needs{ACR: []string{"aal2"}, MaxAge: 5 * time.Minute}, ok))
	return mux
}

// TestAZ6_StepUp has a client go from refusal to refusal, each of which asks
// the person for what is missing and for nothing else.
func TestAZ6_StepUp(t *testing.T) {
	t.Parallel()
	database := testenv.Postgres(t)
	node := testenv.StartLatchkey(t, testenv.Latchkey{Database: database, Config: configuration})
	user := node.CreateUser(username, password)
	a := newApplication(t, node)
	browser, phone := node.Browser(t), node.Browser(t)

	page := browser.Get(a.authorize(nil))
	a.arrive(browser.SubmitOn(page, "login-submit", credentials()...))
	if status, _ := a.call("/balance"); status != http.StatusOK {
		t.Fatalf("a password opens /balance with %d", status)
	}
	missing := a.refused("/transfer", url.Values{"acr_values": {"aal2"}})

	secret := enroll(t, phone, a) // elsewhere: this browser's session has shown a password alone

	page = browser.Get(a.authorize(missing))
	if page.Has("password") || !page.Has("factor-submit") {
		t.Fatalf("the step-up asks on %s:\n%s", page.URL, page.Body)
	}
	a.arrive(browser.SubmitOn(page, "factor-submit", "code="+code(t, secret, 30*time.Second)))
	if status, _ := a.call("/transfer"); status != http.StatusOK {
		t.Fatalf("after the step-up /transfer answers %d", status)
	}

	age(t, database, user, storage.FactorPassword, 10*time.Minute)
	a.arrive(browser.Get(a.authorize(nil))) // the session is good for a new token, which says how old it is
	missing = a.refused("/close", url.Values{"acr_values": {"aal2"}, "max_age": {"300"}})
	page = browser.Get(a.authorize(missing))
	if !page.Has("login-submit") {
		t.Fatalf("an old password is not asked for on %s:\n%s", page.URL, page.Body)
	}
	page = browser.SubmitOn(page, "login-submit", credentials()...)
	a.arrive(page) // the authenticator's code is young enough
	if status, _ := a.call("/close"); status != http.StatusOK {
		t.Errorf("after the newer password /close answers %d", status)
	}
}

func TestTK5_AnIDTokenOpensNothing(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: configuration})
	node.CreateUser(username, password)
	a, browser := newApplication(t, node), node.Browser(t)
	a.arrive(browser.SubmitOn(browser.Get(a.authorize(nil)), "login-submit", credentials()...))
	idToken, _ := a.token.Extra("id_token").(string)
	for name, token := range map[string]string{"ID token": idToken, "none": "", "cut": a.token.AccessToken[:len(a.token.AccessToken)-8]} {
		if status, says := a.callWith("/balance", token); status != http.StatusUnauthorized || says != `Bearer error="invalid_token"` {
			t.Errorf("%s: %d %s", name, status, says)
		}
	}
}

func credentials() []string {
	return []string{"username=" + username, "password=" + password}
}

// application is a client that keeps an access token.
type application struct {
	t        *testing.T
	ctx      context.Context
	oauth    *oauth2.Config
	api      http.Handler
	verifier string
	token    *oauth2.Token
}

func newApplication(t *testing.T, node *testenv.Node) *application {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), node.HTTP())
	provider, err := oidc.NewProvider(ctx, node.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	res, err := NewResource(ctx, node.Issuer, audience)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return &application{
		t: t, ctx: ctx, api: bank(res), verifier: oauth2.GenerateVerifier(),
		oauth: &oauth2.Config{ClientID: "app", RedirectURL: callback, Endpoint: endpoint, Scopes: []string{"openid"}},
	}
}

// authorize is where the client sends the browser, with what it asks for besides.
func (a *application) authorize(more url.Values) string {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.verifier)}
	for name := range more {
		options = append(options, oauth2.SetAuthURLParam(name, more.Get(name)))
	}
	return a.oauth.AuthCodeURL("state", options...)
}

// arrive is the browser back at the client, which trades the code.
func (a *application) arrive(page *testbrowser.Page) {
	a.t.Helper()
	if page.Location == nil || !page.Location.Query().Has("code") {
		a.t.Fatalf("no code but %v on %s:\n%s", page.Location, page.URL, page.Body)
	}
	var err error
	a.token, err = a.oauth.Exchange(a.ctx, page.Location.Query().Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		a.t.Fatal(err)
	}
}

// call asks the resource server with the token that the client has.
func (a *application) call(path string) (status int, authenticate string) {
	return a.callWith(path, a.token.AccessToken)
}

func (a *application) callWith(path, token string) (status int, authenticate string) {
	r := httptest.NewRequestWithContext(a.ctx, http.MethodGet, audience+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	a.api.ServeHTTP(w, r)
	return w.Code, w.Header().Get("WWW-Authenticate")
}

var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// refused calls, is refused, and reads what the client has to ask for.
func (a *application) refused(path string, want url.Values) url.Values {
	a.t.Helper()
	status, says := a.call(path)
	missing := url.Values{}
	for _, m := range parameter.FindAllStringSubmatch(says, -1) {
		missing.Set(m[1], m[2])
	}
	if status != http.StatusUnauthorized || missing.Get("error") != "insufficient_user_authentication" {
		a.t.Fatalf("%s answers %d %s", path, status, says)
	}
	missing.Del("error")
	if missing.Encode() != want.Encode() {
		a.t.Errorf("%s misses %v, want %v", path, missing, want)
	}
	return missing
}

// enroll adds an authenticator app in a browser, and returns its secret.
func enroll(t *testing.T, b *testbrowser.Browser, a *application) string {
	t.Helper()
	page := b.Get(a.authorize(url.Values{"acr_values": {"aal2"}}))
	page = b.SubmitOn(page, "login-submit", credentials()...)
	if choice := page.Link("data-factor", "totp"); choice != "" {
		page = b.Get(choice)
	}
	secret := strings.ReplaceAll(page.Text("totp-secret"), " ", "")
	page = b.SubmitOn(page, "enroll-submit", "code="+code(t, secret, 0))
	if page = b.SubmitOn(page, "recovery-continue"); page.Location == nil {
		t.Fatalf("enrolling ended on %s:\n%s", page.URL, page.Body)
	}
	return secret
}

// code is what the authenticator app shows when its clock is ahead. A step is
// good for once, and one step ahead is good.
func code(t *testing.T, secret string, ahead time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(ahead))
	if err != nil {
		t.Fatalf("code of the secret %q: %v", secret, err)
	}
	return code
}

// age lets time pass for one proof of the person's sessions.
func age(t *testing.T, database, user string, kind storage.FactorKind, by time.Duration) {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for sid, proofs := range proofsOf(t, db, user) {
		for i := range proofs {
			if proofs[i].Kind == kind {
				proofs[i].At = proofs[i].At.Add(-by)
			}
		}
		text, err := json.Marshal(proofs)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE sessions SET proofs = $1 WHERE sid = $2", string(text), sid); err != nil {
			t.Fatalf("age a session: %v", err)
		}
	}
}

func proofsOf(t *testing.T, db *sql.DB, user string) map[string][]storage.Proof {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT sid, proofs FROM sessions WHERE user_id = $1", user)
	if err != nil {
		t.Fatalf("read sessions: %v", err)
	}
	defer rows.Close()
	all := map[string][]storage.Proof{}
	for rows.Next() {
		var sid, text string
		var proofs []storage.Proof
		if err := rows.Scan(&sid, &text); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &proofs); err != nil {
			t.Fatalf("proofs %q: %v", text, err)
		}
		all[sid] = proofs
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d sessions, %v", len(all), err)
	}
	return all
}

// TestTheRecipeShowsThisResourceServer holds the document to the code that is tested.
func TestTheRecipeShowsThisResourceServer(t *testing.T) {
	recipe, err := os.ReadFile("../../docs/recipes/step-up.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("resource.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, begins := strings.Cut(string(recipe), "```go\n")
	shown, _, ends := strings.Cut(shown, "```")
	if !begins || !ends {
		t.Fatal("the recipe has no code")
	}
	if _, from, _ := strings.Cut(string(source), "// Needs is"); shown != "// Needs is"+from {
		t.Error("the recipe's code is not that of resource.go")
	}
}
