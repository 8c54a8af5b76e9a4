package op

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-id/latchkey/keys"
)

// sealedTokenPrefix lets scanners of leaked secrets know one when they see it.
const sealedTokenPrefix = "lka_"

// A sealed access token is the prefix and the base64url of
//
//	version 1 | key tag 4 | salt 16 | nonce 12 | ciphertext and tag
//
// sealed with AES-256-GCM under a key of its own, derived from the server's and
// the salt: 28 random bytes together, so that no rate of issuing comes near the
// number of messages after which a repeated nonce becomes likely.
const (
	sealedTokenVersion  = 1
	sealedTokenSaltSize = 16
	sealedNonceSize     = 12
	sealedTokenHeader   = 1 + keys.TagSize + sealedTokenSaltSize + sealedNonceSize
	// sealedTokenMax bounds what is decoded, in characters.
	sealedTokenMax = 16 << 10
)

var errSealedTokenForm = errors.New("not a sealed token of ours")

// sealedTokenCodec seals the claims of opaque access tokens.
type sealedTokenCodec struct {
	hasher *keys.Hasher
	keys   map[keys.Tag][]byte
	random io.Reader
}

func newSealedTokenCodec(hasher *keys.Hasher, random io.Reader) *sealedTokenCodec {
	c := &sealedTokenCodec{hasher: hasher, keys: map[keys.Tag][]byte{}, random: random}
	for _, k := range hasher.Derive("access-token") {
		c.keys[keys.TagOf(k.ID)] = k.Key
	}
	return c
}

// seal hides the payload in a token.
func (c *sealedTokenCodec) seal(payload []byte) (string, error) {
	tag := c.hasher.Tag()
	header := make([]byte, sealedTokenHeader, sealedTokenHeader+len(payload)+aes.BlockSize)
	header[0] = sealedTokenVersion
	copy(header[1:], tag[:])
	if _, err := io.ReadFull(c.random, header[1+keys.TagSize:]); err != nil {
		return "", fmt.Errorf("read randomness for a token: %w", err)
	}
	aead, err := sealedTokenAEAD(c.keys[tag], header)
	if err != nil {
		return "", err
	}
	sealed := aead.Seal(header, header[sealedTokenHeader-sealedNonceSize:], payload, header)
	return sealedTokenPrefix + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open returns the payload of a token that one of our keys sealed.
func (c *sealedTokenCodec) open(token string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(token, sealedTokenPrefix)
	if !ok || len(encoded) > sealedTokenMax {
		return nil, errSealedTokenForm
	}
	b, err := strictBase64.DecodeString(encoded)
	if err != nil || len(b) < sealedTokenHeader || b[0] != sealedTokenVersion {
		return nil, errSealedTokenForm
	}
	header, ciphertext := b[:sealedTokenHeader], b[sealedTokenHeader:]
	tag := keys.Tag(header[1:])
	switch err := c.hasher.KnowsTag(tag); {
	case errors.Is(err, keys.ErrRevokedKey):
		return nil, fmt.Errorf("%w: %w", errSealedTokenForm, err)
	case err != nil:
		return nil, err
	}
	aead, err := sealedTokenAEAD(c.keys[tag], header)
	if err != nil {
		return nil, err
	}
	payload, err := aead.Open(nil, header[sealedTokenHeader-sealedNonceSize:], ciphertext, header)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSealedTokenForm, err)
	}
	return payload, nil
}

// sealedTokenAEAD derives the key of one token from the salt in its header.
func sealedTokenAEAD(secret, header []byte) (cipher.AEAD, error) {
	salt := header[1+keys.TagSize : sealedTokenHeader-sealedNonceSize]
	block, err := aes.NewCipher(hmacSHA256(secret, salt))
	if err != nil {
		return nil, fmt.Errorf("make cipher for a token: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher for a token: %w", err)
	}
	return aead, nil
}
