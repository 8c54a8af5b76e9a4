package op

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// refreshTokenPrefix lets scanners of leaked secrets know one when they see it.
const refreshTokenPrefix = "lkr_"

// A refresh token is the prefix and the base64url of
//
//	version 1 | key tag 4 | grant 16 | generation 4 | MAC 32 | masked salt 16
//
// The MAC covers everything else and the client. The salt is that of the
// grant's row, hidden under a mask that follows from the MAC, so the MAC is its
// initialisation vector too (a synthetic one, as in RFC 5297). Whoever steals
// the database has no key for the MAC; whoever steals the key has no salt; and
// the same grant, generation and client always make the same token, which is
// how a retry after a lost answer gets the very successor that was lost.
const (
	refreshTokenVersion = 1
	grantIDSize         = 16
	generationSize      = 4
	saltSize            = 16
	refreshTokenSize    = 1 + keys.TagSize + grantIDSize + generationSize + sha256.Size + saltSize
)

var errRefreshToken = errors.New("not a refresh token of ours")

// strictBase64 refuses padding bits that are not zero: one token, one spelling.
var strictBase64 = base64.RawURLEncoding.Strict()

// refreshToken is what a refresh token says.
type refreshToken struct {
	GrantID    storage.ID
	Generation uint32
	Salt       [saltSize]byte
}

// refreshTokenCodec makes and reads refresh tokens.
type refreshTokenCodec struct {
	hasher *keys.Hasher
	keys   map[keys.Tag]*refreshKey
}

// refreshKey is what one key of the hasher makes tokens with.
type refreshKey struct{ mac, mask *macKey }

func newRefreshTokenCodec(hasher *keys.Hasher) *refreshTokenCodec {
	c := &refreshTokenCodec{hasher: hasher, keys: map[keys.Tag]*refreshKey{}}
	for _, k := range hasher.Derive("refresh-token") {
		c.keys[keys.TagOf(k.ID)] = &refreshKey{
			mac:  newMACKey(hmacSHA256(k.Key, []byte("mac"))),
			mask: newMACKey(hmacSHA256(k.Key, []byte("mask"))),
		}
	}
	return c
}

// encode spells t for the client, under the key that makes now.
func (c *refreshTokenCodec) encode(t refreshToken, clientID string) (string, error) {
	id, err := t.GrantID.Bytes()
	if err != nil {
		return "", fmt.Errorf("encode refresh token: %w", err)
	}
	tag := c.hasher.Tag()
	key := c.keys[tag]
	b := make([]byte, 0, refreshTokenSize)
	b = append(b, refreshTokenVersion)
	b = append(b, tag[:]...)
	b = append(b, id[:]...)
	b = binary.BigEndian.AppendUint32(b, t.Generation)
	mac := key.sum(id[:], t.Generation, t.Salt, clientID)
	b = append(b, mac[:]...)
	masked := t.Salt
	key.applyMask(&masked, mac[:], id[:], t.Generation)
	b = append(b, masked[:]...)
	return refreshTokenPrefix + base64.RawURLEncoding.EncodeToString(b), nil
}

// parsedRefreshToken is a token that has the right form. Nothing in it may be
// relied on until issuedTo has said yes.
type parsedRefreshToken struct {
	refreshToken
	key *refreshKey
	id  [grantIDSize]byte
	mac [sha256.Size]byte
}

// parse reads a token's form without touching any store. Of a token whose key is
// not configured it returns no more than which grant it claims to be of, with
// keys.ErrUnknownKey.
func (c *refreshTokenCodec) parse(token string) (*parsedRefreshToken, error) {
	encoded, ok := strings.CutPrefix(token, refreshTokenPrefix)
	if !ok || len(encoded) != strictBase64.EncodedLen(refreshTokenSize) {
		return nil, errRefreshToken
	}
	b, err := strictBase64.DecodeString(encoded)
	if err != nil || b[0] != refreshTokenVersion {
		return nil, errRefreshToken
	}
	b = b[1:]
	tag := keys.Tag(b)
	t := &parsedRefreshToken{key: c.keys[tag]}
	b = b[keys.TagSize:]
	t.id = [grantIDSize]byte(b)
	t.GrantID = storage.IDFromBytes(t.id)
	switch err := c.hasher.KnowsTag(tag); {
	case errors.Is(err, keys.ErrRevokedKey):
		return nil, fmt.Errorf("%w: %w", errRefreshToken, err)
	case err != nil:
		return t, err
	}
	b = b[grantIDSize:]
	t.Generation = binary.BigEndian.Uint32(b)
	b = b[generationSize:]
	t.mac = [sha256.Size]byte(b)
	t.Salt = [saltSize]byte(b[sha256.Size:])
	t.key.applyMask(&t.Salt, t.mac[:], t.id[:], t.Generation)
	return t, nil
}

// issuedTo reports whether we made the token, and made it for the client.
func (t *parsedRefreshToken) issuedTo(clientID string) bool {
	sum := t.key.sum(t.id[:], t.Generation, t.Salt, clientID)
	return hmac.Equal(t.mac[:], sum[:])
}

// belongsTo reports whether the token is one of the grant's, of whichever
// generation: made by us, for the grant's client, with the salt of its row.
func (t *parsedRefreshToken) belongsTo(g *storage.Grant) bool {
	return t.GrantID == g.ID && t.issuedTo(g.ClientID) &&
		subtle.ConstantTimeCompare(t.Salt[:], g.Salt) == 1
}

// sum is the MAC. All but the last part have a fixed length, so no two
// different tokens share an input.
func (k *refreshKey) sum(grantID []byte, generation uint32, salt [saltSize]byte, clientID string) [sha256.Size]byte {
	input := make([]byte, 0, 1+grantIDSize+generationSize+saltSize+len(clientID))
	input = append(input, refreshTokenVersion)
	input = append(input, grantID...)
	input = binary.BigEndian.AppendUint32(input, generation)
	input = append(input, salt[:]...)
	return k.mac.sum(append(input, clientID...))
}

// applyMask hides a salt, or shows a hidden one.
func (k *refreshKey) applyMask(salt *[saltSize]byte, mac, grantID []byte, generation uint32) {
	input := make([]byte, 0, sha256.Size+grantIDSize+generationSize)
	input = append(input, mac...)
	input = append(input, grantID...)
	input = binary.BigEndian.AppendUint32(input, generation)
	mask := k.mask.sum(input)
	subtle.XORBytes(salt[:], salt[:], mask[:saltSize])
}

// macKey is a key of HMAC-SHA256. It keeps what follows from the key alone, which is half
// of the work for a message as short as ours.
type macKey struct{ states sync.Pool } // of hash.Hash

func newMACKey(key []byte) *macKey {
	return &macKey{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (k *macKey) sum(message []byte) (sum [sha256.Size]byte) {
	h := k.states.Get().(hash.Hash)
	defer k.states.Put(h)
	h.Reset()
	h.Write(message)
	h.Sum(sum[:0])
	return sum
}

func hmacSHA256(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
