package op

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.ACRValues = []string{"aal1"} })
	var documents []string
	for _, path := range []string{openIDConfigurationPath, oauthMetadataPath} {
		w := s.get(path, nil)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" ||
			w.Header().Get("Cache-Control") != "public, max-age=900" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%s: %d %v", path, w.Code, w.Header())
		}
		documents = append(documents, w.Body.String())
	}
	if documents[0] != documents[1] {
		t.Error("the two documents differ")
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(documents[0]), &got); err != nil {
		t.Fatalf("decode: %v", err)
	}
	for name, want := range map[string]any{
		"issuer": testIssuer, "authorization_endpoint": testIssuer + "/authorize", "token_endpoint": testIssuer + "/token",
		"userinfo_endpoint": testIssuer + "/userinfo", "jwks_uri": testIssuer + "/jwks", "end_session_endpoint": testIssuer + "/logout",
		"pushed_authorization_request_endpoint": testIssuer + "/par", "require_pushed_authorization_requests": false,
		"introspection_endpoint": testIssuer + "/introspect", "revocation_endpoint": testIssuer + "/revoke",
		"authorization_response_iss_parameter_supported": true, "claims_parameter_supported": true,
		"backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
		"frontchannel_logout_supported": true, "frontchannel_logout_session_supported": true, "request_uri_parameter_supported": true, "request_parameter_supported": true,
		"require_request_uri_registration":           true,
		"response_types_supported":                   []any{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"},
		"response_modes_supported":                   []any{"query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"},
		"authorization_signing_alg_values_supported": []any{"RS256", "PS256", "ES256", "ES384", "EdDSA"},
		"grant_types_supported": []any{
			"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
			"urn:ietf:params:oauth:grant-type:token-exchange", "implicit",
		},
		"device_authorization_endpoint":                    testIssuer + "/device_authorization",
		"code_challenge_methods_supported":                 []any{"S256"},
		"token_endpoint_auth_methods_supported":            []any{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"},
		"dpop_signing_alg_values_supported":                []any{"RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"},
		"token_endpoint_auth_signing_alg_values_supported": []any{"RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519", "HS256"},
		"introspection_endpoint_auth_methods_supported":    []any{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"},
		"prompt_values_supported":                          []any{"none", "login", "consent", "select_account"},
		"acr_values_supported":                             []any{"aal1"}, "subject_types_supported": []any{"public"},
	} {
		if !equalJSON(t, got[name], want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for _, absent := range []string{"registration_endpoint", "check_session_iframe"} {
		if got[absent] != nil {
			t.Errorf("%s is advertised", absent)
		}
	}
	claims, _ := json.Marshal(got["claims_supported"])
	for _, name := range append(slices.Clone(profileClaims), "email", "address", "phone_number", "sub") {
		if !strings.Contains(string(claims), `"`+name+`"`) {
			t.Errorf("claims_supported lacks %s", name)
		}
	}
}

func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	return string(encoded(t, a)) == string(encoded(t, b))
}

// TestAZ4_DiscoveryAgrees shows that what is advertised is accepted, and what
// is accepted advertised.
func TestAZ4_DiscoveryAgrees(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var m metadata
	if err := json.Unmarshal(s.get(openIDConfigurationPath, nil).Body.Bytes(), &m); err != nil {
		t.Fatalf("decode: %v", err)
	}
	for parameter, advertised := range map[string][]string{
		"response_type": m.ResponseTypesSupported, "response_mode": m.ResponseModesSupported, "prompt": m.Prompts,
		"scope": m.ScopesSupported,
	} {
		for _, value := range advertised {
			everything := siteClient()
			everything.ResponseTypes, everything.ResponseModes = client.ResponseTypes(), client.ResponseModes()
			everything.GrantTypes = append(slices.Clone(everything.GrantTypes), client.GrantImplicit)
			everything.Scopes = append(slices.Clone(everything.Scopes), access.BuiltIn()...)
			if _, _, err := parseAuthorization(authorization(parameter, value), everything); err != nil {
				t.Errorf("%s=%s is advertised and refused: %v", parameter, value, err)
			}
		}
	}
	for parameter, absent := range map[string]string{
		"response_type": "none", "response_mode": "fragment", "prompt": "create", "code_challenge_method": "plain",
	} {
		if _, _, err := parseAuthorization(authorization(parameter, absent)); err == nil {
			t.Errorf("%s=%s is not advertised and accepted", parameter, absent)
		}
	}
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.get(jwksPath, nil)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("JWKS is %s: %v", w.Body, err)
	}
	for _, key := range set.Keys {
		if !key.IsPublic() || !key.Valid() || key.KeyID == "" || key.Use != "sig" && key.Use != "enc" {
			t.Errorf("key is %+v", key)
		}
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.HasPrefix(w.Header().Get("Cache-Control"), "public, max-age=") {
		t.Errorf("headers are %v", w.Header())
	}
	if err := s.provider.cfg.Keys.Rotate(t.Context(), "ES256", storage.Event{}); err != nil {
		t.Fatalf("rotate: %v", err)
	}
	if again := s.get(jwksPath, nil); again.Header().Get("ETag") == w.Header().Get("ETag") || again.Body.Len() <= w.Body.Len() {
		t.Error("a new key is not published")
	}
}

func TestDocuments_AreKeptByWhoHasThem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{openIDConfigurationPath, jwksPath} {
		etag := s.get(path, nil).Header().Get("ETag")
		for header, want := range map[string]int{
			etag: 304, `"other", ` + etag: 304, "W/" + etag: 304, "*": 304, `"other"`: 200, "": 200,
		} {
			r := httptest.NewRequest(http.MethodGet, testIssuer+path, nil)
			r.Header.Set("If-None-Match", header)
			w := s.send(r)
			if w.Code != want || (w.Body.Len() == 0) != (want == 304) || w.Header().Get("ETag") != etag {
				t.Errorf("%s with %q: %d, %d bytes", path, header, w.Code, w.Body.Len())
			}
		}
		w := s.send(httptest.NewRequest(http.MethodHead, testIssuer+path, nil))
		if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "" {
			t.Errorf("HEAD %s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestHandler_UnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	wantStatus := func(method, path string, status int, allow string) {
		t.Helper()
		w := s.send(httptest.NewRequest(method, testIssuer+path, nil))
		if w.Code != status || w.Header().Get("Allow") != allow || !strings.Contains(w.Body.String(), "error page") {
			t.Errorf("%s %s: %d %q %s", method, path, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
	wantStatus("GET", "/nowhere", 404, "")
	wantStatus("GET", "/authorize/", 404, "")
	wantStatus("PUT", authorizePath, 405, "GET, POST")
	wantStatus("POST", resumePath, 405, "GET")
	wantStatus("DELETE", endSessionPath, 405, "GET, POST")
	wantStatus("POST", jwksPath, 405, "GET")
}

func TestNew_NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Issuer: testIssuer})
	if err == nil || !strings.Contains(err.Error(), "SignIn is missing") || !strings.Contains(err.Error(), "Clients is missing") {
		t.Errorf("error is %v", err)
	}
}

func TestTK1_ALongerCodeLifetimeIsCut(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.CodeLifetime = 10 * maxCodeLifetime })
	if got := s.provider.cfg.CodeLifetime; got != time.Minute {
		t.Errorf("codes live %s", got)
	}
}

func BenchmarkDiscovery(b *testing.B) {
	s := newSite(b)
	r := httptest.NewRequest(http.MethodGet, testIssuer+openIDConfigurationPath, nil)
	b.ReportAllocs()
	for b.Loop() {
		s.handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkAuthorizeBehindASession(b *testing.B) {
	s := signedInSite(b)
	r := httptest.NewRequest(http.MethodGet, withQuery(testIssuer+authorizePath, authorization()), nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			b.Fatalf("status %d", w.Code)
		}
	}
}

func BenchmarkUserinfo(b *testing.B) {
	s := signedInSite(b)
	r := userinfoRequest("GET", "", "", "Bearer "+s.userinfoToken())
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("status %d", w.Code)
		}
	}
}
