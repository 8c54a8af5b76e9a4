package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// scopeClaims are the claims that a scope asks for (OpenID Connect Core 5.4).
var scopeClaims = map[string][]string{
	"profile": {
		"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
	},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

func (m *module) userinfoGet(got *tokens) *http.Request {
	m.Helper()
	return m.get(m.provider.UserInfoEndpoint(), got.Access)
}

// userinfo sends a request for claims that must be about the person.
func (m *module) userinfo(r *http.Request, subject string) map[string]any {
	m.Helper()
	status, header, body := m.do(r)
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil || status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		m.Fatalf("userinfo answers %d %s %s", status, header.Get("Content-Type"), body)
	}
	if claims["sub"] != subject {
		m.Errorf("sub of userinfo = %v, of the ID token %s", claims["sub"], subject)
	}
	return claims
}

func userinfoGet(m *module) {
	got := m.login()
	m.userinfo(m.userinfoGet(got), got.subject)
}

func userinfoPostHeader(m *module) {
	got := m.login()
	r := m.userinfoGet(got)
	r.Method = http.MethodPost
	m.userinfo(r, got.subject)
}

func userinfoPostBody(m *module) {
	got := m.login()
	m.userinfo(m.post(m.provider.UserInfoEndpoint(), url.Values{"access_token": {got.Access}}), got.subject)
}

// scope asks for scopes and wants every claim of theirs, and no other's.
func scope(names ...string) func(*module) {
	return func(m *module) {
		got := m.login("scope", "openid "+strings.Join(names, " "))
		m.mustHaveClaims(m.userinfo(m.userinfoGet(got), got.subject), names)
	}
}

func (m *module) mustHaveClaims(claims map[string]any, scopes []string) {
	m.Helper()
	for scope, wanted := range scopeClaims {
		for _, name := range wanted {
			if _, ok := claims[name]; ok != slices.Contains(scopes, scope) {
				m.Errorf("with the scopes %v, userinfo has %s: %t", scopes, name, ok)
			}
		}
	}
	for name, value := range claims {
		var right bool
		switch name {
		case "updated_at":
			_, right = value.(float64)
		case "email_verified", "phone_number_verified":
			_, right = value.(bool)
		case "address":
			_, right = value.(map[string]any)
		default:
			text, ok := value.(string)
			right = ok && text != ""
		}
		if !right {
			m.Errorf("the claim %s is %v (%T)", name, value, value)
		}
	}
}

// claimsEssential wants name from userinfo; that the ID token does not have it
// is checked wherever one is verified.
func claimsEssential(m *module) {
	got := m.login("claims", `{"userinfo":{"name":{"essential":true}}}`)
	if claims := m.userinfo(m.userinfoGet(got), got.subject); claims["name"] != "Robin Demo" || len(claims) != 2 {
		m.Errorf("userinfo = %v, want name and sub", claims)
	}
}
