package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// StoredConfig is what [Stored] is made of.
type StoredConfig struct {
	Store stored
	// Lifetimes are those of clients that have none of their own.
	Lifetimes Lifetimes
	// SectorKey makes the subjects of pairwise clients; nil: there are none.
	SectorKey []byte
	// Consent is the policy for clients that registered themselves; empty is always.
	Consent ConsentPolicy
	// WithoutPKCE lets those of them that authenticate do without (see
	// [Metadata.RequiresPKCE]).
	WithoutPKCE bool
	// Resources are the resource servers that they may ask for; nil leaves it to their scopes.
	Resources []string
	// UnusedFor is after how long without use a client that registered itself ends, and
	// LastsFor after how long in any case; zero: never.
	UnusedFor, LastsFor time.Duration
	Now                 func() time.Time
}

// stored keeps clients; storage/sqlstore.Clients in the binary.
type stored interface {
	// ByID answers storage.ErrNotFound where there is none.
	ByID(ctx context.Context, id string) (*storage.Client, error)
	HasOrigin(ctx context.Context, origin string) (bool, error)
	HasScope(ctx context.Context, scope string) (bool, error)
	// Used notes that a client got tokens, unless that was noted after since, and when it
	// ends now.
	Used(ctx context.Context, id string, now, since, endsAt time.Time) error
}

// Stored are the clients of the database, as a [Source]. Each look-up reads: what was
// removed or limited on one node is so on all of them at once.
type Stored struct{ cfg StoredConfig }

var _ Source = (*Stored)(nil)

// NewStored makes Stored.
func NewStored(cfg StoredConfig) *Stored { return &Stored{cfg} }

// Client implements [Source]. A client that is disabled, or has ended and is yet to be
// swept, is unknown.
func (s *Stored) Client(ctx context.Context, id string) (*Client, error) {
	if !IsID(id) {
		return nil, ErrUnknown // no database needs to be asked
	}
	row, err := s.cfg.Store.ByID(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	case err != nil:
		return nil, err
	case !row.DisabledAt.IsZero():
		return nil, fmt.Errorf("%w: it is disabled", ErrUnknown)
	case row.Source == storage.ClientByDocument:
		return nil, fmt.Errorf("%w: its document says what it is", ErrUnknown)
	case !row.EndsAt.IsZero() && !s.cfg.Now().Before(row.EndsAt):
		return nil, fmt.Errorf("%w: it ended", ErrUnknown)
	}
	return s.Read(row)
}

// Seen are the same clients and those that are known by a document, as that was when
// they were last used: for whoever names or tells a client, and must not have addresses
// called for it.
func (s *Stored) Seen() Source { return seen{s} }

type seen struct{ *Stored }

// Client implements [Source].
func (s seen) Client(ctx context.Context, id string) (*Client, error) {
	if !IsDocumentID(id) {
		return s.Stored.Client(ctx, id)
	}
	row, err := s.cfg.Store.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if err != nil {
		return nil, err
	}
	return s.Read(row)
}

// Read makes a client of a row, whether it may do anything or not.
func (s *Stored) Read(row *storage.Client) (*Client, error) {
	var m Metadata
	if err := json.Unmarshal(row.Metadata, &m); err != nil {
		return nil, fmt.Errorf("read metadata of client %.64q: %w", row.ID, err)
	}
	secrets := make([]Secret, len(row.Secrets))
	for i, secret := range row.Secrets {
		secrets[i] = Secret{Verifier: secret.Verifier, ExpiresAt: secret.ExpiresAt}
	}
	c := New(row.ID, m, secrets, s.cfg.Lifetimes)
	c.Source, c.LastUsedAt = row.Source, row.LastUsedAt
	if c.Registered() {
		c.Consent = s.cfg.Consent
		if s.cfg.Resources != nil {
			c.Resources = s.cfg.Resources
		}
		if s.cfg.WithoutPKCE {
			required := false
			c.RequirePKCE = &required
		}
	}
	if err := c.Pair(s.cfg.SectorKey); err != nil {
		return nil, err
	}
	return &c, nil
}

// HasOrigin implements [Source].
func (s *Stored) HasOrigin(ctx context.Context, origin string) (bool, error) {
	return s.cfg.Store.HasOrigin(ctx, origin)
}

// HasScope implements [Source].
func (s *Stored) HasScope(ctx context.Context, scope string) (bool, error) {
	return s.cfg.Store.HasScope(ctx, scope)
}

// usedEvery is how often it is noted that a client is used: a write for each token would
// be one for nothing.
const usedEvery = day

// Used notes that a client of the database got tokens, which lets one that registered
// itself live on. It writes once a day.
func (s *Stored) Used(ctx context.Context, c *Client) error {
	now := s.cfg.Now()
	if c.Source == "" || now.Sub(c.LastUsedAt) < usedEvery {
		return nil
	}
	row, err := s.cfg.Store.ByID(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("note use of client %.64q: %w", c.ID, err)
	}
	return s.cfg.Store.Used(ctx, c.ID, now, now.Add(-usedEvery), s.EndsAt(row.Source, row.CreatedAt, now))
}

// EndsAt is when a client ends that was last used at a time; zero: never.
func (s *Stored) EndsAt(source storage.ClientSource, created, used time.Time) time.Time {
	var ends time.Time
	if source == storage.ClientByAdministrator {
		return ends
	}
	if s.cfg.UnusedFor > 0 {
		ends = used.Add(s.cfg.UnusedFor)
	}
	if last := created.Add(s.cfg.LastsFor); s.cfg.LastsFor > 0 && (ends.IsZero() || last.Before(ends)) {
		ends = last
	}
	return ends
}
