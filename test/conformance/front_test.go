package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
)

// tokensOf takes what reached the client to tokens: those of the answer are verified,
// and a code in it is redeemed.
func (m *module) tokensOf(answer, request url.Values) *tokens {
	m.Helper()
	responseType := request.Get("response_type")
	if answer.Has("error") {
		m.Fatalf("refused: %v", answer)
	}
	for word, parameter := range map[string]string{"code": "code", "id_token": "id_token", "token": "access_token"} {
		if answer.Has(parameter) != slices.Contains(strings.Fields(responseType), word) {
			m.Errorf("%s is answered with %v", responseType, answer)
		}
	}
	var front *tokens
	if responseType != "code" {
		front = m.front(answer, request)
	}
	code := answer.Get("code")
	if code == "" {
		return front
	}
	if len(code) < 22 { // 128 bits in base64url
		m.Errorf("the code %q is too short", code)
	}
	got := m.redeem(first, code, request)
	got.session = answer.Get("session_state")
	if front != nil && front.ID != "" && (front.subject != got.subject || front.claims["iss"] != got.claims["iss"]) {
		m.Errorf("the ID tokens are about %s and %s", front.subject, got.subject)
	}
	return got
}

// front verifies tokens that came with the browser: the ID token's signature, nonce and
// hashes (OpenID Connect Core 3.2.2.9 to 11, 3.3.2.9 to 11).
func (m *module) front(answer, request url.Values) *tokens {
	m.Helper()
	got := &tokens{Access: answer.Get("access_token"), ID: answer.Get("id_token"), Type: answer.Get("token_type")}
	if got.Access != "" && (!strings.EqualFold(got.Type, "Bearer") || answer.Get("expires_in") == "") {
		m.Errorf("answered %v", answer)
	}
	if got.ID == "" {
		return got
	}
	token, err := m.provider.Verifier(&oidc.Config{ClientID: first.ID, SupportedSigningAlgs: []string{oidc.RS256}}).Verify(m.Context(), got.ID)
	if err != nil {
		m.Fatal(err)
	}
	if err := token.Claims(&got.claims); err != nil {
		m.Fatal(err)
	}
	if token.Nonce != request.Get("nonce") {
		m.Errorf("nonce = %q, want %q", token.Nonce, request.Get("nonce"))
	}
	if got.Access != "" {
		if err := token.VerifyAccessToken(got.Access); err != nil {
			m.Error(err)
		}
	}
	// The hash of a code is made as that of a token (Core 3.3.2.11).
	hash, _ := got.claims["c_hash"].(string)
	token.AccessTokenHash = hash
	if code := answer.Get("code"); code != "" && (hash == "" || token.VerifyAccessToken(code) != nil) || code == "" && hash != "" {
		m.Errorf("c_hash = %q with the code %q", hash, code)
	}
	got.subject = token.Subject
	seconds, ok := got.claims["auth_time"].(float64)
	if !ok {
		m.Fatalf("auth_time = %v", got.claims["auth_time"])
	}
	got.authTime = int64(seconds)
	return got
}

// withoutNonceFails wants an error where an ID token would come with the browser.
func withoutNonceFails(m *module) {
	request := m.request("nonce", "")
	m.mustFail(m.open(request), request, "invalid_request")
}

// scopeInIDToken wants the claims of scopes from the ID token, since there is no access
// token to ask userinfo with (Core 5.4).
func scopeInIDToken(names ...string) func(*module) {
	return func(m *module) {
		got := m.login("scope", "openid "+strings.Join(names, " "))
		for _, name := range names {
			for _, claim := range scopeClaims[name] {
				if _, has := got.claims[claim]; !has {
					m.Errorf("the ID token has no %s", claim)
				}
			}
		}
	}
}

// everyFront are the modules of each response type with an ID token in the answer.
var everyFront = []named{
	{"oidcc-server", server},
	{"oidcc-response-type-missing", responseTypeMissing},
	{"oidcc-idtoken-signature", idTokenSignature},
	{"oidcc-idtoken-unsigned", idTokenUnsigned},
	{"oidcc-ensure-request-without-nonce-fails", withoutNonceFails},
	{"oidcc-alternate-happy-flow", server},
	{"oidcc-display-page", with("display", "page")},
	{"oidcc-display-popup", with("display", "popup")},
	{"oidcc-prompt-login", promptLogin},
	{"oidcc-prompt-none-not-logged-in", promptNoneNobody},
	{"oidcc-prompt-none-logged-in", promptNoneSignedIn},
	{"oidcc-max-age-10000", maxAge10000},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", with("extra", "foobar")},
	{"oidcc-id-token-hint", idTokenHint},
	{"oidcc-login-hint", loginHint},
	{"oidcc-ui-locales", with("ui_locales", "se fr-CA")},
	{"oidcc-claims-locales", with("claims_locales", "se", "scope", "openid profile")},
	{"oidcc-ensure-request-with-acr-values-succeeds", acrValues},
	{"oidcc-ensure-registered-redirect-uri", registeredRedirectURI},
	{"oidcc-ensure-post-request-succeeds", postRequest},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", requestObject},
	{"oidcc-ensure-request-object-with-redirect-uri", requestObjectRedirect},
	{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", requestURI},
}

// withAccessToken are those that ask userinfo.
var withAccessToken = []named{
	{"oidcc-userinfo-get", userinfoGet},
	{"oidcc-userinfo-post-header", userinfoPostHeader},
	{"oidcc-userinfo-post-body", userinfoPostBody},
	{"oidcc-scope-profile", scope("profile")},
	{"oidcc-scope-email", scope("email")},
	{"oidcc-scope-address", scope("address")},
	{"oidcc-scope-phone", scope("phone")},
	{"oidcc-scope-all", scope("profile", "email", "address", "phone")},
	{"oidcc-claims-essential", claimsEssential},
}

// withCode are those of codes.
var withCode = []named{
	{"oidcc-codereuse", codeReuse},
	{"oidcc-refresh-token", refreshToken},
}

// withoutAccessToken are those of an ID token alone.
var withoutAccessToken = []named{
	{"oidcc-scope-profile", scopeInIDToken("profile")},
	{"oidcc-scope-email", scopeInIDToken("email")},
	{"oidcc-scope-all", scopeInIDToken("profile", "email", "address", "phone")},
}

// frontTypes are the response types with tokens in them, and their modules. Without an
// ID token in the answer a nonce is not needed.
var frontTypes = map[string][]named{
	"id_token":            slices.Concat(everyFront, withoutAccessToken),
	"id_token token":      slices.Concat(everyFront, withAccessToken),
	"code id_token":       slices.Concat(everyFront, withAccessToken, withCode),
	"code id_token token": slices.Concat(everyFront, withAccessToken, withCode),
	"code token": slices.Concat(slices.DeleteFunc(slices.Clone(everyFront), func(n named) bool {
		return n.name == "oidcc-ensure-request-without-nonce-fails"
	}), []named{{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", withoutNonce}}, withAccessToken, withCode),
}

// TestImplicitAndHybrid runs oidcc-implicit- and oidcc-hybrid-certification-test-plan, in
// the fragment, and oidcc-formpost-implicit and -hybrid, whose answers are posted.
func TestImplicitAndHybrid(t *testing.T) {
	t.Parallel()
	types := []string{"code"}
	for responseType := range frontTypes {
		types = append(types, responseType)
	}
	s := start(t, map[string]any{"clients": registrations(map[string]any{
		"consent": "implied", "response_types": types,
		"grant_types": []string{"authorization_code", "implicit", "refresh_token"},
	})})
	for responseType, modules := range frontTypes {
		for _, mode := range []string{"", "form_post"} {
			t.Run(strings.TrimSpace(responseType+" "+mode), func(t *testing.T) {
				t.Parallel()
				for _, each := range modules {
					t.Run(each.name, func(t *testing.T) {
						t.Parallel()
						m := s.module(t, mode)
						m.responseType = responseType
						each.run(m)
					})
				}
			})
		}
	}
}

// TestSignedUserinfo runs the modules of the Dynamic profile about signatures, with a
// client that is registered for them.
func TestSignedUserinfo(t *testing.T) {
	t.Parallel()
	start(t, map[string]any{"clients": registrations(map[string]any{
		"consent": "implied", "userinfo_signing_alg": "RS256", "id_token_signing_alg": "RS256",
	})}).run(t, "", []named{
		{"oidcc-idtoken-rs256", idTokenSignature},
		{"oidcc-userinfo-rs256", signedUserinfo},
	})
}

func signedUserinfo(m *module) {
	var told struct {
		Algs []string `json:"userinfo_signing_alg_values_supported"`
	}
	if err := m.provider.Claims(&told); err != nil || !slices.Contains(told.Algs, "RS256") {
		m.Errorf("userinfo_signing_alg_values_supported = %v, %v", told.Algs, err)
	}
	got := m.login("scope", "openid email")
	status, header, body := m.do(m.userinfoGet(got))
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "application/jwt") {
		m.Fatalf("userinfo answers %d %s %s", status, header.Get("Content-Type"), body)
	}
	verifier := m.provider.Verifier(&oidc.Config{ClientID: first.ID, SupportedSigningAlgs: []string{oidc.RS256}, SkipExpiryCheck: true})
	signed, err := verifier.Verify(m.Context(), string(body))
	if err != nil {
		m.Fatal(err)
	}
	claims := map[string]any{}
	if err := signed.Claims(&claims); err != nil || signed.Subject != got.subject || claims["email"] == nil {
		m.Errorf("userinfo says %v, %v", claims, err)
	}
}

// What is advertised for these profiles (OpenID Connect Discovery 3).
func TestImplicitAndHybridMetadata(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var told struct {
		Types  []string `json:"response_types_supported"`
		Grants []string `json:"grant_types_supported"`
	}
	if err := s.provider.Claims(&told); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"} {
		if !slices.Contains(told.Types, want) {
			t.Errorf("response_types_supported lacks %q", want)
		}
	}
	if !slices.Contains(told.Grants, "implicit") || !slices.Contains(told.Grants, "authorization_code") {
		t.Errorf("grant_types_supported = %v", told.Grants)
	}
	m := s.module(t, "")
	m.responseType = "id_token" // not registered for these clients: their opt-in decides
	request := m.request()
	page := m.open(request)
	m.mustFail(page, request, "unauthorized_client")
	if page.Status != http.StatusSeeOther && page.Location == nil {
		t.Errorf("answered %d", page.Status)
	}
}
