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
	// FailList is what a read of the ring answers.
	FailList error

	mu sync.Mutex
}

// List returns all rows.
func (s *SigningKeys) List(context.Context) ([]storage.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.Rows), s.FailList
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

// Revoke removes a row and lets its successor sign; see keys.Ring.
func (s *SigningKeys) Revoke(_ context.Context, id string, successor *storage.SigningKey, now time.Time, e storage.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.Rows, func(k storage.SigningKey) bool { return k.ID == id })
	if i < 0 {
		return storage.ErrNotFound
	}
	gone := s.Rows[i]
	s.Rows = slices.Delete(s.Rows, i, i+1)
	for i := range s.Rows {
		if k := &s.Rows[i]; k.Alg == gone.Alg && k.Slot < gone.Slot && k.SignsUntil.After(now) {
			k.SignsUntil, k.ExpiresAt = time.Time{}, time.Time{}
		}
	}
	if successor != nil {
		i := slices.IndexFunc(s.Rows, func(k storage.SigningKey) bool { return k.ID == successor.ID })
		if i < 0 {
			s.Rows = append(s.Rows, *successor)
		} else {
			s.Rows[i].SignsFrom = successor.SignsFrom
		}
	}
	s.Events = append(s.Events, e)
	return nil
}

// Expire forgets private parts and removes rows; see keys.Ring.
func (s *SigningKeys) Expire(_ context.Context, now, forget time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	over := func(k storage.SigningKey, at time.Time) bool { return !k.ExpiresAt.IsZero() && !at.Before(k.ExpiresAt) }
	s.Rows = slices.DeleteFunc(s.Rows, func(k storage.SigningKey) bool { return over(k, forget) })
	for i := range s.Rows {
		if over(s.Rows[i], now) {
			s.Rows[i].Sealed = ""
		}
	}
	return nil
}
