package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrSealBroken says that a sealed value was changed, cut, or moved to another
// row, or is none.
var ErrSealBroken = errors.New("sealed value is not authentic")

const (
	sealVersion   = "v1"
	dataKeySize   = 32
	gcmNonceSize  = 12
	gcmTagSize    = 16
	wrappedSize   = dataKeySize + gcmTagSize
	sealNonceSize = 2 * gcmNonceSize // one to wrap the data key, one for the data
)

// AssociatedData says where a sealed value stands. A value opens only there,
// so that nobody with the database can hand one person another's secret.
type AssociatedData struct {
	Table, Column, Row string
	// Version is that of the row, where the row has one.
	Version int
}

// bytes spells the place so that no two places spell alike.
func (a AssociatedData) bytes() []byte {
	var b []byte
	for _, part := range []string{a.Table, a.Column, a.Row} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(a.Version))
}

// Sealer encrypts what is at rest: AES-256-GCM under a data key of its own for
// each value, which is wrapped by the key-encryption key. A sealed value is
// the text
//
//	v1.kid.nonce.ciphertext
//
// where the ciphertext begins with the wrapped data key.
type Sealer struct {
	secrets *secrets
	wrap    map[string]cipher.AEAD
}

// NewSealer makes a Sealer of key-encryption keys. The first of them whose time
// has come seals; any opens.
func NewSealer(list []SecretKey, options ...Option) (*Sealer, error) {
	known, err := newSecrets(list, options)
	if err != nil {
		return nil, fmt.Errorf("sealing keys: %w", err)
	}
	s := &Sealer{secrets: known, wrap: make(map[string]cipher.AEAD, len(list))}
	for _, k := range known.keys {
		aead, err := newGCM(k.Key[:minKeyLength])
		if err != nil {
			return nil, fmt.Errorf("sealing key %q: %w", k.ID, err)
		}
		s.wrap[k.ID] = aead
	}
	return s, nil
}

// Seal encrypts plaintext for its place under the current key.
func (s *Sealer) Seal(plaintext []byte, place AssociatedData) (string, error) {
	var random [sealNonceSize + dataKeySize]byte
	rand.Read(random[:]) // never fails: crypto/rand documents that it crashes instead
	nonce, dataKey := random[:sealNonceSize], random[sealNonceSize:]
	data, err := newGCM(dataKey)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	ad := place.bytes()
	current := s.secrets.keys[s.secrets.maker()].ID
	sealed := s.wrap[current].Seal(nil, nonce[:gcmNonceSize], dataKey, ad)
	sealed = data.Seal(sealed, nonce[gcmNonceSize:], plaintext, ad)
	return strings.Join([]string{sealVersion, current, encode(nonce), encode(sealed)}, "."), nil
}

// Open decrypts what was sealed for the place. It answers ErrUnknownKey,
// ErrRevokedKey or ErrSealBroken.
func (s *Sealer) Open(sealed string, place AssociatedData) ([]byte, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 4 || parts[0] != sealVersion {
		return nil, ErrSealBroken
	}
	wrap, known := s.wrap[parts[1]]
	if s.secrets.revoked[parts[1]] {
		return nil, fmt.Errorf("%w: %q", ErrRevokedKey, parts[1])
	}
	if !known {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKey, parts[1])
	}
	nonce, err := decode(parts[2])
	if err != nil || len(nonce) != sealNonceSize {
		return nil, ErrSealBroken
	}
	ciphertext, err := decode(parts[3])
	if err != nil || len(ciphertext) < wrappedSize+gcmTagSize {
		return nil, ErrSealBroken
	}
	ad := place.bytes()
	dataKey, err := wrap.Open(nil, nonce[:gcmNonceSize], ciphertext[:wrappedSize], ad)
	if err != nil {
		return nil, ErrSealBroken
	}
	data, err := newGCM(dataKey)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plaintext, err := data.Open(nil, nonce[gcmNonceSize:], ciphertext[wrappedSize:], ad)
	if err != nil {
		return nil, ErrSealBroken
	}
	return plaintext, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }

// Reseal seals what a value holds anew under the current key, for the same place, and
// reports whether it was under another. Of one that is under the current key already it
// changes nothing. It answers what [Sealer.Open] does.
func (s *Sealer) Reseal(sealed string, place AssociatedData) (string, bool, error) {
	plaintext, err := s.Open(sealed, place)
	if err != nil {
		return "", false, err
	}
	if strings.Split(sealed, ".")[1] == s.secrets.keys[s.secrets.maker()].ID {
		return sealed, false, nil
	}
	next, err := s.Seal(plaintext, place)
	return next, true, err
}
