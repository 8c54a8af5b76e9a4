package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// server is the happy flow; what it wants is checked in every other as well.
func server(m *module) { m.login() }

func secretPost(m *module) {
	request := m.request("client_id", poster.ID)
	m.redeem(poster, m.code(m.open(request), request), request)
}

// idTokenSignature wants RS256 by default, with the id of a published key.
func idTokenSignature(m *module) {
	encoded, _, _ := strings.Cut(m.login().ID, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		m.Fatal(err)
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(raw, &header); err != nil {
		m.Fatal(err)
	}
	_, _, body := m.do(m.get(m.metadata.JWKS, ""))
	var published jose.JSONWebKeySet
	if err := json.Unmarshal(body, &published); err != nil {
		m.Fatal(err)
	}
	if header.Alg != "RS256" || header.Kid == "" || len(published.Key(header.Kid)) != 1 {
		m.Errorf("the ID token has the header %s, the keys are %s", raw, body)
	}
}

// idTokenUnsigned: none is not advertised, and an unsigned ID token is no hint.
func idTokenUnsigned(m *module) {
	if slices.Contains(m.metadata.IDTokenAlgs, "none") || !slices.Contains(m.metadata.IDTokenAlgs, "RS256") {
		m.Errorf("id_token_signing_alg_values_supported = %v", m.metadata.IDTokenAlgs)
	}
	got := m.login()
	claims := url.Values{"iss": {m.node.Issuer}, "sub": {got.subject}, "aud": {first.ID}}
	request := m.request("prompt", "none", "id_token_hint", m.unsigned(claims))
	m.mustFail(m.open(request), request, "invalid_request")
}

func codeReuse(m *module) {
	got := m.login()
	m.mustRefuse(first, exchange(got.code))
	m.mustBeRevoked(got)
}

// codeReuse30Seconds uses a code again when it would have expired by itself.
// That it has is seen from younger codes: the first one refused is as old.
func codeReuse30Seconds(m *module) {
	m = start(m.T, map[string]any{"tokens": map[string]any{"code_lifetime": "3s"}}).module(m.T, m.mode)
	got := m.login()
	var younger []string
	for range 100 { // they outlast the lifetime, tried one after the other
		request := m.request()
		younger = append(younger, m.code(m.open(request), request))
	}
	m.eventually("a code has expired", func() bool {
		if len(younger) == 0 {
			m.Fatal("no code has expired")
		}
		status, _ := m.token(first, exchange(younger[0]))
		younger = younger[1:]
		return status == http.StatusBadRequest
	})
	m.mustRefuse(first, exchange(got.code))
	m.mustBeRevoked(got)
}

// refreshToken wants a refreshed ID token about the same sign-in, and that
// nobody else's client can refresh.
func refreshToken(m *module) {
	request := m.request("scope", "openid offline_access", "prompt", "consent")
	page := m.open(request)
	m.mustAsk(page)
	page = m.browser.SubmitOn(page, "login-submit", "username="+username, "password="+m.password)
	if !page.Has("consent-allow") {
		m.Fatalf("prompt=consent leads to %v: %s", page.Location, page.Body)
	}
	got := m.finish(page, request)
	if got.Refresh == "" {
		m.Fatal("no refresh token")
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}}
	m.mustRefuse(second, form)

	status, refreshed := m.token(first, form)
	m.mustVerify(first, status, refreshed, "")
	m.mustBeSame(got, refreshed)
	for _, name := range []string{"iss", "sub", "aud", "acr", "sid"} {
		if refreshed.claims[name] != got.claims[name] {
			m.Errorf("%s changed from %v to %v", name, got.claims[name], refreshed.claims[name])
		}
	}
	m.userinfo(m.userinfoGet(refreshed), got.subject)
}
