package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/storage"
	"golang.org/x/oauth2"
)

const doorsConfig = `
admin: {api: true, console: true, requests_per_minute: 60000}
scim:
  requests_per_minute: 60000
  sources: [{name: hr, token: 9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e}, {name: other, token: 1nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e}]
clients:
  - id: robot
    type: service
    secret: a-secret-of-the-robot-that-is-long-enough
    grant_types: [client_credentials]
    scopes: [%[1]s]
  - id: office
    type: public
    consent: implied
    redirect_uris: [https://office.example/callback]
    scopes: [openid, %[1]s]
`

// doors is a node as the binary wires it, with each way in to administration.
type doors struct {
	idleServer
	cfg    *config.Config
	t      *testing.T
	url    string
	data   string
	random io.Reader
	tokens map[string]string
	clock  *time.Time
}

func newDoors(t *testing.T) *doors {
	t.Helper()
	for name, value := range map[string]string{ // the node and the commands have the same
		"SIGN_UP_MODE": "invitation", "EVENTS_STREAM_TO": "stdout", "MAIL_SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "latchkey@example.com",
	} {
		t.Setenv("LATCHKEY_"+name, value)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	d := &doors{t: t, url: "http://" + listener.Addr().String(), data: filepath.Join(t.TempDir(), "data"), random: rand.Reader, tokens: map[string]string{}, clock: new(time.Time)}
	file := filepath.Join(t.TempDir(), "latchkey.yaml")
	var scopes []string
	for _, s := range admin.Scopes() {
		scopes = append(scopes, fmt.Sprintf("%q", s.Name))
	}
	must(t, os.WriteFile(file, fmt.Appendf(nil, doorsConfig, strings.Join(scopes, ", ")), 0o600))
	data, err := devdata.Open(d.data)
	must(t, err)
	cfg, err := config.Load(config.LoadOptions{Dev: true, File: file, Defaults: data.Defaults(d.url)})
	must(t, err)
	*d.clock, d.cfg = time.Now(), cfg
	d.idleServer = newIdleServerOf(t, cfg, d.clock)
	must(t, d.load(t.Context()))
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: d.process, ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(server.Close)
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *doors) accounts() *account.Service { return d.current.Load().accounts }

// signIn begins a session of whom a row is tried on.
func (d *doors) signIn(x *doorSubject) error {
	_, sid, err := d.session(x.User)
	x.words["{session}"] = string(sid)
	return err
}

// session begins a session of two fresh factors, and returns its cookie.
func (d *doors) session(u *storage.User) (secret string, sid storage.ID, err error) {
	secret, hash, err := session.NewSecret(d.current.Load().hasher)
	if err != nil {
		return "", "", err
	}
	now := d.now()
	s := &storage.Session{
		SID: newID(d.t), UserID: u.ID, SecretHash: hash, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
		Proofs:         []storage.Proof{{Kind: storage.FactorPassword, At: now}, {Kind: storage.FactorTOTP, At: now}},
		Authentication: storage.Authentication{Time: now, ACR: "aal2", AMR: []string{"mfa", "otp", "pwd"}},
	}
	e, err := account.NewEvent(now, d.random, preparer, storage.EventSignIn, u.ID)
	if err != nil {
		return "", "", err
	}
	return secret, s.SID, d.store.Sessions().Create(d.t.Context(), s, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, e)
}

// send sends a request, and returns the status and the body.
func (d *doors) send(method, path, token, body string) (int, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	must(d.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Audit-Reason", why)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if path == "/token" {
		r.Header.Del("Authorization")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(r)
	must(d.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(d.t, err)
	return response.StatusCode, string(text)
}

// robot is the token of the service for scopes.
func (d *doors) robot(scopes ...string) string {
	d.t.Helper()
	name := strings.Join(scopes, " ")
	if d.tokens[name] == "" {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {"a-secret-of-the-robot-that-is-long-enough"}, "scope": {name}}
		_, text := d.send(http.MethodPost, "/token", "", form.Encode())
		var answer struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.AccessToken == "" {
			d.t.Fatalf("no token for %s: %s", name, text)
		}
		d.tokens[name] = answer.AccessToken
	}
	return d.tokens[name]
}

// browser is that of somebody with a role, or without one, who has just signed in, and
// the form token of it.
func (d *doors) browser(role admin.Role) (b *testbrowser.Browser, csrf string, who storage.ID) {
	d.t.Helper()
	u, err := d.accounts().Create(d.t.Context(), preparer, account.NewAccount{Email: string(newID(d.t)) + "@example.com", EmailVerified: true})
	must(d.t, err)
	if roles := d.current.Load().cfg.Admin.Policy()[role]; len(roles) > 0 {
		_, err = d.accounts().SetRoles(d.t.Context(), preparer, u.ID, roles)
		must(d.t, err)
	}
	u, err = d.store.Users().ByID(d.t.Context(), u.ID)
	must(d.t, err)
	b, csrf, _ = d.browserOf(u)
	return b, csrf, u.ID
}

// ownBrowser is that of whom a row is tried on.
func (d *doors) ownBrowser(x *doorSubject) (b *testbrowser.Browser, csrf string) {
	d.t.Helper()
	b, csrf, x.own = d.browserOf(x.User)
	return b, csrf
}

// visitor is a browser in which nobody is signed in.
func (d *doors) visitor() (b *testbrowser.Browser, csrf string) {
	d.t.Helper()
	b = testbrowser.New(d.t, d.url, nil)
	_, form := b.Get("/login").Form("login-submit")
	return b, form.Get("csrf")
}

func (d *doors) browserOf(u *storage.User) (b *testbrowser.Browser, csrf string, sid storage.ID) {
	d.t.Helper()
	b, csrf = d.visitor()
	secret, sid, err := d.session(u)
	must(d.t, err)
	at, err := url.Parse(d.url)
	must(d.t, err)
	b.Jar().SetCookies(at, []*http.Cookie{{Name: "latchkey-" + "session", Value: secret, Path: "/"}})
	return b, csrf, sid
}

// personal is the token of somebody with a role, or without one, by a client that has
// every scope.
func (d *doors) personal(role admin.Role) string {
	d.t.Helper()
	if name := "person " + string(role); d.tokens[name] == "" {
		b, _, _ := d.browser(role)
		d.tokens[name] = d.tokenOf(b)
	}
	return d.tokens["person "+string(role)]
}

// tokenOf is that of who is signed in in a browser.
func (d *doors) tokenOf(b *testbrowser.Browser) string {
	d.t.Helper()
	scopes, verifier := []string{"openid"}, oauth2.GenerateVerifier()
	for _, s := range admin.Scopes() {
		scopes = append(scopes, s.Name)
	}
	client := oauth2.Config{
		ClientID: "office", RedirectURL: "https://office.example/callback", Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: d.url + "/authorize", TokenURL: d.url + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	page := b.Get(strings.TrimPrefix(client.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), d.url))
	if page.Location == nil {
		d.t.Fatalf("no code on %s: %s", page.URL, page.Body)
	}
	token, err := client.Exchange(d.t.Context(), page.Location.Query().Get("code"), oauth2.VerifierOption(verifier))
	must(d.t, err)
	return token.AccessToken
}
