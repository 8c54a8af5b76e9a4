package conformance

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// tokens are those of one answer of the token endpoint, verified.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Type    string `json:"token_type"`
	Error   string `json:"error"`

	code     string
	session  string         // session_state
	claims   map[string]any // of the ID token
	subject  string
	authTime int64
}

// token calls the token endpoint as a client.
func (m *module) token(c client, form url.Values) (int, *tokens) {
	m.Helper()
	inForm := c.Method == "client_secret_post"
	if inForm {
		form.Set("client_id", c.ID)
		form.Set("client_secret", c.Secret)
	}
	r := m.post(m.provider.Endpoint().TokenURL, form)
	if !inForm {
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	}
	status, header, body := m.do(r)
	if !strings.HasPrefix(header.Get("Content-Type"), "application/json") || header.Get("Cache-Control") != "no-store" {
		m.Errorf("token endpoint: Content-Type %q, Cache-Control %q", header.Get("Content-Type"), header.Get("Cache-Control"))
	}
	got := &tokens{code: form.Get("code")}
	if err := json.Unmarshal(body, got); err != nil {
		m.Fatalf("the token endpoint answers %d %s", status, body)
	}
	return status, got
}

// post makes a request with a form.
func (m *module) post(address string, form url.Values) *http.Request {
	m.Helper()
	r, err := http.NewRequestWithContext(m.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		m.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// get makes a request, with an access token unless that is empty.
func (m *module) get(address, token string) *http.Request {
	m.Helper()
	r, err := http.NewRequestWithContext(m.Context(), http.MethodGet, address, nil)
	if err != nil {
		m.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// do sends a request and returns the answer.
func (m *module) do(r *http.Request) (int, http.Header, []byte) {
	m.Helper()
	response, err := m.node.HTTP().Do(r)
	if err != nil {
		m.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		m.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}

// exchange is the form that trades a code.
func exchange(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}
}

// redeem trades a code for tokens that must be right.
func (m *module) redeem(c client, code string, request url.Values) *tokens {
	m.Helper()
	status, got := m.token(c, exchange(code))
	m.mustVerify(c, status, got, request.Get("nonce"))
	return got
}

// ownClaims are what an ID token says unasked.
var ownClaims = []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash"}

// mustVerify checks an answer with tokens: the signature and claims of the ID
// token, its hash of the access token, and that it says nothing unasked.
func (m *module) mustVerify(c client, status int, got *tokens, nonce string) {
	m.Helper()
	if status != http.StatusOK || got.Access == "" || got.Type != "Bearer" {
		m.Fatalf("the token endpoint answers %d, error %q, token type %q", status, got.Error, got.Type)
	}
	token, err := m.provider.Verifier(&oidc.Config{ClientID: c.ID, SupportedSigningAlgs: []string{oidc.RS256}}).Verify(m.Context(), got.ID)
	if err != nil {
		m.Fatal(err)
	}
	if err := token.VerifyAccessToken(got.Access); err != nil {
		m.Error(err)
	}
	if err := token.Claims(&got.claims); err != nil {
		m.Fatal(err)
	}
	if token.Nonce != nonce {
		m.Errorf("nonce = %q, want %q", token.Nonce, nonce)
	}
	for name := range maps.Keys(got.claims) {
		if !slices.Contains(ownClaims, name) {
			m.Errorf("the ID token has a claim %s that nobody asked for", name)
		}
	}
	got.subject = token.Subject
	seconds, ok := got.claims["auth_time"].(float64)
	if !ok {
		m.Fatalf("auth_time = %v", got.claims["auth_time"])
	}
	got.authTime = int64(seconds)
}

// mustRefuse checks that the token endpoint refuses a grant.
func (m *module) mustRefuse(c client, form url.Values) {
	m.Helper()
	if status, got := m.token(c, form); status != http.StatusBadRequest || got.Error != "invalid_grant" || got.Access != "" {
		m.Errorf("the token endpoint answers %d %q, want 400 invalid_grant", status, got.Error)
	}
}

// mustBeRevoked checks that an access token works no more.
func (m *module) mustBeRevoked(got *tokens) {
	m.Helper()
	if status, _, _ := m.do(m.userinfoGet(got)); status != http.StatusUnauthorized {
		m.Errorf("userinfo answers %d to a token that should be revoked", status)
	}
}
