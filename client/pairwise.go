package client

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/storage"
)

// The subject types (OpenID Connect Core 8).
const (
	SubjectPublic   = "public"
	SubjectPairwise = "pairwise"
)

// SubjectTypes lists the subject types.
func SubjectTypes() []string { return []string{SubjectPublic, SubjectPairwise} }

// MinPairwiseKey is how many bytes the key of pairwise subjects has at least.
const MinPairwiseKey = 32

// Sector makes subjects that the clients of one sector have in common and those of
// another cannot link (correlation, OpenID Connect Core 8.1). A subject is the person's
// id, encrypted as one block under a key of the sector: so it is stable, unique, and can
// be read here without a table.
type Sector struct{ block cipher.Block }

// NewSector makes the sector of a name, which is a host. Another key makes other
// subjects: it must never change.
func NewSector(key []byte, name string) (*Sector, error) {
	if len(key) < MinPairwiseKey {
		return nil, fmt.Errorf("a key of pairwise subjects of %d bytes", len(key))
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("pairwise subjects\x00" + name))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("make sector: %w", err)
	}
	return &Sector{block}, nil
}

// Equal implements comparison for tests: two sectors are the same if they make the
// same subjects.
func (s *Sector) Equal(other *Sector) bool {
	if s == nil || other == nil {
		return s == other
	}
	return s.subject([16]byte{}) == other.subject([16]byte{})
}

var subjectEncoding = base64.RawURLEncoding.Strict()

func (s *Sector) subject(id [16]byte) string {
	var sealed [16]byte
	s.block.Encrypt(sealed[:], id[:])
	return subjectEncoding.EncodeToString(sealed[:])
}

// Subject is the sub by which a client knows a person (OpenID Connect Core 8): the same
// at every client, or at those of its sector alone. c may be nil, for what is public.
// Everything that writes or compares a sub asks here.
func Subject(c *Client, user storage.ID) string {
	if c == nil || c.Sector == nil {
		return string(user)
	}
	id, err := user.Bytes()
	if err != nil {
		return "" // nobody has such an id, and nobody is to be told it
	}
	return c.Sector.subject(id)
}

// UserOf is the person that a client knows by a sub. Of a sub that we never made it is
// an id that nobody has, or none.
func UserOf(c *Client, subject string) (storage.ID, bool) {
	if c == nil || c.Sector == nil {
		return storage.ID(subject), subject != ""
	}
	sealed, err := subjectEncoding.DecodeString(subject)
	if err != nil || len(sealed) != aes.BlockSize {
		return "", false
	}
	var id [16]byte
	c.Sector.block.Decrypt(id[:], sealed)
	return storage.IDFromBytes(id), true
}

// sectorName is the host that tells the sectors of pairwise clients apart (OpenID
// Connect Core 8.1): that of the sector identifier, or the one that the redirect URIs
// have in common. Empty means that there is none.
func (m *Metadata) sectorName() string {
	if m.SectorIdentifierURI != "" {
		return hostOf(m.SectorIdentifierURI)
	}
	host := ""
	for i, uri := range m.RedirectURIs {
		switch of := hostOf(uri); {
		case of == "", i > 0 && of != host:
			return ""
		default:
			host = of
		}
	}
	return host
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Pair gives a pairwise client its sector; any other stays as it is.
func (c *Client) Pair(key []byte) error {
	if c.SubjectType != SubjectPairwise {
		return nil
	}
	name := c.sectorName()
	if name == "" {
		return fmt.Errorf("client %q has no sector", c.ID)
	}
	var err error
	c.Sector, err = NewSector(key, name)
	return err
}
