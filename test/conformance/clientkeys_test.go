package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// signer is a client that signs with a key at its jwks_uri.
var signer = client{ID: "signer", Method: "private_key_jwt"}

// signerSite is what that client publishes: its keys, and one request object.
type signerSite struct {
	*httptest.Server
	mu     sync.Mutex
	key    *rsa.PrivateKey
	kid    string
	object string
}

// rotate has the client sign with another key, and publish that alone.
func (s *signerSite) rotate(m *module, kid string) {
	m.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		m.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.kid = key, kid
}

// keys are what the client publishes.
func (s *signerSite) keys() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: s.kid, Algorithm: "RS256", Use: "sig"}}})
}

func publish(t *testing.T) *signerSite {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &signerSite{key: key, kid: "k1"}
	mux := http.NewServeMux()
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		keys, err := s.keys()
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(keys)
	})
	mux.HandleFunc("/request", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(s.object))
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// sign signs claims with the client's key.
func (s *signerSite) sign(m *module, claims map[string]any) string {
	m.Helper()
	s.mu.Lock()
	key := jose.JSONWebKey{Key: s.key, KeyID: s.kid}
	s.mu.Unlock()
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		m.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		m.Fatal(err)
	}
	signed, err := made.Sign(payload)
	if err != nil {
		m.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		m.Fatal(err)
	}
	return text
}

// asserted authenticates a form with an assertion of the file's client for an audience.
func (s *signerSite) asserted(m *module, form url.Values, audience string) url.Values {
	m.Helper()
	return s.assertedBy(m, signer.ID, form, audience)
}

func (s *signerSite) assertedBy(m *module, id string, form url.Values, audience string) url.Values {
	m.Helper()
	now := time.Now().Unix()
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", s.sign(m, map[string]any{
		"iss": id, "sub": id, "aud": audience, "jti": rand.Text(), "iat": now, "exp": now + 60,
	}))
	return form
}

// call calls the token endpoint with a form that authenticates itself.
func (m *module) call(form url.Values) (int, *tokens) {
	m.Helper()
	status, _, body := m.do(m.post(m.provider.Endpoint().TokenURL, form))
	got := &tokens{code: form.Get("code")}
	if err := json.Unmarshal(body, got); err != nil {
		m.Fatalf("the token endpoint answers %d %s", status, body)
	}
	return status, got
}

// TestClientKeys runs the modules in which a client signs: to authenticate, and its
// requests.
func TestClientKeys(t *testing.T) {
	t.Parallel()
	site := publish(t)
	start(t, map[string]any{"clients": []map[string]any{{
		"id": signer.ID, "auth_method": signer.Method, "require_pkce": false, "consent": "implied",
		"scopes": []string{"openid", "email", "offline_access"}, "redirect_uris": []string{redirectURI},
		"jwks_uri": site.URL + "/jwks", "request_uris": []string{site.URL + "/request"}, "request_object_signing_alg": "RS256",
	}}}).run(t, "", []named{
		{"oidcc-server", site.happyFlow},
		{"oidcc-ensure-client-assertion-with-iss-aud-succeeds", site.issuerAudience},
		{"oidcc-refresh-token", site.refresh},
		{"oidcc-request-uri-signed-rs256", site.signedRequest},
	})
}

// happyFlow has the token endpoint as the audience, as most of the suite's modules do.
func (s *signerSite) happyFlow(m *module) { s.redeem(m, m.provider.Endpoint().TokenURL) }

func (s *signerSite) issuerAudience(m *module) { s.redeem(m, m.node.Issuer) }

func (s *signerSite) redeem(m *module, audience string) *tokens {
	m.Helper()
	request := m.request("client_id", signer.ID, "scope", "openid offline_access", "prompt", "consent")
	status, got := m.call(s.asserted(m, exchange(m.code(m.open(request), request)), audience))
	m.mustVerify(signer, status, got, request.Get("nonce"))
	return got
}

// refresh wants an assertion for each refresh, and not the one of before.
func (s *signerSite) refresh(m *module) {
	got := s.redeem(m, m.node.Issuer)
	form := s.asserted(m, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}}, m.node.Issuer)
	if status, next := m.call(form); status != http.StatusOK || next.Access == "" {
		m.Errorf("refreshing is answered %d %q", status, next.Error)
	}
	if status, again := m.call(form); status != http.StatusUnauthorized || again.Error != "invalid_client" {
		m.Errorf("an assertion is taken again: %d %q", status, again.Error)
	}
}

// signedRequest has everything in a request object that is fetched from the client; what
// OAuth needs is outside as well.
func (s *signerSite) signedRequest(m *module) { s.signedRequestOf(m, signer) }

func (s *signerSite) signedRequestOf(m *module, c client) {
	request := m.request("client_id", c.ID, "scope", "openid email", "state", oauth2.GenerateVerifier())
	claims := map[string]any{"iss": c.ID, "aud": m.node.Issuer}
	for name := range request {
		claims[name] = request.Get(name)
	}
	object := s.sign(m, claims)
	s.mu.Lock()
	s.object = object
	s.mu.Unlock()
	outside := url.Values{"client_id": {c.ID}, "request_uri": {s.URL + "/request"}, "response_type": {"code"}, "scope": {"openid"}}
	status, got := m.call(s.assertedBy(m, c.ID, exchange(m.code(m.open(outside), request)), m.node.Issuer))
	m.mustVerify(c, status, got, request.Get("nonce"))
	m.mustHaveClaims(m.userinfo(m.userinfoGet(got), got.subject), []string{"email"})
}
