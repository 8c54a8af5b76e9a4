package keys

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// memory is a store of signing keys that nodes of a test share.
type memory struct {
	mu     sync.Mutex
	keys   []storage.SigningKey
	events []storage.Event
	// failRetire makes a node stop between its two writes.
	failRetire error
}

func (m *memory) List(context.Context) ([]storage.SigningKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys), nil
}

func (m *memory) Insert(_ context.Context, k storage.SigningKey, e storage.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.keys {
		if other.Alg == k.Alg && other.Slot == k.Slot {
			return storage.ErrConflict
		}
	}
	m.keys, m.events = append(m.keys, k), append(m.events, e)
	return nil
}

func (m *memory) Retire(_ context.Context, id string, signsUntil, expiresAt time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failRetire != nil {
		return m.failRetire
	}
	for i := range m.keys {
		if m.keys[i].ID == id && m.keys[i].SignsUntil.IsZero() {
			m.keys[i].SignsUntil, m.keys[i].ExpiresAt = signsUntil, expiresAt
		}
	}
	return nil
}

func (m *memory) DeleteExpired(_ context.Context, now time.Time) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.keys)
	m.keys = slices.DeleteFunc(m.keys, func(k storage.SigningKey) bool { return !published(now, k) })
	return int64(before - len(m.keys)), nil
}

// clock is a clock that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var testPolicy = RingPolicy{
	Algs: []string{ES256}, SignFor: 30 * 24 * time.Hour, PublishAhead: 24 * time.Hour, KeepAfter: 12 * time.Hour, Poll: time.Minute,
}

func testSealer(t testing.TB) *Sealer {
	t.Helper()
	s, err := NewSealer([]SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{1}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newRing makes a node's ring over a shared store; it is not loaded yet.
func newRing(t testing.TB, store *memory, now func() time.Time, algs ...string) *Ring {
	t.Helper()
	policy := testPolicy
	if len(algs) > 0 {
		policy.Algs = algs
	}
	r, err := NewRing(RingConfig{
		Store: store, Sealer: testSealer(t), Now: now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Policy: policy,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func load(t testing.TB, r *Ring) {
	t.Helper()
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func sign(t testing.TB, r *Ring, alg string) string {
	t.Helper()
	token, err := r.Sign(alg, "JWT", []byte(`{"sub":"ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	return token
}
