package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// validateClients has package client judge what each client is, and tells where
// in the configuration the fault is. Ids and secrets are judged here: the ids
// must differ, and secrets are no metadata.
func (l *loader) validateClients(c *Config) {
	policy := client.Policy{Dev: l.Dev, SigningAlgs: c.SigningKeys.Algs, EncryptionAlgs: c.SigningKeys.wraps(), Factors: c.MFA.Factors, Catalog: c.Catalog, Pairwise: c.Secrets.Pairwise(), Spell: keyOf, TrustedIssuers: slices.Collect(maps.Keys(c.Trusted())), Certificates: c.MutualTLS.Known(), CertificateAuthorities: c.MutualTLS.CAFile != ""}
	ids := map[string]string{}
	secrets := map[string]string{}
	for i := range c.Clients {
		written, path := &c.Clients[i], indexPath("clients", i)
		l.validateClientID(path, written.ID, ids)
		if l.isBlamed(joinPath(path, "type")) {
			continue // what is right depends on it
		}
		if written.JWKS != "" {
			if err := json.Unmarshal([]byte(written.JWKS), &client.KeySet{}); err != nil {
				l.add(joinPath(path, "jwks"), "it is no JWK Set of public keys in JSON: %v", err)
				l.blame(joinPath(path, "jwks_uri")) // which is not missing: the keys are there
			}
		}
		m := written.completed(c.Tokens)
		for _, p := range m.Validate(policy) {
			l.add(joinPath(path, keyOf(p.Field)), "%s", p.Message)
		}
		for _, p := range m.Advise(policy) {
			l.warn(joinPath(path, keyOf(p.Field)), "%s", p.Message)
		}
		if m.Type.KeepsNoSecret() && m.AuthMethod != client.AuthMethodNone {
			l.blame(joinPath(path, "secret"))
		}
		l.validateClientSecrets(path, written, &m, secrets)
	}
}

// validateClientID checks an id. ids tells whose it was first.
func (l *loader) validateClientID(path, id string, ids map[string]string) {
	at := joinPath(path, "id")
	switch first := ids[id]; {
	case id == "":
		l.add(at, "required")
	case !client.IsID(id):
		l.add(at, "use 1 to 256 printable ASCII characters without spaces")
	case first != "":
		l.add(at, "%q is the id of %s too; every client needs its own", id, first)
	default:
		ids[id] = path
	}
}

// keys are the fields of client metadata that the file calls by a shorter name
// than RFC 7591 does.
var keys = map[string]string{
	"access_token_signed_response_alg":     "access_token_signing_alg",
	"authorization_encrypted_response_alg": "authorization_response_encryption_alg",
	"authorization_encrypted_response_enc": "authorization_response_encryption_enc",
	"authorization_signed_response_alg":    "authorization_response_signing_alg",
	"client_name":                          "name",
	"client_type":                          "type",
	"id_token_encrypted_response_alg":      "id_token_encryption_alg",
	"id_token_encrypted_response_enc":      "id_token_encryption_enc",
	"id_token_signed_response_alg":         "id_token_signing_alg",
	"introspection_encrypted_response_alg": "introspection_encryption_alg",
	"introspection_encrypted_response_enc": "introspection_encryption_enc",
	"introspection_signed_response_alg":    "introspection_signing_alg",
	"scope":                                "scopes",
	"token_endpoint_auth_method":           "auth_method",
	"userinfo_encrypted_response_alg":      "userinfo_encryption_alg",
	"userinfo_encrypted_response_enc":      "userinfo_encryption_enc",
	"userinfo_signed_response_alg":         "userinfo_signing_alg",
}

// keyOf is the key in the file of a field of client metadata, or of one of its
// elements: scope[1] is scopes[1].
func keyOf(field string) string {
	name, index, isElement := strings.Cut(field, "[")
	if key, ok := keys[name]; ok {
		name = key
	}
	if isElement {
		return name + "[" + index
	}
	return name
}
