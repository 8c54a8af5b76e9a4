package conformance

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// The addresses of every client. Nobody listens there: the browser stops at the
// edge of the provider.
const (
	redirectURI   = "https://suite.example.com/callback"
	postLogoutURI = "https://suite.example.com/left"
)

// username is that of the demo person, of whom every standard claim is known.
const username = "demo"

// client is one that the suite plays.
type client struct{ ID, Secret, Method string }

var (
	first  = client{ID: "first", Secret: "the first client's secret, long enough", Method: "client_secret_basic"}
	second = client{ID: "second", Secret: "the second client's secret, long enough", Method: "client_secret_basic"}
	poster = client{ID: "poster", Secret: "the third client's secret, long enough", Method: "client_secret_post"}
)

// suite is a running provider under test.
type suite struct {
	node     *testenv.Node
	password string
	provider *oidc.Provider
	metadata metadata
}

// metadata is what the modules look up in discovery.
type metadata struct {
	EndSession  string   `json:"end_session_endpoint"`
	JWKS        string   `json:"jwks_uri"`
	ACRs        []string `json:"acr_values_supported"`
	IDTokenAlgs []string `json:"id_token_signing_alg_values_supported"`
}

// start starts a provider that knows the clients.
func start(t *testing.T, settings map[string]any) *suite {
	t.Helper()
	return startAsking(t, "implied", settings)
}

// startAsking starts a provider whose clients have a consent policy.
func startAsking(t *testing.T, consent string, settings map[string]any) *suite {
	t.Helper()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: configuration(t, consent, settings)})
	password, err := os.ReadFile(filepath.Join(node.Data, "demo-password"))
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{node: node, password: strings.TrimSpace(string(password))}
	// The keys are fetched whenever they are needed, in whichever subtest.
	ctx := oidc.ClientContext(context.Background(), node.HTTP())
	if s.provider, err = oidc.NewProvider(ctx, node.Issuer); err != nil {
		t.Fatal(err)
	}
	if err := s.provider.Claims(&s.metadata); err != nil {
		t.Fatal(err)
	}
	return s
}

// configuration registers the clients as the suite asks for them: without PKCE,
// since only one of its modules uses it.
func configuration(t *testing.T, consent string, settings map[string]any) string {
	t.Helper()
	registered := registrations(map[string]any{"consent": consent})
	many := map[string]any{"free": 1000}
	config := map[string]any{
		"clients": registered,
		"limits": map[string]any{"sign_in": map[string]any{
			"per_account": many, "per_address": many, "per_pair": many, "known_device": many,
		}},
		"password": map[string]any{"argon2": map[string]any{"memory_kib": 19456}},
	}
	maps.Copy(config, settings)
	text, err := json.Marshal(config) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// registrations are the clients, each with more of a registration.
func registrations(more map[string]any) []map[string]any {
	var registered []map[string]any
	for _, c := range []client{first, second, poster} {
		r := map[string]any{
			"id": c.ID, "secret": c.Secret, "auth_method": c.Method, "require_pkce": false,
			"scopes":        []string{"openid", "profile", "email", "address", "phone", "offline_access"},
			"redirect_uris": []string{redirectURI}, "post_logout_redirect_uris": []string{postLogoutURI},
		}
		maps.Copy(r, more)
		registered = append(registered, r)
	}
	return registered
}

// module is one subtest: a client and a person with a fresh browser.
type module struct {
	*testing.T
	*suite
	// mode is the response_mode; empty is the default one.
	mode string
	// responseType is that of its requests; empty is code.
	responseType string
	browser      *testbrowser.Browser
}

// named is a module and what it does.
type named struct {
	name string
	run  func(*module)
}

// run runs modules side by side: some wait for time to pass.
func (s *suite) run(t *testing.T, mode string, modules []named) {
	t.Helper()
	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.run(s.module(t, mode))
		})
	}
}

func (s *suite) module(t *testing.T, mode string) *module {
	t.Helper()
	record(t)
	return &module{T: t, suite: s, mode: mode, browser: s.node.Browser(t)}
}
