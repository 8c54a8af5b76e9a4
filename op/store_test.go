package op

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

const testSID = storage.ID("0190000000000000000000000000000b")

// testStore is the SQLite store of a node, with testUser signed in under testSID.
// Calls that it makes for the provider can be watched and made to fail.
type testStore struct {
	*sqlstore.Store
	t   testing.TB
	url string
	// Err is what every method answers while it is set; RevokeErr only what ends grants.
	// AfterCreate is answered although a grant was created.
	Err, RevokeErr, AfterCreate fault
	// BeforeCreate runs before a grant is created.
	BeforeCreate func()
	// SeeRevoke is shown the context of what ends a grant.
	SeeRevoke func(context.Context)
	// BeforeRotate runs before a grant is rotated.
	BeforeRotate func()
	// AfterRead runs when a grant was read.
	AfterRead func()
	calls     atomic.Int64
	durable   *sql.DB // the rows behind the repositories
	ephemeral *sql.DB
}

// fault is an error that is switched on and off.
type fault struct{ err atomic.Pointer[error] }

// Set switches the error on; nil switches it off.
func (f *fault) Set(err error) { f.err.Store(&err) }

func (f *fault) get() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

func newTestStore(t testing.TB, hasher *keys.Hasher, now func() time.Time) *testStore {
	t.Helper()
	s := openTestStore(t, testenv.SQLite(t), hasher, now, now)
	s.must(s.Users().Create(t.Context(), &storage.User{
		ID: testUserID, Email: testUser.Email, EmailVerified: true, Username: testUser.Username, Profile: testUser.Profile,
		CreatedAt: now(), UpdatedAt: now(),
	}, s.event(storage.EventUserCreated, now())))
	s.signIn(testSID, now())
	return s
}

// openTestStore opens a store that is there already, as another node.
func openTestStore(t testing.TB, url string, hasher *keys.Hasher, now, databaseClock func() time.Time) *testStore {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: url, Hasher: hasher, Now: now, DatabaseClock: databaseClock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	s := &testStore{Store: store, t: t, url: url}
	path := strings.TrimPrefix(url, "sqlite://")
	for db, file := range map[**sql.DB]string{&s.durable: path, &s.ephemeral: path + "-ephemeral"} {
		if *db, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)"); err != nil {
			t.Fatalf("open %s: %v", file, err)
		}
	}
	t.Cleanup(func() {
		for _, close := range []func() error{s.Close, s.durable.Close, s.ephemeral.Close} {
			if err := close(); err != nil {
				t.Errorf("close store: %v", err)
			}
		}
	})
	return s
}

// signIn begins a session of testUser.
func (s *testStore) signIn(sid storage.ID, now time.Time) {
	s.t.Helper()
	s.must(s.Sessions().Create(s.t.Context(), &storage.Session{
		SID: sid, UserID: testUserID, SecretHash: "p2." + string(sid),
		Authentication: storage.Authentication{Time: now, ACR: "aal1", AMR: []string{"pwd"}},
		CreatedAt:      now, LastSeenAt: now, IdleExpiresAt: now.Add(30 * 24 * time.Hour), ExpiresAt: now.Add(40 * 24 * time.Hour),
	}, storage.SessionStart{}, s.event(storage.EventSignIn, now)))
}

func (s *testStore) event(typ storage.EventType, now time.Time) storage.Event {
	s.t.Helper()
	id, err := storage.NewID(now, rand.Reader)
	s.must(err)
	return storage.Event{ID: id, At: now, Type: typ, Outcome: storage.Success}
}

func (s *testStore) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("prepare store: %v", err)
	}
}

// exec changes rows behind the repositories' back.
func (s *testStore) exec(query string, args ...any) {
	s.t.Helper()
	_, err := s.durable.ExecContext(s.t.Context(), query, args...)
	s.must(err)
}

func (s *testStore) disable(now time.Time) {
	s.t.Helper()
	s.must(s.Users().Disable(s.t.Context(), testUserID, now, s.event(storage.EventUserDisabled, now)))
	// Disabling ends grants as well, which others show: here they live on.
	s.exec(`UPDATE grants SET revoked_at = NULL, revoked_reason = ''`)
}

func (s *testStore) lockDown(now time.Time) {
	s.t.Helper()
	_, err := s.Users().Lockdown(s.t.Context(), storage.Lockdown{UserID: testUserID, Now: now}, func(storage.Holdings) storage.Event {
		return s.event(storage.EventLockedDown, now)
	})
	s.must(err)
	s.exec(`UPDATE grants SET revoked_at = NULL, revoked_reason = ''`) // as above
}

// grants returns every grant.
func (s *testStore) grants() []storage.Grant {
	s.t.Helper()
	var found []storage.Grant
	for _, id := range s.column(s.durable, `SELECT id FROM grants ORDER BY id`) {
		g, err := s.Grants().ByID(s.t.Context(), storage.ID(id))
		s.must(err)
		found = append(found, g.Grant)
	}
	return found
}

// eventTypes lists the events that followed after those of the sign-in, sorted:
// what happens at one moment of the clock has no order.
func (s *testStore) eventTypes() []storage.EventType {
	s.t.Helper()
	var types []storage.EventType
	for _, typ := range s.column(s.durable, `SELECT type FROM audit_events WHERE type NOT IN ('user_created', 'sign_in')`) {
		types = append(types, storage.EventType(typ))
	}
	slices.Sort(types)
	return types
}

// entries returns what the ephemeral store holds, counters aside.
func (s *testStore) entries() map[string]string {
	s.t.Helper()
	found := map[string]string{}
	for _, key := range s.column(s.ephemeral, `SELECT key FROM ephemeral WHERE count = 0`) {
		value, err := s.Ephemeral().Get(s.t.Context(), key)
		s.must(err)
		found[key] = string(value)
	}
	return found
}

func (s *testStore) column(db *sql.DB, query string) []string {
	s.t.Helper()
	rows, err := db.QueryContext(s.t.Context(), query)
	s.must(err)
	defer rows.Close()
	var found []string
	for rows.Next() {
		var value string
		s.must(rows.Scan(&value))
		found = append(found, value)
	}
	s.must(rows.Err())
	return found
}

// enter counts a call of the provider.
func (s *testStore) enter() error {
	s.calls.Add(1)
	return s.Err.get()
}

// watchedGrants is the store as grants.
type watchedGrants struct {
	*sqlstore.Grants
	s *testStore
}

func (g watchedGrants) Create(ctx context.Context, row *storage.Grant, start storage.GrantStart, e storage.Event) (*storage.GrantUser, error) {
	if err := g.s.enter(); err != nil {
		return nil, err
	}
	if g.s.BeforeCreate != nil {
		g.s.BeforeCreate()
	}
	created, err := g.Grants.Create(ctx, row, start, e)
	if lost := g.s.AfterCreate.get(); err == nil && lost != nil {
		return nil, lost
	}
	return created, err
}

func (g watchedGrants) Rotate(ctx context.Context, r storage.Rotation) (*storage.GrantUser, error) {
	if err := g.s.enter(); err != nil {
		return nil, err
	}
	if g.s.BeforeRotate != nil {
		g.s.BeforeRotate()
	}
	return g.Grants.Rotate(ctx, r)
}

func (g watchedGrants) ByID(ctx context.Context, id storage.ID) (*storage.GrantUser, error) {
	if err := g.s.enter(); err != nil {
		return nil, err
	}
	if g.s.AfterRead != nil {
		defer g.s.AfterRead()
	}
	return g.Grants.ByID(ctx, id)
}

func (g watchedGrants) ByCodeHash(ctx context.Context, hashes []string) (*storage.Grant, error) {
	if err := g.s.enter(); err != nil {
		return nil, err
	}
	return g.Grants.ByCodeHash(ctx, hashes)
}

func (g watchedGrants) Revoke(ctx context.Context, id storage.ID, now time.Time, reason string, e storage.Event) error {
	if err := g.s.enter(); err != nil {
		return err
	}
	if g.s.SeeRevoke != nil {
		g.s.SeeRevoke(ctx)
	}
	if err := g.s.RevokeErr.get(); err != nil {
		return err
	}
	return g.Grants.Revoke(ctx, id, now, reason, e)
}

// watchedTokens is the store as accessTokens.
type watchedTokens struct {
	*sqlstore.AccessTokens
	s *testStore
}

func (a watchedTokens) Check(ctx context.Context, id storage.ID, jti string, now time.Time) (*storage.GrantUser, error) {
	if err := a.s.enter(); err != nil {
		return nil, err
	}
	return a.AccessTokens.Check(ctx, id, jti, now)
}

func (a watchedTokens) Revoked(ctx context.Context, clientID, jti string, issuedAt time.Time) (bool, error) {
	if err := a.s.enter(); err != nil {
		return false, err
	}
	return a.AccessTokens.Revoked(ctx, clientID, jti, issuedAt)
}

func (a watchedTokens) Revoke(ctx context.Context, jti string, expiresAt time.Time, e storage.Event) error {
	if err := a.s.enter(); err != nil {
		return err
	}
	return a.AccessTokens.Revoke(ctx, jti, expiresAt, e)
}

// watchedEphemeral is the store as ephemeral.
type watchedEphemeral struct {
	*sqlstore.Ephemeral
	// Err is what every method answers while it is set, WriteErr what those that change
	// anything do.
	Err, WriteErr fault
	counts        atomic.Int64
}

// change is the error of a method that changes something.
func (e *watchedEphemeral) change() error { return cmp.Or(e.Err.get(), e.WriteErr.get()) }

func (e *watchedEphemeral) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := e.change(); err != nil {
		return err
	}
	return e.Ephemeral.Put(ctx, key, value, ttl)
}

func (e *watchedEphemeral) Get(ctx context.Context, key string) ([]byte, error) {
	if err := e.Err.get(); err != nil {
		return nil, err
	}
	return e.Ephemeral.Get(ctx, key)
}

func (e *watchedEphemeral) Take(ctx context.Context, key string) ([]byte, error) {
	if err := e.change(); err != nil {
		return nil, err
	}
	return e.Ephemeral.Take(ctx, key)
}

func (e *watchedEphemeral) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error {
	if err := e.change(); err != nil {
		return err
	}
	return e.Ephemeral.Swap(ctx, key, old, value, ttl)
}

func (e *watchedEphemeral) Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error) {
	e.counts.Add(1)
	if err := e.Err.get(); err != nil {
		return 0, err
	}
	return e.Ephemeral.Draw(ctx, key, b)
}

// revocations remembers why grants were revoked.
type revocations struct {
	mu      sync.Mutex
	Reasons []string
	Asked   []string
}

// TokensAsked implements counter.
func (c *revocations) TokensAsked(grantType, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Asked = append(c.Asked, grantType+" "+outcome)
}

// GrantRevoked implements counter.
func (c *revocations) GrantRevoked(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Reasons = append(c.Reasons, reason)
}
