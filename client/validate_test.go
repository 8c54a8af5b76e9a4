package client

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-id/latchkey/storage"
)

var lifetimes = Lifetimes{
	AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: 30 * day, Refresh: 90 * day, RefreshGrace: 30 * time.Second,
}

var policy = Policy{SigningAlgs: []string{"RS256", "ES256"}, EncryptionAlgs: []string{"RSA-OAEP-256"}, Factors: []storage.FactorKind{storage.FactorTOTP, storage.FactorPasskey}}

// registered reads metadata as a client would register it (RFC 7591 section 3.1).
func registered(t *testing.T, text string) Metadata {
	t.Helper()
	var m Metadata
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	m.Complete(lifetimes)
	return m
}

// The same judgement holds for what registers itself as for what a file says:
// all problems at once, each at its field, in the names of RFC 7591.
func TestMetadata_EveryProblemAtItsField(t *testing.T) {
	for text, want := range map[string][]string{
		`{"redirect_uris": ["https://a.example/cb"]}`:                                                                    nil,
		`{"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none"}`:                              nil,
		`{"redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none", "application_type": "native"}`: nil,
		`{"grant_types": ["client_credentials"], "scope": "reports.read"}`:                                               nil,
		`{}`: {"redirect_uris: required"},
		`{"redirect_uris": ["http://a.example/cb", "https://a.example/#"], "scope": "openid a\"b", "grant_types": ["authorization_code", "password"]}`: {
			`grant_types[1]: "password" is not supported`, "redirect_uris[0]: ", "redirect_uris[1]: ", `scope[1]: "a\"b": a scope is`,
		},
		`{"redirect_uris": ["https://a.example/cb"], "scope": "openid offline_access", "grant_types": ["authorization_code"]}`: {"scope: offline_access needs refresh_token in grant_types"},
		`{"redirect_uris": ["https://a.example/cb"], "client_type": "desktop"}`:                                                {`client_type: "desktop" is not supported`},
		`{"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "client_secret_saml"}`:                      {"token_endpoint_auth_method: "},
		`{"redirect_uris": ["https://a.example/cb"], "id_token_signed_response_alg": "EdDSA"}`:                                 {"id_token_signed_response_alg: no key signs with EdDSA"},
		`{"redirect_uris": ["https://a.example/cb"], "subject_type": "pairwise", "application_type": "tv"}`:                    {"subject_type: ", "application_type: "},
		`{"redirect_uris": ["https://a.example/cb"], "default_max_age": 0, "access_token_lifetime": 864000}`:                   {"access_token_lifetime: 10d is too long", "default_max_age: "},
		`{"redirect_uris": ["https://a.example/cb"], "logo_uri": "javascript:alert(1)", "backchannel_logout_uri": "http://a.example/"}`: {
			"logo_uri: ", "backchannel_logout_uri: ",
		},
		`{"redirect_uris": ["https://a.example/cb"], "id_token_claims": ["email", "shoe_size", "email"]}`: {
			`id_token_claims[2]: "email" is listed twice`, `id_token_claims[1]: "shoe_size": there is no such claim`,
		},
		`{"redirect_uris": ["https://a.example/cb"], "scope": "profile", "id_token_claims": ["name"]}`:                                                                                                                                  {"id_token_claims: there is no ID token without the scope openid; add it to scope"},
		`{"redirect_uris": ["https://a.example/cb"], "access_token_type_header": "jwt"}`:                                                                                                                                                {`access_token_type_header: "jwt" is not supported; use at+jwt or JWT`},
		`{"redirect_uris": ["https://a.example/cb"], "jwks": {"keys": []}}`:                                                                                                                                                             {"jwks: use 1 to 32 keys"},
		`{"redirect_uris": ["https://a.example/cb"], "jwks": {"keys": [{"kty": "OKP", "x": "AA"}]}, "jwks_uri": "https://a.example/k"}`:                                                                                                 {"jwks: give the keys or their address"},
		`{"redirect_uris": ["https://a.example/cb"], "jwks_uri": "https://a.example/k", "id_token_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_alg": "RSA-OAEP-256", "userinfo_encrypted_response_enc": "A256GCM"}`: nil,
		`{"redirect_uris": ["https://a.example/cb"], "id_token_encrypted_response_alg": "RSA-OAEP-256", "userinfo_encrypted_response_enc": "A256GCM"}`: {
			"id_token_encrypted_response_alg: this needs a key of the client", "userinfo_encrypted_response_enc: it has no effect without userinfo_encrypted_response_alg",
		},
		`{"redirect_uris": ["https://a.example/cb"], "jwks_uri": "https://a.example/k", "id_token_encrypted_response_alg": "RSA1_5", "introspection_encrypted_response_alg": "dir", "userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A128GCM"}`: {
			`id_token_encrypted_response_alg: "RSA1_5" is not supported; use RSA-OAEP-256, ECDH-ES or ECDH-ES+A256KW`, "introspection_encrypted_response_alg: ", `userinfo_encrypted_response_enc: "A128GCM" is not supported`,
		},
		`{"redirect_uris": ["https://a.example/cb"], "id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [{"kty": "RSA", "n": "AA", "e": "AQAB"}, {"kty": "EC", "use": "sig"}, {"kty": "EC", "alg": "ES256"}]}}`: {"jwks: it has no key for encryption with ECDH-ES; add one with kty EC"},
		`{"redirect_uris": ["https://a.example/cb"], "authorization_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [{"kty": "OKP", "crv": "X25519", "x": "AA", "use": "enc"}]}}`:                                      {"jwks: it has no key for encryption with ECDH-ES; add one with kty EC and use enc (keys of kty OKP, such as X25519, cannot"},
		`{"redirect_uris": ["https://a.example/cb"], "offline_grants_at_sign_out": "end"}`:                                                                                                                                  {"offline_grants_at_sign_out: it has no effect without offline_access in scope"},
		`{"redirect_uris": ["https://a.example/cb"], "offline_grants_at_sign_out": "forget"}`:                                                                                                                               {`offline_grants_at_sign_out: "forget" is not supported; use keep or end`},
		`{"redirect_uris": ["https://a.example/cb"], "authorization_encrypted_response_alg": "dir", "jwks_uri": "https://a.example/k"}`:                                                                                     {"authorization_encrypted_response_alg: \"dir\" is not supported"},
		`{"redirect_uris": ["https://a.example/cb"], "id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [{"kty": "EC", "use": "enc"}]}}`:                                                                        nil,
		`{"redirect_uris": ["https://a.example/cb"], "request_object_encryption_alg": "ECDH-ES"}`:                                                                                                                           {"request_object_encryption_alg: there is no key that ECDH-ES could be encrypted to with; add one to signing_keys.encryption_algs"},
		`{"redirect_uris": ["https://a.example/cb"], "request_object_encryption_alg": "RSA-OAEP-256"}`:                                                                                                                      nil,
		`{"redirect_uris": ["https://a.example/cb"], "introspection_signed_response_alg": "PS256"}`:                                                                                                                         {"introspection_signed_response_alg: no key signs with PS256"},
		`{"redirect_uris": ["https://a.example/cb"], "factors": ["sms"]}`:                                                                                                                                                   {"factors[0]: sms is not among"},
	} {
		m := registered(t, text)
		got := m.Validate(policy)
		if len(got) != len(want) {
			t.Errorf("%s: %d problems, want %d: %v", text, len(got), len(want), got)
			continue
		}
		for _, w := range want {
			if !slices.ContainsFunc(got, func(p Problem) bool { return strings.HasPrefix(p.Field+": "+p.Message, w) }) {
				t.Errorf("%s: nothing says %q: %v", text, w, got)
			}
		}
	}
}

func TestMetadata_PrivateKeysAreRefused(t *testing.T) {
	for _, key := range []string{`{"kty": "OKP", "x": "AA", "d": "AA"}`, `{"kty": "oct", "k": "AA"}`, `{"kty": "oct"}`, `"AA"`} {
		var m Metadata
		if err := json.Unmarshal([]byte(`{"jwks": {"keys": [`+key+`]}}`), &m); err == nil {
			t.Errorf("%s was taken", key)
		}
	}
}

// Metadata goes to a database and back, and is answered to whoever registered.
func TestMetadata_SurvivesJSON(t *testing.T) {
	text := `{"redirect_uris":["https://a.example/cb"],"client_name":"A","scope":"openid email",` +
		`"jwks":{"keys":[{"kid":"1","kty":"OKP","crv":"Ed25519","x":"AA"}]},"default_max_age":90,"require_pkce":false,"refresh_grace":0}`
	var m Metadata
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	if m.DefaultMaxAge.Duration() != 90*time.Second || m.RequiresPKCE() || !slices.Equal(m.Scopes, []string{"openid", "email"}) || m.JWKS.Keys[0].ID != "1" {
		t.Errorf("read as %+v", m)
	}
	again, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(again)); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{"default_max_age": 1e30}`, `{"default_max_age": "1h"}`, `{"scope": ["a"]}`} {
		if err := json.Unmarshal([]byte(bad), new(Metadata)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestMetadata_CompletedTwiceIsTheSame(t *testing.T) {
	for _, text := range []string{
		`{"redirect_uris": ["https://a.example/cb"]}`,
		`{"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none", "scope": "openid offline_access"}`,
		`{"grant_types": ["client_credentials"]}`,
		`{"redirect_uris": ["com.example.a:/cb"], "application_type": "native", "refresh_lifetime": 3600}`,
	} {
		once := registered(t, text)
		twice := once
		twice.Complete(Lifetimes{})
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if m := registered(t, `{"redirect_uris": ["com.example.a:/cb"], "application_type": "native", "refresh_lifetime": 3600}`); m.RefreshIdleLifetime.Duration() != time.Hour {
		t.Errorf("a shorter lifetime leaves the idle one at %v", m.RefreshIdleLifetime.Duration())
	}
}

// Where no method is written, either way to send the secret is taken; where one
// is, only that.
func TestCL1_AuthMethodsOfAClient(t *testing.T) {
	both := []string{AuthMethodBasic, AuthMethodPost}
	for text, want := range map[string][]string{
		`{}`: both,
		`{"grant_types": ["client_credentials"]}`:              both,
		`{"client_type": "public"}`:                            {AuthMethodNone},
		`{"client_type": "native"}`:                            {AuthMethodNone},
		`{"token_endpoint_auth_method": "client_secret_post"}`: {AuthMethodPost},
		`{"token_endpoint_auth_method": "none"}`:               {AuthMethodNone},
	} {
		m := registered(t, text)
		for _, method := range AuthMethods() {
			if got := m.AllowsAuthMethod(method); got != slices.Contains(want, method) {
				t.Errorf("%s allows %s: %t", text, method, got)
			}
		}
	}
}

// Any program on a machine can listen on loopback or claim a scheme, so a
// native client gets codes there only after its person said yes, unless the
// administrator decided otherwise.
func TestAZ8_ANativeClientAsksUnlessTheAdministratorSaysOtherwise(t *testing.T) {
	for _, tc := range []struct {
		typ     Type
		written ConsentPolicy
		uri     string
		want    ConsentPolicy
	}{
		{TypeNative, "", "http://127.0.0.1:5555/cb", ConsentAlways},
		{TypeNative, "", "http://app.localhost:5555/cb", ConsentAlways},
		{TypeNative, "", "com.example.app:/cb", ConsentAlways},
		{TypeNative, "", "https://app.example.com/cb", ConsentImplied},
		{TypeNative, ConsentImplied, "http://127.0.0.1:5555/cb", ConsentImplied},
		{TypeNative, ConsentRemember, "com.example.app:/cb", ConsentRemember},
		{TypePublic, "", "https://app.example.com/cb", ConsentImplied},
		{TypePublic, ConsentAlways, "https://app.example.com/cb", ConsentAlways},
		{TypeConfidential, "", "https://app.example.com/cb", ConsentImplied},
	} {
		c := Client{Metadata: Metadata{Type: tc.typ, Consent: tc.written}}
		if got := c.ConsentFor(tc.uri); got != tc.want {
			t.Errorf("%s with %q at %s: %s, want %s", tc.typ, tc.written, tc.uri, got, tc.want)
		}
	}
}

// TestAZ8_AClientThatRegisteredItselfAsks: nobody said yes for it. What the policy of
// registration writes down holds, but for a native client, where anybody may listen.
func TestAZ8_AClientThatRegisteredItselfAsks(t *testing.T) {
	const web, own = "https://app.example.com/cb", "http://127.0.0.1:5555/cb"
	for _, tc := range []struct {
		source  storage.ClientSource
		typ     Type
		written ConsentPolicy
		uri     string
		want    ConsentPolicy
	}{
		{storage.ClientByAnybody, TypePublic, "", web, ConsentAlways},
		{storage.ClientByToken, TypeConfidential, "", web, ConsentAlways},
		{storage.ClientByStatement, TypeConfidential, "", web, ConsentAlways},
		{storage.ClientByAdministrator, TypeConfidential, "", web, ConsentImplied},
		{storage.ClientByToken, TypeConfidential, ConsentRemember, web, ConsentRemember},
		{storage.ClientByToken, TypeNative, ConsentImplied, own, ConsentAlways},
		{storage.ClientByAdministrator, TypeNative, ConsentImplied, own, ConsentImplied},
	} {
		c := Client{Metadata: Metadata{Type: tc.typ, Consent: tc.written}, Source: tc.source}
		if got := c.ConsentFor(tc.uri); got != tc.want {
			t.Errorf("%s by %q with %q: %s, want %s", tc.typ, tc.source, tc.written, got, tc.want)
		}
	}
}

func TestAdvice_SoftwareWithoutPKCE(t *testing.T) {
	for uri, want := range map[string]string{
		"https://app.example.com/oidc/callback/":                         "mozilla-django-oidc",
		"https://example.com/app/oidc/callback/":                         "mozilla-django-oidc",
		"https://app.example.com/accounts/oidc/latchkey/login/callback/": "django-allauth",
		"https://app.example.com/login/oauth2/code/latchkey":             "Spring Security",
		"https://app.example.com/oauth2/callback":                        "oauth2-proxy",
		"https://app.example.com/redirect_uri":                           "mod_auth_openidc",
		"https://grafana.example.com/login/generic_oauth":                "Grafana",
		"https://app.example.com/callback":                               "",
		"https://app.example.com":                                        "",
		"com.example.app:/oidc/callback/":                                "mozilla-django-oidc",
		"%zz":                                                            "",
	} {
		if s, ok := SoftwareAt(uri); s.Name != want || ok != (want != "") {
			t.Errorf("%s is %q, want %q", uri, s.Name, want)
		}
	}
	m := registered(t, `{"redirect_uris": ["https://a.example/oidc/callback/", "https://b.example/oidc/callback/"]}`)
	advice := m.Advise(policy)
	if len(advice) != 1 || advice[0].Field != "redirect_uris[0]" || !strings.Contains(advice[0].Message, "OIDC_USE_PKCE = True") {
		t.Errorf("advice: %v", advice)
	}
	m.RequirePKCE = new(false)
	if advice := m.Advise(policy); len(advice) != 0 {
		t.Errorf("advice where no challenge is needed: %v", advice)
	}
	c := New("wiki", m, nil, lifetimes)
	if got := c.PKCEAdvice("https://a.example/cb"); !strings.Contains(got, "require_pkce: false for the client wiki") {
		t.Errorf("advice to the operator: %s", got)
	}
	c.Type = TypePublic
	if got := c.PKCEAdvice("https://a.example/cb"); strings.Contains(got, "require_pkce") {
		t.Errorf("a public client may do without: %s", got)
	}
}
