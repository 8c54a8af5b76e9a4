package redis_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral/redis"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// open returns a store of the server at the URL.
func open(t *testing.T, url, issuer string) *redis.Store {
	t.Helper()
	s, err := redis.Open(redis.Config{URL: url, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

const issuer = "https://id.example.com"

// servers are the ways in which Redis is run.
var servers = map[string]func(testing.TB) string{
	"single": testenv.Redis, "cluster": testenv.RedisCluster, "sentinel": testenv.RedisSentinel,
}

func TestContract(t *testing.T) {
	t.Parallel()
	for name, url := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.TestEphemeral(t, open(t, url(t), issuer), func(d time.Duration) { <-time.After(d) }) // Redis keeps its own time
		})
	}
}

func TestTH1_BackoffInLua(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Redis(t), issuer)
	for _, w := range storagetest.Waits {
		if got, err := s.WaitInLua(t.Context(), w.Backoff, w.N); err != nil || got != w.Want {
			t.Errorf("%+v after attempt %d: %s, %v; want %s", w.Backoff, w.N, got, err, w.Want)
		}
	}
}

// TestInstallationsShareARedis: what one keeps and counts is nothing to the other.
func TestInstallationsShareARedis(t *testing.T) {
	t.Parallel()
	url, ctx := testenv.Redis(t), t.Context()
	one, other := open(t, url, "https://one.example.com"), open(t, url, "https://other.example.com")
	if err := one.Put(ctx, "shared", []byte("one"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Get(ctx, "shared"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the other installation reads: %v", err)
	}
	for _, s := range []*redis.Store{one, one, other} {
		n, err := s.Count(ctx, "counted", time.Minute)
		if want := map[*redis.Store]int64{other: 1}[s]; err != nil || want != 0 && n != want {
			t.Errorf("the other installation counts %d, %v", n, err)
		}
	}
	if err := other.Delete(ctx, "shared"); err != nil {
		t.Fatal(err)
	}
	if value, err := one.Get(ctx, "shared"); err != nil || string(value) != "one" {
		t.Errorf("after the other deleted its own: %q, %v", value, err)
	}
}

// TestEvictionPolicyIsTold: a server that forgets entries when its memory is full
// lifts limits.
func TestEvictionPolicyIsTold(t *testing.T) {
	t.Parallel()
	if policy, err := open(t, testenv.Redis(t), issuer).EvictionPolicy(t.Context()); policy != "noeviction" || err != nil {
		t.Errorf("policy %q, %v", policy, err)
	}
}

// TestTH5_OpensBeforeItsServer: a node starts while Redis is away, says so, and
// works when Redis is there.
func TestTH5_OpensBeforeItsServer(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	server.Stop()
	s := open(t, server.URL, issuer)
	if err := s.Ping(t.Context()); err == nil {
		t.Fatal("a server that is not there answered")
	}
	server.Start()
	for s.Ping(t.Context()) != nil && t.Context().Err() == nil {
		continue
	}
	if err := s.Put(t.Context(), "k", nil, time.Minute); err != nil {
		t.Error(err)
	}
}

// TestTH5_AStoreThatIsGoneIsNoAbsentEntry: whoever asks must learn that nothing
// is known, or a limit would be lifted by killing Redis.
func TestTH5_AStoreThatIsGoneIsNoAbsentEntry(t *testing.T) {
	server := testenv.StartRedis(t)
	r := open(t, server.URL, issuer)
	server.Stop()
	// Nobody who asks sets a deadline, and each is answered all the same.
	ctx := t.Context()
	_, getErr := r.Get(ctx, "k")
	_, takeErr := r.Take(ctx, "k")
	_, countErr := r.Count(ctx, "k", time.Minute)
	_, attemptErr := r.Attempt(ctx, "k", storage.Backoff{Free: 1})
	_, drawErr := r.Draw(ctx, "k", storage.Bucket{Burst: 1, Every: time.Minute})
	for what, err := range map[string]error{
		"Get": getErr, "Take": takeErr, "Count": countErr, "Attempt": attemptErr, "Draw": drawErr, "Delete": r.Delete(ctx, "k"), "Swap": r.Swap(ctx, "k", nil, nil, time.Minute), "TakeIf": r.TakeIf(ctx, "k", nil), "Ping": r.Ping(ctx), "Put": r.Put(ctx, "k", nil, time.Minute),
	} {
		if err == nil || errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s of a dead store = %v", what, err)
		}
	}
}

// TestTH5_ARedisThatIsBackAnswersEveryone: no connection of before is left to
// fail the first who uses it.
func TestTH5_ARedisThatIsBackAnswersEveryone(t *testing.T) {
	server := testenv.StartRedis(t)
	r := open(t, server.URL, issuer)
	write := func() (err error) {
		for i := range 64 { // keys decide which connection a command takes
			err = errors.Join(err, r.Put(t.Context(), fmt.Sprint(i), nil, time.Minute))
		}
		return err
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	server.Start()
	for r.Ping(t.Context()) != nil && t.Context().Err() == nil {
		continue
	}
	if err := write(); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

// TestPingFindsAServerThatKeepsNothing: one that answers and takes no writes is of
// no use.
func TestPingFindsAServerThatKeepsNothing(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	s := open(t, server.URL, issuer)
	for name, c := range map[string]struct{ breaks, mends string }{
		"full":      {"CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"},
		"a replica": {"REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"},
	} {
		if err := s.Ping(t.Context()); err != nil {
			t.Fatalf("before it is %s: %v", name, err)
		}
		server.Ask(c.breaks)
		if err := s.Ping(t.Context()); err == nil {
			t.Errorf("a server that is %s is taken for good", name)
		}
		server.Ask(c.mends)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("a server that is good again: %v", err)
	}
}
