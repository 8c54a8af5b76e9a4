package storagetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// SigningKeys is a store of signing keys in memory, that nodes of a test share.
type SigningKeys struct {
	Rows   []storage.SigningKey
	Events []storage.Event
	// FailRetire makes a node stop between its two writes.
	FailRetire error

	mu sync.Mutex
}

// List returns all rows.
func (s *SigningKeys) List(context.Context) ([]storage.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.Rows), nil
}

// Insert adds a row, unless another has its algorithm's slot.
func (s *SigningKeys) Insert(_ context.Context, k storage.SigningKey, e storage.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.Rows {
		if other.Alg == k.Alg && other.Slot == k.Slot {
			return storage.ErrConflict
		}
	}
	s.Rows, s.Events = append(s.Rows, k), append(s.Events, e)
	return nil
}

// Retire says until when a key signs and is published, unless it is said already.
func (s *SigningKeys) Retire(_ context.Context, id string, signsUntil, expiresAt time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.FailRetire != nil {
		return s.FailRetire
	}
	for i := range s.Rows {
		if s.Rows[i].ID == id && s.Rows[i].SignsUntil.IsZero() {
			s.Rows[i].SignsUntil, s.Rows[i].ExpiresAt = signsUntil, expiresAt
		}
	}
	return nil
}

// DeleteExpired removes what is published no more.
func (s *SigningKeys) DeleteExpired(_ context.Context, now time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.Rows)
	s.Rows = slices.DeleteFunc(s.Rows, func(k storage.SigningKey) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) })
	return int64(before - len(s.Rows)), nil
}
