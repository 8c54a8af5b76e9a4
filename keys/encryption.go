package keys

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/storage"
)

// The algorithms of keys that others encrypt to (RFC 7518 sections 4.3 and 4.6).
const (
	RSAOAEP256 = "RSA-OAEP-256"
	ECDHES     = "ECDH-ES"
)

// encryptionAlgs lists them.
var encryptionAlgs = []string{RSAOAEP256, ECDHES}

// keyWraps are the algorithms of a JWE that a key of each is for: one on an elliptic
// curve agrees on the content's key, or on the key that wraps it.
var keyWraps = map[string][]jose.KeyAlgorithm{
	RSAOAEP256: {jose.RSA_OAEP_256},
	ECDHES:     {jose.ECDH_ES, jose.ECDH_ES_A256KW},
}

// contentEncryptions are those of the content.
var contentEncryptions = []jose.ContentEncryption{jose.A128CBC_HS256, jose.A256GCM}

// ErrInvalidJWE says that something was not encrypted to us: malformed, of another
// algorithm or key, or changed on the way.
var ErrInvalidJWE = errors.New("invalid JWE")

// decryptingKey is the private part of a key that others encrypt to.
type decryptingKey struct {
	alg     string
	private crypto.Signer
}

// IsEncryptionAlg reports whether keys of the algorithm are encrypted to, and sign nothing.
func IsEncryptionAlg(alg string) bool { return slices.Contains(encryptionAlgs, alg) }

// publicKey is a key as the JWKS has it. One on a curve serves several algorithms, and
// so names none.
func publicKey(alg, kid string, public any) jose.JSONWebKey {
	switch alg {
	case ECDHES:
		return jose.JSONWebKey{Key: public, KeyID: kid, Use: "enc"}
	case RSAOAEP256:
		return jose.JSONWebKey{Key: public, KeyID: kid, Use: "enc", Algorithm: alg}
	}
	return jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig", Algorithm: alg}
}

// EncryptionAlgs returns the algorithms that a JWE to this ring may have; none where it
// has no keys for that.
func (r *Ring) EncryptionAlgs() []string {
	var names []string
	for _, alg := range r.cfg.Policy.EncryptionAlgs {
		for _, wrap := range keyWraps[alg] {
			names = append(names, string(wrap))
		}
	}
	return names
}

// ContentEncryptions returns what the content of a JWE to this ring may be encrypted with.
func ContentEncryptions() []string {
	names := make([]string, len(contentEncryptions))
	for i, e := range contentEncryptions {
		names[i] = string(e)
	}
	return names
}

// Decrypt returns what a compact JWE to a published key of the ring holds, and its
// algorithms; it answers ErrInvalidJWE to all others, whatever is wrong with them. What
// it holds proves nothing: anybody can encrypt to us. Compressed content is refused, for
// what it tells and for what it grows to. The ring is read again for a kid that this
// node does not know (requirement KY5), as in [Ring.Verify].
func (r *Ring) Decrypt(ctx context.Context, token string) (content []byte, alg, enc string, err error) {
	if len(token) > maxJWSLength {
		return nil, "", "", fmt.Errorf("%w: %d bytes long", ErrInvalidJWE, len(token))
	}
	var allowed []jose.KeyAlgorithm
	for _, alg := range r.cfg.Policy.EncryptionAlgs {
		allowed = append(allowed, keyWraps[alg]...)
	}
	parsed, err := jose.ParseEncryptedCompact(token, allowed, contentEncryptions)
	if err != nil {
		return nil, "", "", fmt.Errorf("%w: %w", ErrInvalidJWE, err)
	}
	var header struct {
		Zip json.RawMessage `json:"zip"`
		Enc string          `json:"enc"`
	}
	encoded, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(raw, &header)
	}
	if err != nil || header.Zip != nil {
		return nil, "", "", fmt.Errorf("%w: its header cannot be read, or its content is compressed", ErrInvalidJWE)
	}
	keys := r.decrypters(parsed.Header)
	if len(keys) == 0 && parsed.Header.KeyID != "" {
		if err := r.reload(ctx); err != nil {
			return nil, "", "", fmt.Errorf("find key of JWE: %w", err)
		}
		keys = r.decrypters(parsed.Header)
	}
	for _, key := range keys {
		if content, err := parsed.Decrypt(key.private); err == nil {
			return content, parsed.Header.Algorithm, header.Enc, nil
		}
	}
	return nil, "", "", fmt.Errorf("%w: encrypted to no key of the ring, or changed", ErrInvalidJWE)
}

// decrypters are the keys that a JWE may be encrypted to: the one that it names, or
// where it names none each of the algorithm.
func (r *Ring) decrypters(header jose.Header) []decryptingKey {
	var fitting []decryptingKey
	for kid, key := range r.snapshot.Load().decrypter {
		if (header.KeyID == "" || header.KeyID == kid) && slices.Contains(keyWraps[key.alg], jose.KeyAlgorithm(header.Algorithm)) {
			fitting = append(fitting, key)
		}
	}
	return fitting
}

// addDecrypter takes a key that others encrypt to into use.
func (s *snapshot) addDecrypter(row storage.SigningKey, private crypto.Signer) {
	s.decrypter[row.ID] = decryptingKey{alg: row.Alg, private: private}
}
