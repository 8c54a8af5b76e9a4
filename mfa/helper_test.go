package mfa

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/latchkey-id/latchkey/storage/ephemeral/redis"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

var issuer = &url.URL{Scheme: "https", Host: "id.example.com"}

// bench is a person at two nodes that share their stores.
type bench struct {
	t     *testing.T
	clock *storagetest.Clock
	cfg   [2]Config
	nodes [2]*Factors
	store *sqlstore.Store
	user  *storage.User
	post  *postbox
	tally *tally
	logs  *logs
}

// opening opens the stores of both nodes.
type opening func(t *testing.T, b *bench) [2]stores

// each runs a test on SQLite: what is decided does not depend on the store.
func each(t *testing.T, test func(t *testing.T, b *bench), change ...func(*Config)) {
	run(t, map[string]opening{"sqlite": openFile}, test, change)
}

// onEveryStore runs a test of what many requests do at once on PostgreSQL with
// Redis and on SQLite alone, the two ways that nodes share what they know.
func onEveryStore(t *testing.T, test func(t *testing.T, b *bench), change ...func(*Config)) {
	openings := map[string]opening{"sqlite": openFile}
	if !testing.Short() {
		openings["postgres and redis"] = openServers
	}
	run(t, openings, test, change)
}

// eachClock is [onEveryStore] without Redis, whose clock no test moves.
func eachClock(t *testing.T, test func(t *testing.T, b *bench), change ...func(*Config)) {
	openings := map[string]opening{"sqlite": openFile}
	if !testing.Short() {
		openings["postgres"] = openPostgres
	}
	run(t, openings, test, change)
}

func run(t *testing.T, openings map[string]opening, test func(t *testing.T, b *bench), change []func(*Config)) {
	for name, open := range openings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, clock: storagetest.NewClock(), post: &postbox{}, tally: &tally{}, logs: &logs{}}
			for i, s := range open(t, b) {
				b.cfg[i] = b.config(s)
				for _, c := range change {
					c(&b.cfg[i])
				}
				nodes, err := New(b.cfg[i])
				if err != nil {
					t.Fatal(err)
				}
				b.nodes[i] = nodes
				if i == 0 {
					b.store = s.durable
				}
			}
			b.user = b.newUser("ada@example.com")
			test(t, b)
		})
	}
}

// stores are what one node keeps things in.
type stores struct {
	durable *sqlstore.Store
	short   ephemeral.Backend
}

func openServers(t *testing.T, b *bench) [2]stores {
	database, redisURL := testenv.Postgres(t), testenv.Redis(t)
	var both [2]stores
	for i := range both {
		r, err := redis.Open(redis.Config{URL: redisURL, Issuer: "https://id.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		both[i] = stores{b.open(database), r}
	}
	return both
}

func openPostgres(t *testing.T, b *bench) [2]stores {
	return openTwice(testenv.Postgres(t), b)
}

// openTwice gives each node its own handle of a database that keeps everything.
func openTwice(database string, b *bench) [2]stores {
	one, other := b.open(database), b.open(database)
	return [2]stores{{one, one.Ephemeral()}, {other, other.Ephemeral()}}
}

func openFile(t *testing.T, b *bench) [2]stores {
	return openTwice(testenv.SQLite(t), b)
}

func (b *bench) open(database string) *sqlstore.Store {
	b.t.Helper()
	s, err := sqlstore.Open(b.t.Context(), sqlstore.Config{URL: database, Hasher: storagetest.Hasher("p1"), Now: b.clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) config(s stores) Config {
	b.t.Helper()
	secret := []keys.SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{1}, 32)}}
	hasher, err1 := keys.NewHasher(append(secret, keys.SecretKey{ID: "revoked", Revoked: true}))
	sealer, err2 := keys.NewSealer(secret)
	if err1 != nil || err2 != nil {
		b.t.Fatal(err1, err2)
	}
	return Config{
		Issuer: issuer, Brand: "Latchkey: test", Credentials: s.durable.Credentials(), Recovery: s.durable.RecoveryCodes(),
		Lockouts: s.durable.Lockouts(), Devices: s.durable.TrustedDevices(), Users: s.durable.Users(),
		Outbox: s.durable.Outbox(), Ephemeral: s.short, Sender: b.post, Hasher: hasher, Sealer: sealer,
		Random: rand.Reader, Counter: b.tally, Policy: DefaultPolicy(), Codes: DefaultCodeLimits(),
		SMS: &SMSLimits{Countries: []string{"+49", "+1212"}, Factor: SMSPots{5, 50, 100}, Confirmation: SMSPots{5, 50, 100}}, Log: slog.New(b.logs),
	}
}

func (b *bench) newUser(email string) *storage.User {
	b.t.Helper()
	u := &storage.User{
		ID: b.id(), Email: email, EmailVerified: true, Phone: "+4915112345642", PhoneVerified: true,
		CreatedAt: b.clock.Now(), UpdatedAt: b.clock.Now(),
	}
	if err := b.store.Users().Create(b.t.Context(), u, b.event(storage.EventUserCreated)); err != nil {
		b.t.Fatal(err)
	}
	return u
}

func (b *bench) event(typ storage.EventType) storage.Event {
	return storage.Event{ID: b.id(), At: b.clock.Now(), Type: typ, Outcome: storage.Success}
}

func (b *bench) id() storage.ID {
	b.t.Helper()
	id, err := storage.NewID(b.clock.Now(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// attempt is a partial sign-in of the person, with all that is known of them now.
func (b *bench) attempt(id string) Attempt {
	b.t.Helper()
	p, err := b.nodes[0].Person(b.t.Context(), b.user)
	if err != nil {
		b.t.Fatal(err)
	}
	return Attempt{
		ID: id, Person: p, Now: b.clock.Now(), AddressBucket: "192.0.2.1", Locale: "en",
		Source: storage.Event{ClientID: "wiki", Address: "192.0.2.1", UserAgent: "Test/1", RequestID: "r1"},
	}
}

func (b *bench) factor(k storage.FactorKind) Factor {
	b.t.Helper()
	f, ok := b.nodes[0].Get(k)
	if !ok {
		b.t.Fatalf("no factor %s", k)
	}
	return f
}

// confirm confirms an enrollment and keeps the credential, as package account does.
func (b *bench) confirm(e Enroller, a Attempt, r Response, name string) (storage.Credential, error) {
	c, err := e.Confirm(b.t.Context(), a, r, name)
	if err != nil {
		return c, err
	}
	start := storage.FactorStart{PasswordEpoch: a.Person.User.PasswordEpoch}
	return c, b.store.Credentials().Add(b.t.Context(), &c, start, b.event(storage.EventFactorAdded))
}

// recoveryCodes makes and keeps a set of codes for the person, as package account does.
func (b *bench) recoveryCodes() []string {
	b.t.Helper()
	codes, hashes, err := b.nodes[0].Recovery().NewSet(b.user.ID)
	if err == nil {
		err = b.store.RecoveryCodes().Replace(b.t.Context(), storage.RecoverySet{UserID: b.user.ID, PasswordEpoch: b.user.PasswordEpoch, Hashes: hashes, Now: b.clock.Now()}, b.event(storage.EventRecoveryReplaced))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return codes
}

// race verifies many responses at once, spread over the nodes, each in the
// attempt that of returns, and counts those that passed.
func (b *bench) race(n int, k storage.FactorKind, of func(i int) (Attempt, Response)) int {
	b.t.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		f, _ := b.nodes[i%2].Get(k)
		a, r := of(i)
		group.Go(func() {
			<-begin
			_, errs[i] = f.Verify(b.t.Context(), a, r)
		})
	}
	close(begin)
	group.Wait()
	passed := 0
	for _, err := range errs {
		switch {
		case err == nil:
			passed++
		case !refused(err):
			b.t.Errorf("one of many: %v", err)
		}
	}
	return passed
}

// refused reports whether an error is one that this package refuses with.
func refused(err error) bool {
	var wrong *WrongError
	var locked *LockedError
	return errors.As(err, &wrong) || errors.As(err, &locked) || errors.Is(err, ErrSpent) || errors.Is(err, ErrExpired)
}

// events are those of the person.
func (b *bench) events() []storage.Event {
	b.t.Helper()
	events, err := b.store.Events().ListByUser(b.t.Context(), b.user.ID, 10_000)
	if err != nil {
		b.t.Fatal(err)
	}
	return events
}

// countEvents counts the person's events of a type.
func (b *bench) countEvents(typ storage.EventType) int {
	b.t.Helper()
	n := 0
	for _, e := range b.events() {
		if e.Type == typ {
			n++
		}
	}
	return n
}
