package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/storage"
)

// The signing algorithms that a ring may have (RFC 7518 section 3.1, RFC 8037).
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	ES384 = "ES384"
	EdDSA = "EdDSA"
)

// signingAlgs lists them.
var signingAlgs = []string{RS256, PS256, ES256, ES384, EdDSA}

// rsaBits is the size that every relying party takes and that FAPI and NIST
// allow; a larger one is several times slower to sign with.
const rsaBits = 2048

// generate makes a private key for the algorithm.
func generate(alg string) (crypto.Signer, error) {
	switch alg {
	case RS256, PS256, RSAOAEP256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case ES256, ECDHES:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("no keys are made for algorithm %q: use one of %v", alg, slices.Concat(signingAlgs, encryptionAlgs))
}

// privateKeyPlace binds a sealed private key to its row.
func privateKeyPlace(kid string) AssociatedData {
	return AssociatedData{Table: "signing_keys", Column: "private_key", Row: kid}
}

// newSigningKey makes the key that is due and seals it for its row.
func (r *Ring) newSigningKey(b activation, now time.Time) (storage.SigningKey, error) {
	private, jwk, err := r.namedKey(b.Alg)
	if err != nil {
		return storage.SigningKey{}, err
	}
	public, err := json.Marshal(jwk)
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("encode public %s key: %w", b.Alg, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("encode private %s key: %w", b.Alg, err)
	}
	sealed, err := r.cfg.Sealer.Seal(der, privateKeyPlace(jwk.KeyID))
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("seal private %s key: %w", b.Alg, err)
	}
	return storage.SigningKey{
		ID: jwk.KeyID, Alg: b.Alg, Slot: b.Slot, Public: public, Sealed: sealed,
		CreatedAt: now, SignsFrom: b.SignsFrom,
	}, nil
}

// namedKey makes a private key, and its public half with the thumbprint as its ID (RFC
// 7638). Operators name keys on a command line, where an ID that begins with a hyphen is
// read as a flag: one key in 64 is made again.
func (r *Ring) namedKey(alg string) (crypto.Signer, jose.JSONWebKey, error) {
	for tries := 0; ; tries++ {
		private, err := r.cfg.Generate(alg)
		if err != nil {
			return nil, jose.JSONWebKey{}, fmt.Errorf("generate %s key: %w", alg, err)
		}
		jwk := publicKey(alg, "", private.Public())
		thumbprint, err := jwk.Thumbprint(crypto.SHA256)
		if err != nil {
			return nil, jose.JSONWebKey{}, fmt.Errorf("name %s key: %w", alg, err)
		}
		jwk.KeyID = encode(thumbprint)
		if !strings.HasPrefix(jwk.KeyID, "-") || tries == 10 {
			return private, jwk, nil
		}
	}
}

// rotationEvent is the security event of a key that enters the ring.
func rotationEvent(by storage.Event, k storage.SigningKey, now time.Time, random io.Reader) (storage.Event, error) {
	return keyEvent(by, storage.EventSigningKeyRotated,
		fmt.Sprintf("%s key %s signs from %s", k.Alg, k.ID, k.SignsFrom.UTC().Format(time.RFC3339)), now, random)
}

// keyEvent is an event of its own of a change of a key, with who wanted it, and why: one
// who rotates all keys causes several. Nobody did where by is empty.
func keyEvent(by storage.Event, typ storage.EventType, detail string, now time.Time, random io.Reader) (storage.Event, error) {
	e, err := storage.NewEvent(now, random, typ)
	if err != nil {
		return e, err
	}
	if by.Detail != "" {
		detail = by.Detail + ": " + detail
	}
	by.ID, by.Type, by.At, by.Outcome, by.Detail = e.ID, e.Type, e.At, e.Outcome, detail
	return by, nil
}

// ResealPrivateKey seals the private part of a signing key anew; see [Sealer.Reseal].
func ResealPrivateKey(sealer *Sealer, kid, sealed string) (string, bool, error) {
	return sealer.Reseal(sealed, privateKeyPlace(kid))
}
