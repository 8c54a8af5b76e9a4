package conformance

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
)

const registerPath = "/register"

// register sends client metadata: pairs of names and values over a redirect URI.
func (t *trial) register(pairs ...any) *reply {
	t.Helper()
	body, err := json.Marshal(laid(map[string]any{"redirect_uris": []string{redirectURI}}, pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return t.send(t.T, http.MethodPost, registerPath, "application/json", string(body))
}

// refusedMetadata wants each pair refused with the code.
func (t *trial) refusedMetadata(code string, changes ...[]any) {
	t.Helper()
	for _, pairs := range changes {
		t.Log(pairs...)
		t.refused(t.register(pairs...), http.StatusBadRequest, code)
	}
}

// says checks members of an answer.
func (t *trial) says(got *reply, pairs ...any) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if name := pairs[i].(string); !reflect.DeepEqual(got.json[name], pairs[i+1]) {
			t.Errorf("%s is %v, want %v", name, got.json[name], pairs[i+1])
		}
	}
}

const badMetadata = "invalid_client_metadata"

// rfc7591 is dynamic registration.
var rfc7591 = specification{"7591", "Dynamic Client Registration", []sentence{
	{section: "2", demands: "clients of flows with redirection MUST register their redirect URIs", show: func(t *trial) {
		t.refusedMetadata("invalid_redirect_uri", []any{"redirect_uris", nil}, []any{"redirect_uris", []string{}}, []any{"redirect_uris", nil, "grant_types", []string{"authorization_code"}})
	}},
	{section: "2", demands: "redirect_uris MUST be supported: what is registered works, and nothing else", show: func(t *trial) {
		made := t.ok(t.register("token_endpoint_auth_method", "none"), http.StatusCreated)
		id := client{ID: made.text("client_id")}
		if at := t.node.Browser(t.T).Get("/authorize?" + query(ask(id))); !at.Has("login-submit") {
			t.Errorf("the registered one is answered %d %v", at.Status, at.Location)
		}
		t.issued() // the sign-in waits
		t.errorPage(t.node.Browser(t.T).Get("/authorize?" + query(ask(id, "redirect_uri", redirectURI+"/other"))))
	}},
	{section: "2", demands: "token_endpoint_auth_method is client_secret_basic where nothing is said", show: func(t *trial) {
		made := t.ok(t.register(), http.StatusCreated)
		t.says(made, "token_endpoint_auth_method", "client_secret_basic")
		c := client{ID: made.text("client_id"), Secret: made.text("client_secret")}
		t.refused(t.form(tokenPath, append(codeForm("x"), "client_id", c.ID, "client_secret", c.Secret)), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, codeForm("x"), as(c)), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "2", demands: "a method that is not supported is refused", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"token_endpoint_auth_method", "magic"}, []any{"token_endpoint_auth_method", "client_secret_jwt"}, []any{"token_endpoint_auth_method", 7}, []any{"token_endpoint_auth_method", "https://example.com/method"})
	}},
	{section: "2", demands: "grant_types MUST be those of the token endpoint", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"grant_types", []string{"code"}}, []any{"grant_types", []string{"password"}}, []any{"grant_types", "authorization_code"}, []any{"grant_types", []int{1}})
	}},
	{section: "2", demands: "grant_types and response_types have the defaults of the RFC, or those that the server substitutes", show: func(t *trial) {
		t.says(t.ok(t.register(), http.StatusCreated), "grant_types", []any{"authorization_code", "refresh_token"}, "response_types", []any{"code"})
	}},
	{section: "2", demands: "response_types MUST be those of the authorization endpoint", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"response_types", []string{"authorization_code"}}, []any{"response_types", []string{"token"}}, []any{"response_types", []string{"none"}}, []any{"response_types", "code"})
	}},
	{section: "2", demands: "client_uri, policy_uri and tos_uri MUST point to web pages", show: func(t *trial) {
		for _, name := range []string{"client_uri", "policy_uri", "tos_uri"} {
			t.refusedMetadata(badMetadata, []any{name, "javascript:alert(1)"}, []any{name, "data:text/html,x"}, []any{name, "page"}, []any{name, "ftp://example.com/"}, []any{name, 7})
		}
	}},
	{section: "2", demands: "logo_uri MUST point to an image", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"logo_uri", "javascript:alert(1)"}, []any{"logo_uri", "data:image/png;base64,AA"}, []any{"logo_uri", "http://example.com/logo.png"}, []any{"logo_uri", "logo.png"})
	}},
	{section: "2", demands: "jwks_uri MUST be the address of a key set", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"jwks_uri", "http://example.com/jwks"}, []any{"jwks_uri", "file:///etc/passwd"}, []any{"jwks_uri", "https://"}, []any{"jwks_uri", 7})
	}},
	{section: "2", demands: "jwks MUST be a JSON object with a key set, of public keys", show: func(t *trial) {
		private := map[string]any{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}
		for _, keys := range []any{"x", 7, []any{}, map[string]any{}, map[string]any{"keys": 7}, map[string]any{"keys": []any{private}}, map[string]any{"keys": []any{map[string]any{"kty": "oct", "k": "AA"}}}} {
			t.refusedMetadata(badMetadata, []any{"jwks", keys, "token_endpoint_auth_method", "private_key_jwt"})
		}
	}},
	{section: "2", demands: "jwks_uri and jwks MUST NOT both be there", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"jwks_uri", "https://suite.example.com/jwks", "jwks", json.RawMessage(keyedKeys)})
	}},
	{section: "2", demands: "metadata that the server does not understand MUST be ignored", show: func(t *trial) {
		made := t.ok(t.register("example_extension", "x", "consent", "implied", "require_pkce", false, "software_id", "s-1"), http.StatusCreated)
		for _, name := range []string{"example_extension", "consent", "require_pkce"} {
			if _, has := made.json[name]; has {
				t.Errorf("%s is registered", name)
			}
		}
	}},
	{section: "2", demands: "what a trusted software statement says MUST take precedence", by: []string{"op.TestDR1_SoftwareStatements"}},
	{section: "2.1", demands: "an inconsistent registration SHOULD be refused", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"grant_types", []string{"refresh_token"}, "response_types", []string{"code"}},
			[]any{"grant_types", []string{"authorization_code"}, "response_types", []string{"id_token"}}, []any{"token_endpoint_auth_method", "private_key_jwt"})
	}},
	{section: "2.2", demands: "a name without a language tag MUST be used as it is", show: func(t *trial) {
		t.says(t.ok(t.register("client_name", "Ünïcode Äpp, Größe 42"), http.StatusCreated), "client_name", "Ünïcode Äpp, Größe 42")
		t.refusedMetadata(badMetadata, []any{"client_name", "App \u202egro.live"}, []any{"client_name", "two\nlines"})
	}},
	{section: "2.3", demands: "a software statement MUST be signed and MUST contain iss", show: func(t *trial) {
		for _, statement := range []string{"x", "x.y.z", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.", signed(t, []byte(strings.Repeat("k", 32)), "HS256", nil, map[string]any{"iss": "x"})} {
			t.refusedMetadata("invalid_software_statement", []any{"software_statement", statement})
		}
		for _, claims := range []map[string]any{{}, {"iss": "https://elsewhere.example.com", "client_name": "Trust me"}} {
			t.refusedMetadata("unapproved_software_statement", []any{"software_statement", signed(t, keyedKey, "ES256", nil, claims)})
		}
	}},
	{section: "3", demands: "the endpoint MUST accept POST with application/json", show: func(t *trial) {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			got := t.send(t.T, method, registerPath, "application/json", `{"redirect_uris":["`+redirectURI+`"]}`)
			t.refused(got, http.StatusMethodNotAllowed, "invalid_request")
			if !strings.Contains(got.header.Get("Allow"), http.MethodPost) {
				t.Errorf("Allow is %q", got.header.Get("Allow"))
			}
		}
		for _, typ := range []string{"application/x-www-form-urlencoded", "text/plain", "application/jwt", ""} {
			t.refused(t.send(t.T, http.MethodPost, registerPath, typ, `{"redirect_uris":["`+redirectURI+`"]}`), http.StatusBadRequest, "invalid_request")
		}
		for _, body := range []string{"{", "[]", "null", `"x"`, "7", `{"redirect_uris":["` + redirectURI + `"]} x`} {
			t.refused(t.send(t.T, http.MethodPost, registerPath, "application/json", body), http.StatusBadRequest, badMetadata)
		}
	}},
	{section: "3", demands: "the endpoint MUST be protected by TLS", by: []string{"config.TestCF2_Issuer"}},
	{section: "3", demands: "registration without authorization SHOULD be allowed, and MAY be limited", by: []string{"op.TestRegistration", "op.TestTH1_RegistrationsByAddress", "op.TestDR1_NumberOfUnknownClients"}},
	{section: "3.1", demands: "the server assigns the client_id and the secret, whatever the client says", show: func(t *trial) {
		made := t.ok(t.register("client_id", wiki.ID, "client_secret", "chosen by the client itself"), http.StatusCreated)
		if made.text("client_id") == wiki.ID || made.text("client_secret") == "chosen by the client itself" {
			t.Errorf("answered %s", made.body)
		}
	}},
	{section: "3.1.1", demands: "values of the statement MUST take precedence over plain JSON", by: []string{"op.TestDR1_SoftwareStatements"}},
	{section: "3.2.1", demands: "client_id is REQUIRED, and of no other client; a client_secret MUST be unique", show: func(t *trial) {
		first, second := t.ok(t.register(), http.StatusCreated), t.ok(t.register(), http.StatusCreated)
		for _, name := range []string{"client_id", "client_secret", "registration_access_token"} {
			if first.text(name) == "" || first.text(name) == second.text(name) {
				t.Errorf("%s: %q, then %q", name, first.text(name), second.text(name))
			}
		}
	}},
	{section: "3.2.1", demands: "client_secret_expires_at is REQUIRED with a client_secret, which public clients do not get", show: func(t *trial) {
		t.says(t.ok(t.register(), http.StatusCreated), "client_secret_expires_at", 0.0)
		public := t.ok(t.register("token_endpoint_auth_method", "none"), http.StatusCreated)
		t.says(public, "client_secret", nil, "client_secret_expires_at", nil)
	}},
	{section: "3.2.1", demands: "all registered metadata MUST be returned, with what the server substituted", show: func(t *trial) {
		made := t.ok(t.register("client_name", "App", "scope", "openid admin:people.write", "grant_types", []string{"authorization_code", "client_credentials"}, "client_uri", "https://suite.example.com/"), http.StatusCreated)
		t.says(made, "client_name", "App", "scope", "openid", "grant_types", []any{"authorization_code"}, "response_types", []any{"code"},
			"redirect_uris", []any{redirectURI}, "client_uri", "https://suite.example.com/", "token_endpoint_auth_method", "client_secret_basic")
	}},
	{section: "3.2.1", demands: "the software statement MUST be returned as it came, with the elements that were used of it", by: []string{"op.TestDR1_SoftwareStatements"}},
	{section: "3.2.2", demands: "an invalid initial access token is refused as RFC 6750 says", by: []string{"op.TestDR1_InitialAccessTokens"}},
	{section: "3.2.2", demands: "a registration error is 400 with an error: invalid_redirect_uri", show: func(t *trial) {
		for _, uri := range []string{
			"http://suite.example.com/cb", redirectURI + "#x", "https://*.example.com/cb", "/cb", "javascript:alert(1)", "data:text/html,x", "https://user@suite.example.com/cb", "https://suite.example.com\\@evil.example/", "",
		} {
			t.refusedMetadata("invalid_redirect_uri", []any{"redirect_uris", []string{uri}}, []any{"redirect_uris", []string{redirectURI, uri}})
		}
	}},
	{section: "3.2.2", demands: "invalid_client_metadata", show: func(t *trial) {
		t.refusedMetadata(badMetadata, []any{"client_name", 7}, []any{"client_name", strings.Repeat("x", 2000)}, []any{"id_token_signed_response_alg", "none"},
			[]any{"id_token_signed_response_alg", "HS256"}, []any{"application_type", "toaster"}, []any{"default_max_age", "x"})
	}},
	{section: "3.2.2", demands: "invalid_software_statement and unapproved_software_statement", by: []string{"op.TestDR1_SoftwareStatements"}},
	{section: "5", demands: "redirect URIs MUST be of https, on the own machine, or of a scheme of the application's own", show: func(t *trial) {
		t.refusedMetadata("invalid_redirect_uri", []any{"redirect_uris", []string{"http://suite.example.com/cb"}}, []any{"redirect_uris", []string{"myapp:/cb"}, "token_endpoint_auth_method", "none"},
			[]any{"redirect_uris", []string{"ftp://suite.example.com/cb"}})
		t.ok(t.register("redirect_uris", []string{"http://127.0.0.1/cb"}, "token_endpoint_auth_method", "none"), http.StatusCreated)
		t.ok(t.register("redirect_uris", []string{"com.example.app:/cb"}, "token_endpoint_auth_method", "none"), http.StatusCreated)
	}},
	{section: "5", demands: "a statement that nobody trusts is worth nothing: the server MUST consider the full request", by: []string{"op.TestDR1_SoftwareStatements"}},
	{section: "5", demands: "the same secret SHOULD NOT be issued to several instances", show: func(t *trial) {
		same := []any{"software_id", "s-1", "software_version", "1"}
		if first, second := t.ok(t.register(same...), http.StatusCreated), t.ok(t.register(same...), http.StatusCreated); first.text("client_secret") == second.text("client_secret") {
			t.Error("two clients have one secret")
		}
	}},
	{section: "5", demands: "people are told that nobody vouched for the client", show: func(t *trial) {
		made := t.ok(t.register("client_name", "App"), http.StatusCreated)
		at := t.node.Browser(t.T).Get("/authorize?" + query(ask(client{ID: made.text("client_id")})))
		if !at.Has("login-submit") || !strings.Contains(at.Body, `id="unvouched"`) {
			t.Errorf("answered %d %s", at.Status, at.Body)
		}
	}},
}}
