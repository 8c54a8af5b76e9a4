package op

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// everything is a node on which all that an installation may have is switched on.
func everything(t *testing.T) *node {
	t.Helper()
	r := newRegister(t)
	cfg := r.provider.cfg
	cfg.CheckSession, cfg.Documents = true, true
	cfg.MutualTLS = newCertifiedNode(t).provider.cfg.MutualTLS
	cfg.TrustedIssuers = map[string]string{"https://vouches.example.com": "https://vouches.example.com/keys"}
	r.start(cfg)
	return r.node
}

// said is the metadata of a node, from either of its addresses.
func (n *node) said(path string) map[string]any {
	n.t.Helper()
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, testIssuer+path, nil))
	var said map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		n.t.Fatalf("%s: %d %s: %v", path, w.Code, w.Body, err)
	}
	return said
}

// mounted reports whether something answers there.
func (n *node) mounted(path string) bool {
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodOptions, testIssuer+path, nil))
	return w.Code != http.StatusNotFound
}

// TestAZ4_AddressesAgreeWithRoutes: what is advertised is mounted, what is mounted for
// clients is advertised, and what an installation does not have is neither, in OpenID
// discovery, RFC 8414 and RFC 9728 alike.
func TestAZ4_AddressesAgreeWithRoutes(t *testing.T) {
	t.Parallel()
	// What people and other pages of ours lead to, and what is found at an address of its
	// own: none of it is in the metadata.
	own := []string{
		resumePath, signedOutPath, errorPagePath, client.LogosPath, openIDConfigurationPath, oauthMetadataPath, resourceMetadataPath,
	}
	for name, n := range map[string]*node{"with everything": everything(t), "with the least": newNode(t)} {
		said := n.said(openIDConfigurationPath)
		if diff := n.said(oauthMetadataPath); !equalJSON(t, diff, said) {
			t.Errorf("%s: the documents differ", name)
		}
		ofTable := map[string]bool{}
		for _, e := range endpoints {
			offered := e.offered == nil || e.offered(&n.provider.cfg)
			if e.member == "" && !slices.ContainsFunc(own, func(path string) bool { return strings.TrimSuffix(path, "/") == strings.TrimSuffix(e.path, "/") }) {
				t.Errorf("%s: %s is mounted and in no metadata", name, e.path)
			}
			if e.member != "" {
				ofTable[e.member] = true
				if _, advertised := said[e.member]; advertised != offered {
					t.Errorf("%s: %s is advertised: %t, and there: %t", name, e.member, advertised, offered)
				}
			}
			if path := strings.TrimSuffix(e.path, "/"); e.member != "" && n.mounted(path) != offered {
				t.Errorf("%s: %s is mounted: %t, and offered: %t", name, path, !offered, offered)
			}
		}
		for member, value := range said {
			address, isText := value.(string)
			if isText && strings.HasPrefix(address, testIssuer) && member != "issuer" && !ofTable[member] {
				t.Errorf("%s: %s is %s, which no row mounts", name, member, address)
			}
		}
		resource := n.said(resourceMetadataPath)
		if resource["resource"] != testIssuer || resource["jwks_uri"] != said["jwks_uri"] ||
			resource["tls_client_certificate_bound_access_tokens"] != (n.provider.cfg.MutualTLS != nil) || !equalJSON(t, resource["dpop_signing_alg_values_supported"], said["dpop_signing_alg_values_supported"]) {
			t.Errorf("%s: the resource is described as %v", name, resource)
		}
	}
}

// TestAZ4_GrantsAgree: every grant type that is known anywhere is taken where it is
// advertised, and unsupported where it is not.
func TestAZ4_GrantsAgree(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]*node{"with everything": everything(t), "with the least": newNode(t)} {
		all := wikiClient()
		all.ID, all.GrantTypes = "all", client.GrantTypes()
		cfg := n.provider.cfg
		cfg.Clients = client.NewSnapshot([]client.Client{withSecrets(t, all)})
		n.start(cfg)
		advertised, _ := n.said(openIDConfigurationPath)["grant_types_supported"].([]any)
		for _, grant := range append(client.GrantTypes(), "password", "urn:example:unknown") {
			a := n.post(tokenPath, basicAuth("all", testSecret), "grant_type", grant)
			var said struct{ Error string }
			if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil {
				t.Fatal(err)
			}
			// That of the authorization endpoint is asked for there.
			taken := said.Error != codeUnsupportedGrantType || grant == client.GrantImplicit
			if taken != slices.Contains(advertised, any(grant)) {
				t.Errorf("%s: %s is advertised: %t, and answered %q", name, grant, !taken, said.Error)
			}
		}
	}
}

// TestAZ4_AlgorithmsAgree: what a client may register is what is advertised, for each
// member of the metadata that names algorithms, and nothing else.
func TestAZ4_AlgorithmsAgree(t *testing.T) {
	t.Parallel()
	n := everything(t)
	said := n.said(openIDConfigurationPath)
	policy := client.Policy{SigningAlgs: n.provider.cfg.Keys.Algs(), EncryptionAlgs: n.provider.cfg.Keys.EncryptionAlgs(), Certificates: true, CertificateAuthorities: true}
	lifetimes := client.Lifetimes{AccessToken: time.Minute, IDToken: time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour}
	unknown := []string{"none", "HS256", "RS1", "RSA1_5", "dir", "A128GCM", "ES512"}
	for member, with := range map[string]string{
		"id_token_signing_alg_values_supported":          `"id_token_signed_response_alg": %`,
		"userinfo_signing_alg_values_supported":          `"userinfo_signed_response_alg": %`,
		"authorization_signing_alg_values_supported":     `"authorization_signed_response_alg": %`,
		"introspection_signing_alg_values_supported":     `"introspection_signed_response_alg": %`,
		"request_object_signing_alg_values_supported":    `"request_object_signing_alg": %`,
		"id_token_encryption_alg_values_supported":       `"id_token_encrypted_response_alg": %`,
		"userinfo_encryption_alg_values_supported":       `"userinfo_encrypted_response_alg": %`,
		"authorization_encryption_alg_values_supported":  `"authorization_encrypted_response_alg": %`,
		"introspection_encryption_alg_values_supported":  `"introspection_encrypted_response_alg": %`,
		"request_object_encryption_alg_values_supported": `"request_object_encryption_alg": %`,
		"id_token_encryption_enc_values_supported":       `"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": %`,
		"userinfo_encryption_enc_values_supported":       `"userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": %`,
		"authorization_encryption_enc_values_supported":  `"authorization_encrypted_response_alg": "ECDH-ES", "authorization_encrypted_response_enc": %`,
		"introspection_encryption_enc_values_supported":  `"introspection_encrypted_response_alg": "ECDH-ES", "introspection_encrypted_response_enc": %`,
		"request_object_encryption_enc_values_supported": `"request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": %`,
	} {
		list, _ := said[member].([]any)
		if len(list) == 0 {
			t.Errorf("%s is not advertised", member)
		}
		tried := map[string]bool{}
		for _, value := range list {
			tried[value.(string)] = true
		}
		for _, value := range unknown {
			if !tried[value] {
				tried[value] = false
			}
		}
		for value, advertised := range tried {
			var m client.Metadata
			text := `{"redirect_uris": ["https://a.example/cb"], "jwks_uri": "https://a.example/keys", ` + strings.Replace(with, "%", `"`+value+`"`, 1) + `}`
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				t.Fatal(err)
			}
			m.Complete(lifetimes)
			if problems := m.Validate(policy); (len(problems) == 0) != advertised {
				t.Errorf("%s: %s is advertised: %t, and registered with the problems %v", member, value, advertised, problems)
			}
		}
	}
	names := slices.Collect(maps.Keys(said))
	if i := slices.IndexFunc(names, func(name string) bool {
		return strings.HasSuffix(name, "_values_supported") && said[name] == nil
	}); i >= 0 {
		t.Errorf("%s is null", names[i])
	}
}
