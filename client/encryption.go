package client

import (
	"slices"
	"strings"
)

// Encryption is how something is encrypted to a client (RFC 7516): Alg is how the key of
// the content is, Enc how the content itself is. The zero value is not at all.
type Encryption struct{ Alg, Enc string }

// Wanted reports whether anything is encrypted.
func (e Encryption) Wanted() bool { return e.Alg != "" }

// defaultEnc is what OpenID Connect Dynamic Client Registration 1.0 section 2 says where
// only the key's algorithm is registered.
const defaultEnc = "A128CBC-HS256"

// EncryptionAlgs lists how the key of the content may be encrypted. None works with a
// shared secret or a password, and none with PKCS #1 v1.5.
func EncryptionAlgs() []string { return []string{"RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"} }

// ContentEncryptions lists how the content may be.
func ContentEncryptions() []string { return []string{defaultEnc, "A256GCM"} }

// encryptions are what may be encrypted, with the fields that say how.
func (m *Metadata) encryptions() []struct {
	algField, encField string
	alg, enc           *string
	// to the client, with a key of its own; otherwise it encrypts to us.
	to bool
} {
	return []struct {
		algField, encField string
		alg, enc           *string
		to                 bool
	}{
		{"id_token_encrypted_response_alg", "id_token_encrypted_response_enc", &m.IDTokenEncryptionAlg, &m.IDTokenEncryptionEnc, true},
		{"userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc", &m.UserInfoEncryptionAlg, &m.UserInfoEncryptionEnc, true},
		{"introspection_encrypted_response_alg", "introspection_encrypted_response_enc", &m.IntrospectionEncryptionAlg, &m.IntrospectionEncryptionEnc, true},
		{"authorization_encrypted_response_alg", "authorization_encrypted_response_enc", &m.AuthorizationEncryptionAlg, &m.AuthorizationEncryptionEnc, true},
		{"request_object_encryption_alg", "request_object_encryption_enc", &m.RequestObjectEncryptionAlg, &m.RequestObjectEncryptionEnc, false},
	}
}

// completeEncryption fills in how content is encrypted where only its key's algorithm is said.
func (m *Metadata) completeEncryption() {
	for _, e := range m.encryptions() {
		if *e.alg != "" && *e.enc == "" && e.to {
			*e.enc = defaultEnc
		}
	}
}

// IDTokenEncryption is how ID tokens are encrypted (OpenID Connect Core 10.2).
func (m *Metadata) IDTokenEncryption() Encryption {
	return Encryption{m.IDTokenEncryptionAlg, m.IDTokenEncryptionEnc}
}

// UserInfoEncryption is how userinfo is (Core 5.3.2).
func (m *Metadata) UserInfoEncryption() Encryption {
	return Encryption{m.UserInfoEncryptionAlg, m.UserInfoEncryptionEnc}
}

// IntrospectionEncryption is how signed answers of introspection are (RFC 9701 section 6).
func (m *Metadata) IntrospectionEncryption() Encryption {
	return Encryption{m.IntrospectionEncryptionAlg, m.IntrospectionEncryptionEnc}
}

// AuthorizationEncryption is how signed authorization responses are (JARM section 3).
func (m *Metadata) AuthorizationEncryption() Encryption {
	return Encryption{m.AuthorizationEncryptionAlg, m.AuthorizationEncryptionEnc}
}

// encryption checks what is encrypted: with what we do, and to a key that there is.
func (v *validation) encryption() {
	for _, e := range v.encryptions() {
		if *e.alg == "" {
			if *e.enc != "" {
				v.add(e.encField, "it has no effect without %s; remove it", v.spell(e.algField))
			}
			continue
		}
		known := oneOf(v, e.algField, *e.alg, EncryptionAlgs())
		if *e.enc != "" {
			oneOf(v, e.encField, *e.enc, ContentEncryptions())
		}
		switch {
		case !known:
		case !e.to:
			if !slices.Contains(v.policy.EncryptionAlgs, *e.alg) {
				v.add(e.algField, "there is no key that %s could be encrypted to with; add one to signing_keys.encryption_algs", *e.alg)
			}
		case v.JWKS == nil && v.JWKSURI == "":
			v.add(e.algField, "this needs a key of the client to encrypt to: its address in jwks_uri, or itself in jwks")
		case v.JWKS != nil && len(v.JWKS.Encrypting(*e.alg)) == 0:
			v.add("jwks", "it has no key for encryption with %s; add one with kty %s and use enc%s", *e.alg, keyTypeOf(*e.alg), v.JWKS.adviseCurve())
		}
	}
}

// adviseCurve says why a key for ECDH-ES on X25519 or X448 (RFC 8037) is none here.
func (s *KeySet) adviseCurve() string {
	if !slices.ContainsFunc(s.Keys, func(k Key) bool { return k.Type == "OKP" && k.Use != "sig" }) {
		return ""
	}
	return " (keys of kty OKP, such as X25519, cannot be encrypted to: the JOSE library does not know them)"
}

// keyTypeOf is the kty of keys for an algorithm: of those for ECDH-ES, the curves of NIST.
func keyTypeOf(alg string) string {
	if strings.HasPrefix(alg, "ECDH-ES") {
		return "EC"
	}
	return "RSA"
}

// Encrypting are the keys of the set that may be encrypted to with an algorithm (Core
// 10.2): of its kind, and not said to be for signatures or another algorithm.
func (s *KeySet) Encrypting(alg string) []Key {
	var fitting []Key
	for _, k := range s.Keys {
		if k.Use != "sig" && k.Type == keyTypeOf(alg) && (k.Algorithm == "" || k.Algorithm == alg) {
			fitting = append(fitting, k)
		}
	}
	return fitting
}
