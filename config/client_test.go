package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-id/latchkey/client"
)

// hashPlainly is a SecretHasher whose verifiers can be read.
func hashPlainly(clientID, secret string) string { return "keyed:" + clientID + ":" + secret }

func clientsOf(t *testing.T, c *Config) []client.Client {
	t.Helper()
	clients, err := c.ClientList(hashPlainly)
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// withPairwiseKey adds a key for pairwise subjects.
func withPairwiseKey(vars map[string]string) map[string]string {
	vars["LATCHKEY_SECRETS_PAIRWISE_KEY"] = "QmU0a1pXc3BhaXJ3aXNlS2V5MTIzNDU2Nzg5MEFCQ0RFRkdI"
	return vars
}

func TestClientDefaults(t *testing.T) {
	common := client.Client{
		Metadata: client.Metadata{
			RequirePKCE: new(true), IDTokenSigningAlg: "RS256", AuthorizationAlg: "RS256", IntrospectionAlg: "RS256", AccessTokenTypeHeader: "at+jwt",
			AccessTokenFormat: client.AccessTokenJWT, AccessTokenAlg: "ES256",
			AccessTokenLifetime: new(client.Seconds(10 * time.Minute)), IDTokenLifetime: new(client.Seconds(10 * time.Minute)),
			RefreshIdleLifetime: new(client.Seconds(30 * day)), RefreshLifetime: new(client.Seconds(90 * day)), RefreshGrace: new(client.Seconds(30 * time.Second)),
		},
		Lifetimes: client.Lifetimes{
			AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: 30 * day, Refresh: 90 * day, RefreshGrace: 30 * time.Second,
		},
	}
	coded := common
	coded.ResponseTypes = []string{"code"}
	coded.ResponseModes = []string{"query", "form_post"}
	coded.Scopes = []string{"openid", "profile", "email"}
	coded.GrantTypes = []string{"authorization_code"}
	coded.RedirectURIs = []string{"https://a.example/cb"}
	keyed := []client.Secret{{Verifier: "keyed:a:" + keyThree}}

	for name, c := range map[string]struct {
		yaml string
		base client.Client
		want func(*client.Client)
	}{
		"confidential": {clientYAML("id: a", "secret: env:STRONG", "redirect_uris: [https://a.example/cb]"), coded, func(c *client.Client) {
			c.Type, c.Secrets = client.TypeConfidential, keyed
		}},
		"public": {clientYAML("id: a", "type: public", "redirect_uris: [https://a.example/cb, https://a.example:443/cb, https://b.example/cb]"), coded, func(c *client.Client) {
			c.Type, c.AuthMethod = client.TypePublic, client.AuthMethodNone
			c.RedirectURIs = []string{"https://a.example/cb", "https://a.example:443/cb", "https://b.example/cb"}
			c.Origins = []string{"https://a.example", "https://b.example"}
		}},
		"native": {clientYAML("id: a", "type: native", "redirect_uris: [https://a.example/cb]", "scopes: [openid, offline_access]"), coded, func(c *client.Client) {
			c.Type, c.AuthMethod = client.TypeNative, client.AuthMethodNone
			c.Scopes, c.GrantTypes = []string{"openid", "offline_access"}, []string{"authorization_code", "refresh_token"}
		}},
		"service": {clientYAML("id: a", "type: service", "secret: env:STRONG"), common, func(c *client.Client) {
			c.Type, c.Secrets = client.TypeService, keyed
			c.GrantTypes = []string{"client_credentials"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.base
			want.ID, want.Name = "a", "a"
			c.want(&want)
			if diff := cmp.Diff([]client.Client{want}, clientsOf(t, mustLoad(t, c.yaml, serveEnv()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every field that an administrator can register is one that the file can say.
func TestClientIsComplete(t *testing.T) {
	c := mustLoad(t, clientYAML(
		"id: a", "name: A", "type: confidential", "auth_method: client_secret_post", "secret: env:STRONG",
		"redirect_uris: [https://a.example/cb]", "post_logout_redirect_uris: [https://a.example/]",
		"grant_types: [authorization_code, refresh_token, 'urn:ietf:params:oauth:grant-type:token-exchange']", "may_act: b",
		"token_exchange: [{from: [b], resources: [https://api.example], scopes: [read], semantics: impersonation}]", "response_types: [code]", "response_modes: [query]",
		"scopes: [openid, offline_access]", "offline_grants_at_sign_out: end", "audience: [https://api.example]", "origins: [https://a.example]", "consent: always",
		"id_token_signing_alg: EdDSA", "access_token_format: opaque", "access_token_signing_alg: RS256",
		"access_token_lifetime: 1m", "id_token_lifetime: 2m", "refresh_idle_lifetime: 3m", "refresh_lifetime: 4m", "refresh_grace: 5s",
		"default_max_age: 1h", "default_acr_values: [aal2]", "introspect_any: true", "id_token_claims: [name]", "access_token_type_header: JWT",
		"userinfo_claims: [name]", "access_token_claims: [groups]", "access: [{groups: [hr]}]", "groups: {prefix: a-}", "resources: [https://api.example]",
		"subject_type: pairwise", "sector_identifier_uri: https://a.example/sector.json",
		"require_verified_email: true", "require_mfa: true", "trust_devices: true", "factors: [totp]", "accent_color: '#1f6feb'",
		"description: {en: An application}", "listed: false", "initiate_login_uri: https://a.example/i",
		"logo_uri: https://a.example/l", "client_uri: https://a.example/c", "policy_uri: https://a.example/p", "tos_uri: https://a.example/t",
		"backchannel_logout_uri: https://a.example/out", "backchannel_logout_session_required: true",
		"require_pushed_authorization_requests: true", "dpop_bound_access_tokens: true", "authorization_response_signing_alg: ES256", "introspection_signing_alg: ES256",
		"id_token_encryption_alg: ECDH-ES", "id_token_encryption_enc: A256GCM", "userinfo_encryption_alg: ECDH-ES", "userinfo_encryption_enc: A256GCM",
		"authorization_response_encryption_alg: ECDH-ES", "authorization_response_encryption_enc: A256GCM", "introspection_encryption_alg: ECDH-ES", "introspection_encryption_enc: A256GCM", "request_object_encryption_alg: ECDH-ES", "request_object_encryption_enc: A256GCM", "userinfo_signing_alg: ES256", "jwks_uri: https://a.example/keys", "request_object_signing_alg: ES256", "request_uris: [https://a.example/object]", "frontchannel_logout_uri: https://a.example/frame", "frontchannel_logout_session_required: true",
	)+"resources: [{identifier: https://api.example}]\nsigning_keys: {encryption_algs: [ECDH-ES]}\n", withPairwiseKey(serveEnv()))
	got := clientsOf(t, c)[0]
	notInTheFile := []string{
		"Workload",                                                                              // of services: see TestWorkloadIdentity
		"TrustedSubjects",                                                                       // see TestTrustedIssuers
		"TLSSubjectDN", "TLSSANDNS", "TLSSANURI", "TLSSANIP", "TLSSANEmail", "CertificateBound", // see TestMutualTLS
		"Contacts", "JWKS", "ApplicationType", "AuthSigningAlg",
		"RequireAuthTime",
	}
	for f, v := range reflect.ValueOf(got.Metadata).Fields() {
		if v.IsZero() && !slices.Contains(notInTheFile, f.Name) {
			t.Errorf("%s was not set", f.Name)
		}
	}
	want := []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 5 * time.Second, time.Hour}
	if diff := cmp.Diff(want, []time.Duration{
		got.Lifetimes.AccessToken, got.Lifetimes.IDToken, got.Lifetimes.RefreshIdle, got.Lifetimes.Refresh, got.Lifetimes.RefreshGrace, got.DefaultMaxAge.Duration(),
	}); diff != "" {
		t.Error(diff)
	}
	if got.LogoURI+got.ClientURI+got.PolicyURI+got.TOSURI != "https://a.example/lhttps://a.example/chttps://a.example/phttps://a.example/t" {
		t.Errorf("addresses are mixed up: %+v", got)
	}
}

func TestCL1_SecretsBecomeVerifiers(t *testing.T) {
	vars := serveEnv()
	vars["FAIR"] = "a long sentence nobody would ever guess"
	c := mustLoad(t, clientYAML("id: a", "secret: env:STRONG", "secrets: [{value: env:FAIR, expires_at: 2027-01-01T00:00:00Z}]", "redirect_uris: [https://a.example/cb]"), vars)
	want := []client.Secret{
		{Verifier: "keyed:a:" + keyThree},
		{Verifier: "keyed:a:" + vars["FAIR"], ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, clientsOf(t, c)[0].Secrets); diff != "" {
		t.Error(diff)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Message, "might be guessed") {
		t.Errorf("warnings: %v", c.Warnings)
	}

	empty := &Config{Clients: []Client{{ID: "a", Secrets: []ClientSecret{{}}}}}
	if _, err := empty.ClientList(hashPlainly); err == nil {
		t.Error("an empty secret was hashed")
	}
}

func TestClientsDir(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "b.yaml", "- {id: b1, type: public, redirect_uris: [https://b.example/1]}\n- {id: b2, type: public, redirect_uris: [https://b.example/2]}\n")
	writeFile(t, dir, "a.yml", "id: a\ntype: public\nredirect_uris: [https://a.example/cb]\n")
	writeFile(t, dir, "README.md", "not a client")
	vars := serveEnv()
	vars["LATCHKEY_CLIENTS_DIR"] = dir
	c := mustLoad(t, clientYAML("id: first", "type: public", "redirect_uris: [https://f.example/cb]"), vars)
	var ids []string
	for _, c := range c.Clients {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff([]string{"first", "a", "b1", "b2"}, ids); diff != "" {
		t.Error(diff)
	}

	writeFile(t, dir, "c.yaml", "- id: b1\n  typ: public\n")
	_, err := load(t, "", vars)
	checkProblems(t, problemsOf(t, err), []string{
		"clients[3].typ (c.yaml line 2): unknown key, did you mean type?",
		`clients[3].id (c.yaml line 1): "b1" is the id of clients[1] too`,
	})
}

// The JWTs of a platform are a client's as the file says.
func TestWorkloadIdentity(t *testing.T) {
	c := mustLoad(t, clientYAML("id: a", "type: service", "auth_method: private_key_jwt", "jwks_uri: https://builds.example.com/keys",
		"workload_identity: {issuer: https://builds.example.com, subject: 'repo:acme/shop:*', claims: {owner: ['1', '2']}}"), serveEnv())
	want := &client.Workload{Issuer: "https://builds.example.com", Subject: "repo:acme/shop:*", Claims: map[string][]string{"owner": {"1", "2"}}}
	if diff := cmp.Diff(want, clientsOf(t, c)[0].Workload); diff != "" {
		t.Error(diff)
	}
}
