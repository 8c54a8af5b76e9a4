package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Sign returns the payload as a compact JWS (RFC 7515 section 7.1) with alg, kid
// and typ in its header, by the key of the algorithm that signs now.
//
// It is put together here and verified by go-jose: that encodes a header anew for
// each token, which with all around it takes half as long as an ES256 signature.
func (r *Ring) Sign(alg, typ string, payload []byte) (string, error) {
	key, err := r.snapshot.Load().signer(alg, r.cfg.Now())
	if err != nil {
		return "", err
	}
	header, err := key.header(typ)
	if err != nil {
		return "", err
	}
	token := make([]byte, 0, len(header)+1+base64.RawURLEncoding.EncodedLen(len(payload))+1+maxSignature)
	token = append(append(token, header...), '.')
	token = base64.RawURLEncoding.AppendEncode(token, payload)
	signature, err := key.sign(token)
	if err != nil {
		return "", fmt.Errorf("sign with %s key %s: %w", alg, key.row.ID, err)
	}
	return string(base64.RawURLEncoding.AppendEncode(append(token, '.'), signature)), nil
}

// maxSignature is the length of the longest usual signature, of RSA, in base64url.
const maxSignature = (rsaBits/8*4 + 2) / 3

// header returns the encoded header of the key's tokens of a type.
func (k *signingKey) header(typ string) (string, error) {
	if made, ok := k.headers.Load(typ); ok {
		return made.(string), nil
	}
	text, err := json.Marshal(struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Typ string `json:"typ"`
	}{k.row.Alg, k.row.ID, typ})
	if err != nil {
		return "", fmt.Errorf("encode JWS header: %w", err)
	}
	made, _ := k.headers.LoadOrStore(typ, encode(text))
	return made.(string), nil
}

// sign makes the signature of the key's algorithm (RFC 7518 section 3, RFC 8037).
func (k *signingKey) sign(input []byte) ([]byte, error) {
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		switch {
		case k.row.Alg == ES256 && private.Curve == elliptic.P256():
			sum := sha256.Sum256(input)
			return signECDSA(private, sum[:])
		case k.row.Alg == ES384 && private.Curve == elliptic.P384():
			sum := sha512.Sum384(input)
			return signECDSA(private, sum[:])
		}
	case *rsa.PrivateKey:
		sum := sha256.Sum256(input)
		switch k.row.Alg {
		case RS256:
			return private.Sign(rand.Reader, sum[:], crypto.SHA256)
		case PS256:
			return private.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
		}
	case ed25519.PrivateKey:
		if k.row.Alg == EdDSA {
			return ed25519.Sign(private, input), nil
		}
	}
	return nil, fmt.Errorf("a %T does not sign so", k.private)
}

// signECDSA makes r and s, each as long as the curve's order (RFC 7518 section 3.4).
func signECDSA(private *ecdsa.PrivateKey, sum []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, private, sum)
	if err != nil {
		return nil, err
	}
	size := (private.Params().BitSize + 7) / 8
	signature := make([]byte, 2*size)
	r.FillBytes(signature[:size])
	s.FillBytes(signature[size:])
	return signature, nil
}
