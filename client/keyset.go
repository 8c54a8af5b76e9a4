package client

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MaxKeys bounds a client's key set: verifying tries each key that fits.
const MaxKeys = 32

// KeySet is the public keys that a client signs with and is encrypted to, as a
// JWK Set (RFC 7517 section 5). Private keys have no place in it.
type KeySet struct {
	Keys []Key `json:"keys"`
}

// Key is one public JWK. The parameters that choose a key are read here, the
// rest is kept as it was given for whoever verifies with it.
type Key struct {
	ID        string
	Type      string
	Use       string
	Algorithm string
	// Certified says that the key comes with a certificate (x5c).
	Certified bool
	// raw is the whole JWK.
	raw json.RawMessage
}

// errPrivateKey: what is registered is shown to others.
var errPrivateKey = errors.New("a key holds a private or symmetric part; register public keys only")

// UnmarshalJSON implements json.Unmarshaler. It refuses private keys.
func (k *Key) UnmarshalJSON(text []byte) error {
	var members struct {
		ID        string          `json:"kid"`
		Type      string          `json:"kty"`
		Use       string          `json:"use"`
		Algorithm string          `json:"alg"`
		Chain     []string        `json:"x5c"`
		Private   json.RawMessage `json:"d"`
		Symmetric json.RawMessage `json:"k"`
	}
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("read JWK: %w", err)
	}
	if members.Private != nil || members.Symmetric != nil || members.Type == "oct" {
		return errPrivateKey
	}
	*k = Key{
		ID: members.ID, Type: members.Type, Use: members.Use, Algorithm: members.Algorithm, Certified: len(members.Chain) > 0,
		raw: append(json.RawMessage(nil), text...),
	}
	return nil
}

// MarshalJSON implements json.Marshaler with the JWK as it was given.
func (k Key) MarshalJSON() ([]byte, error) {
	if k.raw == nil {
		return nil, errors.New("a key that was not read from JSON")
	}
	return k.raw, nil
}

// JSON returns the JWK as it was given.
func (k Key) JSON() []byte { return append([]byte(nil), k.raw...) }
