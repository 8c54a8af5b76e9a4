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
	"slices"
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
    scopes: [%s]
`

// doors is a node as the binary wires it, with each way in to administration.
type doors struct {
	idleServer
	t      *testing.T
	url    string
	data   string
	random io.Reader
	tokens map[string]string
}

func newDoors(t *testing.T) *doors {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	d := &doors{t: t, url: "http://" + listener.Addr().String(), data: filepath.Join(t.TempDir(), "data"), random: rand.Reader, tokens: map[string]string{}}
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
	now := time.Now()
	d.idleServer = newIdleServerOf(t, cfg, &now)
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

// signIn begins a session of somebody.
func (d *doors) signIn(u *storage.User) error {
	_, err := d.session(u)
	return err
}

// session begins a session of two fresh factors, and returns its cookie.
func (d *doors) session(u *storage.User) (secret string, err error) {
	secret, hash, err := session.NewSecret(d.current.Load().hasher)
	if err != nil {
		return "", err
	}
	now := d.now()
	s := &storage.Session{
		SID: newID(d.t), UserID: u.ID, SecretHash: hash, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
		Proofs:         []storage.Proof{{Kind: storage.FactorPassword, At: now}, {Kind: storage.FactorTOTP, At: now}},
		Authentication: storage.Authentication{Time: now, ACR: "aal2", AMR: []string{"mfa", "otp", "pwd"}},
	}
	e, err := account.NewEvent(now, d.random, preparer, storage.EventSignIn, u.ID)
	if err != nil {
		return "", err
	}
	return secret, d.store.Sessions().Create(d.t.Context(), s, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, e)
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

// browser is that of somebody with a role, who has just signed in, and the form token of it.
func (d *doors) browser(role admin.Role) (b *testbrowser.Browser, csrf string) {
	d.t.Helper()
	u, err := d.accounts().Create(d.t.Context(), preparer, account.NewAccount{Email: string(newID(d.t)) + "@example.com", EmailVerified: true})
	must(d.t, err)
	_, err = d.accounts().SetRoles(d.t.Context(), preparer, u.ID, d.current.Load().cfg.Admin.Policy()[role])
	must(d.t, err)
	u, err = d.store.Users().ByID(d.t.Context(), u.ID)
	must(d.t, err)
	b = testbrowser.New(d.t, d.url, nil)
	_, form := b.Get("/login").Form("login-submit")
	secret, err := d.session(u)
	must(d.t, err)
	at, err := url.Parse(d.url)
	must(d.t, err)
	b.Jar().SetCookies(at, []*http.Cookie{{Name: "latchkey-" + "session", Value: secret, Path: "/"}})
	return b, form.Get("csrf")
}

// why is the reason that is given at each door.
const why = "ticket-twelve"

// outcome is what a change came to: the rows, the events and the messages.
type outcome struct {
	Person   map[string]any
	Events   []string
	Messages []string
}

// mark is where the record and the outbox are.
type mark struct{ events, messages map[storage.ID]bool }

func (d *doors) mark() mark {
	d.t.Helper()
	m := mark{map[storage.ID]bool{}, map[storage.ID]bool{}}
	events, err := d.store.Events().List(d.t.Context(), storage.EventFilter{Limit: 100000})
	must(d.t, err)
	for i := range events {
		m.events[events[i].ID] = true
	}
	sent, err := d.store.Outbox().List(d.t.Context(), "", "", 100000)
	must(d.t, err)
	for i := range sent {
		m.messages[sent[i].ID] = true
	}
	return m
}

// state is what somebody is like now.
func (d *doors) state(u *storage.User) map[string]any {
	d.t.Helper()
	ctx := d.t.Context()
	is, err := d.store.Users().ByID(ctx, u.ID)
	must(d.t, err)
	sessions, err := d.store.Sessions().ListByUser(ctx, u.ID, d.now())
	must(d.t, err)
	locks, err := d.store.Lockouts().ListByUser(ctx, u.ID)
	must(d.t, err)
	apps, err := d.store.Grants().ApplicationsOf(ctx, u.ID, d.now())
	must(d.t, err)
	return map[string]any{
		"disabled": is.Disabled(), "locked": is.Locked(), "goes": !is.DeleteAt.IsZero(), "roles": strings.Join(is.Roles, " "),
		"groups": strings.ReplaceAll(strings.Join(is.Groups, " "), string(u.ID), ""), "nickname": is.Profile.Nickname,
		"sessions": len(sessions), "locks": len(locks), "applications": len(apps), "epoch": is.PasswordEpoch - u.PasswordEpoch,
	}
}

// since is what somebody is like now, and what was written since a mark.
func (d *doors) since(m mark, u *storage.User) (o outcome, events []storage.Event) {
	d.t.Helper()
	ctx := d.t.Context()
	o.Person = d.state(u)
	all, err := d.store.Events().List(ctx, storage.EventFilter{Limit: 100000})
	must(d.t, err)
	for _, e := range all {
		if !m.events[e.ID] {
			o.Events, events = append(o.Events, string(e.Type)), append(events, e)
		}
	}
	sent, err := d.store.Outbox().List(ctx, "", "", 100000)
	must(d.t, err)
	for _, s := range sent {
		if !m.messages[s.ID] {
			o.Messages = append(o.Messages, string(s.Kind))
		}
	}
	slices.Sort(o.Events)
	slices.Sort(o.Messages)
	return o, events
}
