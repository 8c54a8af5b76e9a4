package keys

import (
	"errors"
	"fmt"
	"io"
)

// tokenBytes is the random part of a token: 256 bits.
const tokenBytes = 32

// TokenLength is the length of a token in characters.
const TokenLength = (TagSize + tokenBytes) * 4 / 3

// ErrNoToken says that something has not the form of a token.
var ErrNoToken = errors.New("not a token of ours")

// NewToken makes a random token that a store is to know by its keyed hash for the
// purpose, and returns both. The token begins with the tag of the key that made
// the hash, so that a node without that key knows that it cannot judge it
// (requirement KY5): to it the hash could only be "not found".
func (h *Hasher) NewToken(random io.Reader, purpose string) (token, sum string, err error) {
	var raw [TagSize + tokenBytes]byte
	i := h.secrets.maker()
	copy(raw[:], h.tag[i][:])
	if _, err := io.ReadFull(random, raw[TagSize:]); err != nil {
		return "", "", fmt.Errorf("read randomness for a token: %w", err)
	}
	token = encode(raw[:])
	return token, h.derive(purpose).sum(i, []string{token}), nil
}

// SumToken returns the hash under which a token of [Hasher.NewToken] is kept. It
// answers [ErrNoToken], [ErrRevokedKey], or [ErrUnknownKey] where this node
// cannot judge the token.
func (h *Hasher) SumToken(purpose, token string) (string, error) {
	if len(token) != TokenLength {
		return "", ErrNoToken
	}
	raw, err := decode(token)
	if err != nil {
		return "", ErrNoToken
	}
	tag := Tag(raw)
	if err := h.KnowsTag(tag); err != nil {
		return "", err
	}
	return h.derive(purpose).sum(h.place[tag], []string{token}), nil
}

// SumsOfToken is [Hasher.SumToken] for tokens of which some were made before tokens
// bore a tag: of those it returns the hash under every key.
func (h *Hasher) SumsOfToken(purpose, token string) ([]string, error) {
	sum, err := h.SumToken(purpose, token)
	switch {
	case errors.Is(err, ErrNoToken):
		return h.Sums(purpose, token), nil
	case err != nil:
		return nil, err
	}
	return []string{sum}, nil
}
