package op

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// fakeStore is the grants and access tokens of a provider in memory. While Err
// is set every method answers it.
type fakeStore struct {
	mu     sync.Mutex
	Err    error
	Rows   map[storage.ID]*storage.Grant
	Users  map[storage.ID]*storage.User
	Events []storage.Event
	Ended  map[string]time.Time // access tokens, by jti
	Over   map[storage.ID]bool  // sessions that have ended
	Calls  int
	Now    func() time.Time
}

func newFakeStore(users ...storage.User) *fakeStore {
	s := &fakeStore{
		Now: time.Now, Rows: map[storage.ID]*storage.Grant{}, Users: map[storage.ID]*storage.User{}, Ended: map[string]time.Time{},
	}
	for _, u := range users {
		s.Users[u.ID] = &u
	}
	return s
}

// enter locks the store for one call.
func (s *fakeStore) enter() (leave func(), err error) {
	s.mu.Lock()
	s.Calls++
	return s.mu.Unlock, s.Err
}

// fakeGrants is the store as grants.
type fakeGrants struct{ *fakeStore }

func (s fakeGrants) Create(_ context.Context, g *storage.Grant, start storage.GrantStart, e storage.Event) (*storage.GrantUser, error) {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	for _, row := range s.Rows {
		if row.CodeHash == g.CodeHash || row.ID == g.ID {
			return nil, storage.ErrConsumed
		}
	}
	if s.Over[g.SID] || s.Users[g.UserID].PasswordEpoch != start.PasswordEpoch {
		return nil, storage.ErrNotFound
	}
	row := *g
	s.Rows[g.ID] = &row
	s.Events = append(s.Events, e)
	return &storage.GrantUser{Grant: *g, User: *s.Users[g.UserID], Now: s.Now()}, nil
}

func (s fakeGrants) Rotate(_ context.Context, r storage.Rotation) (*storage.GrantUser, error) {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	g, ok := s.Rows[r.GrantID]
	if !ok || g.ClientID != r.ClientID || g.Generation != r.Generation || !slices.Equal(g.Salt, r.Salt) ||
		!g.Refreshable || !g.Live(s.Now()) || !s.Now().Before(g.IdleExpiresAt) || s.Users[g.UserID].Disabled() {
		return nil, storage.ErrNotFound
	}
	g.Generation++
	g.RotatedAt, g.IdleExpiresAt = s.Now(), s.Now().Add(r.IdleLifetime)
	return &storage.GrantUser{Grant: *g, User: *s.Users[g.UserID], Now: s.Now()}, nil
}

func (s fakeGrants) ByID(_ context.Context, id storage.ID) (*storage.GrantUser, error) {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	g, ok := s.Rows[id]
	if !ok {
		return nil, storage.ErrNotFound
	}
	return &storage.GrantUser{Grant: *g, User: *s.Users[g.UserID], Now: s.Now()}, nil
}

func (s fakeGrants) ByCodeHash(_ context.Context, hashes []string) (*storage.Grant, error) {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	for _, g := range s.Rows {
		if slices.Contains(hashes, g.CodeHash) {
			row := *g
			return &row, nil
		}
	}
	return nil, storage.ErrNotFound
}

func (s fakeGrants) Revoke(_ context.Context, id storage.ID, now time.Time, reason string, e storage.Event) error {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return err
	}
	g, ok := s.Rows[id]
	if !ok || !g.Live(now) {
		return storage.ErrNotFound
	}
	g.RevokedAt, g.RevokedReason = now, reason
	s.Events = append(s.Events, e)
	return nil
}

// fakeAccessTokens is the store as accessTokens.
type fakeAccessTokens struct{ *fakeStore }

func (s fakeAccessTokens) Check(_ context.Context, id storage.ID, jti string, now time.Time) (*storage.GrantUser, error) {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	g, ok := s.Rows[id]
	if !ok || !g.Live(now) || s.Users[g.UserID].Disabled() {
		return nil, storage.ErrNotFound
	}
	if _, revoked := s.Ended[jti]; revoked {
		return nil, storage.ErrNotFound
	}
	return &storage.GrantUser{Grant: *g, User: *s.Users[g.UserID], Now: s.Now()}, nil
}

func (s fakeAccessTokens) Revoked(_ context.Context, jti string) (bool, error) {
	leave, err := s.enter()
	defer leave()
	_, revoked := s.Ended[jti]
	return revoked, err
}

func (s fakeAccessTokens) Revoke(_ context.Context, jti string, expiresAt time.Time, e storage.Event) error {
	leave, err := s.enter()
	defer leave()
	if err != nil {
		return err
	}
	s.Ended[jti] = expiresAt
	s.Events = append(s.Events, e)
	return nil
}

// fakeEphemeral keeps entries until they are taken; lifetimes are the real
// stores' business, so that tests show what holds without them.
type fakeEphemeral struct {
	mu      sync.Mutex
	Err     error
	Entries map[string][]byte
	Counts  map[string]int64
}

func newFakeEphemeral() *fakeEphemeral {
	return &fakeEphemeral{Entries: map[string][]byte{}, Counts: map[string]int64{}}
}

func (s *fakeEphemeral) Put(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Entries[key] = value
	return s.Err
}

func (s *fakeEphemeral) PutNew(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.Entries[key]; taken {
		return storage.ErrConflict
	}
	s.Entries[key] = value
	return s.Err
}

func (s *fakeEphemeral) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.Entries[key]
	if s.Err == nil && !ok {
		return nil, storage.ErrNotFound
	}
	return value, s.Err
}

func (s *fakeEphemeral) Take(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return nil, s.Err
	}
	value, ok := s.Entries[key]
	if !ok {
		return nil, storage.ErrNotFound
	}
	delete(s.Entries, key)
	return value, nil
}

func (s *fakeEphemeral) Count(_ context.Context, key string, _ time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Counts[key]++
	return s.Counts[key], s.Err
}

// failingRevoke is a store that fails as it revokes.
type failingRevoke struct{ fakeGrants }

func (failingRevoke) Revoke(context.Context, storage.ID, time.Time, string, storage.Event) error {
	return errors.New("disk full")
}

// watchedRevoke is a store that shows the context it revokes under.
type watchedRevoke struct {
	fakeGrants
	see func(context.Context)
}

func (w watchedRevoke) Revoke(ctx context.Context, id storage.ID, now time.Time, reason string, e storage.Event) error {
	w.see(ctx)
	return w.fakeGrants.Revoke(ctx, id, now, reason, e)
}

// fakeCounter remembers why grants were revoked.
type fakeCounter struct {
	mu      sync.Mutex
	Reasons []string
}

func (c *fakeCounter) GrantRevoked(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Reasons = append(c.Reasons, reason)
}
