package interop

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// The addresses of every relying party. Nobody listens there: the browser stops
// at the edge of the provider, and the test carries on from where it stopped.
const (
	redirectURI   = "http://127.0.0.1:9/callback"
	postLogoutURI = "http://127.0.0.1:9/left"
)

// The demo person.
const (
	username = "demo"
	email    = "demo@example.com"
)

// secret has what a client must encode before it puts it into a header (RFC
// 6749 section 2.3.1).
const secret = "a secret: 100% +/=&? of characters that need care"

// client is a relying party as the provider knows it.
type client struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"`
	Method string `json:"method"`
	Alg    string `json:"alg,omitempty"`
}

var (
	methods = []string{"client_secret_basic", "client_secret_post", "none"}
	algs    = []string{"RS256", "ES256", "EdDSA"}
	scopes  = []string{"openid", "profile", "email", "offline_access"}
)

// service is a program without people.
var service = client{ID: "nightly:job", Secret: secret, Method: "client_secret_basic"}

const serviceScope = "reports"

// provider is a running latchkey that knows the clients.
type provider struct {
	*testenv.Node
	password string
}

// start starts a provider with a client for every way to authenticate and every
// algorithm of ID tokens.
func start(t *testing.T) *provider {
	t.Helper()
	return startWith(t, nil)
}

// startWith starts a provider with more settings.
func startWith(t *testing.T, settings map[string]any) *provider {
	t.Helper()
	registered := []map[string]any{{
		"id": service.ID, "type": "service", "auth_method": service.Method, "secret": service.Secret,
		"scopes": []string{serviceScope},
	}}
	for _, c := range clients() {
		entry := map[string]any{
			"id": c.ID, "type": "public", "auth_method": c.Method, "scopes": scopes, "id_token_signing_alg": c.Alg,
			"redirect_uris": []string{redirectURI}, "post_logout_redirect_uris": []string{postLogoutURI},
		}
		if c.Secret != "" {
			entry["type"], entry["secret"] = "confidential", c.Secret
		}
		registered = append(registered, entry)
	}
	many := map[string]any{"free": 1000}
	all := map[string]any{
		"clients": registered,
		"limits": map[string]any{"sign_in": map[string]any{
			"per_account": many, "per_address": many, "per_pair": many, "known_device": many,
		}},
		"password": map[string]any{"argon2": map[string]any{"memory_kib": 19456}},
	}
	maps.Copy(all, settings)
	config, err := json.Marshal(all) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: string(config)})
	password, err := os.ReadFile(filepath.Join(node.Data, "demo-password"))
	if err != nil {
		t.Fatal(err)
	}
	return &provider{Node: node, password: strings.TrimSpace(string(password))}
}

func clients() []client {
	var all []client
	for _, method := range methods {
		for _, alg := range algs {
			c := client{ID: method + ":" + alg, Method: method, Alg: alg}
			if method != "none" {
				c.Secret = secret + c.ID // every client has its own
			}
			all = append(all, c)
		}
	}
	return all
}

// forEach runs a test for every client with people.
func forEach(t *testing.T, test func(t *testing.T, c client)) {
	t.Helper()
	for _, c := range clients() {
		t.Run(c.ID, func(t *testing.T) { test(t, c) })
	}
}

// visit opens an address in the browser, has the person sign in where a page
// asks for it, and returns the address at the relying party where that ends.
func (p *provider) visit(t *testing.T, browser *testbrowser.Browser, address string) *url.URL {
	t.Helper()
	page := browser.Get(address)
	if page.Has("login-submit") {
		page = browser.SubmitOn(page, "login-submit", "username="+username, "password="+p.password)
	}
	if page.Location == nil {
		t.Fatalf("the browser stays at %s (status %d): %s", page.URL, page.Status, page.Body)
	}
	return page.Location
}

// mustRefuse checks that a silent request finds nobody signed in.
func mustRefuse(t *testing.T, answer *url.URL) {
	t.Helper()
	if got := answer.Query().Get("error"); got != "login_required" {
		t.Errorf("prompt=none after signing out = %q, want login_required: %s", got, answer)
	}
}

// mustLeave checks that signing out brought the browser back with the state.
func mustLeave(t *testing.T, answer *url.URL, state string) {
	t.Helper()
	want := postLogoutURI + "?state=" + url.QueryEscape(state)
	if answer.String() != want {
		t.Errorf("signing out ended at %s, want %s", answer, want)
	}
}
