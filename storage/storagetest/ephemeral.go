package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Ephemeral is what every ephemeral store can do.
type Ephemeral interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Replace(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, error)
	Take(ctx context.Context, key string) ([]byte, error)
	TakeIf(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, keys ...string) error
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	Attempt(ctx context.Context, key string, b storage.Backoff) (time.Duration, error)
}

// parallel is how many callers fight over one entry.
const parallel = 200

// TestEphemeral holds a store to the contract. after moves the store's time:
// the clock of a table, the real one of a server.
func TestEphemeral(t *testing.T, store Ephemeral, after func(time.Duration)) {
	t.Run("keeps and replaces", func(t *testing.T) { testPut(t, store) })
	t.Run("TestOT2_taken once of many", func(t *testing.T) { testTake(t, store) })
	t.Run("TestOT2_taken once of many if unchanged", func(t *testing.T) { testTakeIf(t, store) })
	t.Run("TestL2_replaces only what is there", func(t *testing.T) { testReplace(t, store) })
	t.Run("deletes", func(t *testing.T) { testDelete(t, store) })
	t.Run("new only once of many", func(t *testing.T) { testPutNew(t, store) })
	t.Run("TestTH2_counts every one of many", func(t *testing.T) { testCount(t, store) })
	t.Run("TestTH2_lets few of many attempt", func(t *testing.T) { testAttemptOfMany(t, store) })
	t.Run("TestTH1_waits double", func(t *testing.T) { testAttemptWaits(t, store, after) })
	t.Run("forgets in time", func(t *testing.T) { testExpiry(t, store, after) })
}

func testPut(t *testing.T, store Ephemeral) {
	ctx := t.Context()
	if _, err := store.Get(ctx, "put"); !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("Get of nothing = %v, want ErrNotFound", err)
	}
	for _, value := range [][]byte{[]byte("one"), {0, 0xff, '\n', 0}} {
		if err := store.Put(ctx, "put", value, time.Minute); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Get(ctx, "put"); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("Get = %q, %v; want %q", got, err, value)
		}
	}
}

func testReplace(t *testing.T, store Ephemeral) {
	ctx := t.Context()
	if err := store.Replace(ctx, "replace", []byte("one"), time.Minute); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Replace of nothing = %v, want ErrNotFound", err)
	}
	if _, err := store.Get(ctx, "replace"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
	if err := store.Put(ctx, "replace", []byte("one"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := store.Replace(ctx, "replace", []byte("two"), time.Minute); err != nil {
		t.Error(err)
	}
	if got, err := store.Take(ctx, "replace"); err != nil || string(got) != "two" {
		t.Errorf("Take = %q, %v", got, err)
	}
	if err := store.Replace(ctx, "replace", []byte("three"), time.Minute); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Replace of what was taken = %v, want ErrNotFound", err)
	}
}

func testTake(t *testing.T, store Ephemeral) {
	if err := store.Put(t.Context(), "take", []byte("once"), time.Minute); err != nil {
		t.Fatal(err)
	}
	won := race(t, func(ctx context.Context) error {
		value, err := store.Take(ctx, "take")
		if err == nil && string(value) != "once" {
			return fmt.Errorf("took %q", value)
		}
		return err
	}, storage.ErrNotFound)
	if won != 1 {
		t.Fatalf("%d callers took one entry", won)
	}
}

func testTakeIf(t *testing.T, store Ephemeral) {
	ctx := t.Context()
	want(t, "TakeIf of nothing", store.TakeIf(ctx, "take if", nil), storage.ErrNotFound)
	if err := store.Put(ctx, "take if", []byte{'1', 0, 0xff}, time.Minute); err != nil {
		t.Fatal(err)
	}
	want(t, "TakeIf of another value", store.TakeIf(ctx, "take if", []byte("1")), storage.ErrNotFound)
	won := race(t, func(ctx context.Context) error {
		return store.TakeIf(ctx, "take if", []byte{'1', 0, 0xff})
	}, storage.ErrNotFound)
	if won != 1 {
		t.Fatalf("%d callers took one entry", won)
	}
}

func testDelete(t *testing.T, store Ephemeral) {
	ctx := t.Context()
	for _, key := range []string{"one", "other", "kept"} {
		want(t, "Put", store.Put(ctx, key, []byte("x"), time.Minute), nil)
	}
	want(t, "Delete of nothing", store.Delete(ctx), nil)
	want(t, "Delete", store.Delete(ctx, "one", "other", "never there"), nil)
	for key, left := range map[string]error{"one": storage.ErrNotFound, "other": storage.ErrNotFound, "kept": nil} {
		_, err := store.Get(ctx, key)
		want(t, "Get of "+key, err, left)
	}
}

var errRefused = errors.New("refused")

func testAttemptOfMany(t *testing.T, store Ephemeral) {
	b := storage.Backoff{Free: 5, Base: time.Minute, Max: time.Hour, Window: time.Hour}
	won := race(t, func(ctx context.Context) error {
		wait, err := store.Attempt(ctx, "many", b)
		if err == nil && wait > 0 {
			return errRefused
		}
		return err
	}, errRefused)
	if won != b.Free+1 {
		t.Fatalf("%d of %d attempts were let through, want %d", won, parallel, b.Free+1)
	}
}

// testAttemptWaits walks through the waits that a Backoff has, and sees it begin
// anew once its window is over.
func testAttemptWaits(t *testing.T, store Ephemeral, after func(time.Duration)) {
	b := storage.Backoff{Free: 1, Base: 40 * time.Millisecond, Max: 150 * time.Millisecond, Window: 400 * time.Millisecond}
	attempt := func() time.Duration {
		t.Helper()
		wait, err := store.Attempt(t.Context(), "waits", b)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	for round := range 2 {
		for n := int64(1); n <= 5; n++ {
			began := time.Now()
			if left := attempt(); left != 0 {
				t.Fatalf("round %d, attempt %d: refused for %s", round, n, left)
			}
			wait := b.Wait(n)
			left := attempt()
			if left > wait || left <= 0 && time.Since(began) < wait {
				t.Fatalf("round %d, after attempt %d: %s are left to wait, want at most %s", round, n, left, wait)
			}
			if left <= 0 {
				n++ // that was an attempt
				wait = b.Wait(n)
			}
			after(wait + 5*time.Millisecond)
		}
		after(b.Window)
	}
	want(t, "Delete", store.Delete(t.Context(), "waits"), nil)
	if left := attempt(); left != 0 {
		t.Errorf("after Delete: refused for %s", left)
	}
}

func testPutNew(t *testing.T, store Ephemeral) {
	won := race(t, func(ctx context.Context) error {
		return store.PutNew(ctx, "new", []byte("first"), time.Minute)
	}, storage.ErrConflict)
	if won != 1 {
		t.Fatalf("%d callers put one new entry", won)
	}
}

func testCount(t *testing.T, store Ephemeral) {
	var highest atomic.Int64
	race(t, func(ctx context.Context) error {
		n, err := store.Count(ctx, "count", time.Minute)
		for seen := highest.Load(); n > seen && !highest.CompareAndSwap(seen, n); seen = highest.Load() {
		}
		return err
	}, nil)
	if highest.Load() != parallel {
		t.Fatalf("%d counts reached %d", parallel, highest.Load())
	}
}

func testExpiry(t *testing.T, store Ephemeral, after func(time.Duration)) {
	ctx, ttl := t.Context(), 200*time.Millisecond
	for _, key := range []string{"old get", "old take", "old new"} {
		if err := store.Put(ctx, key, []byte("x"), ttl); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Count(ctx, "old count", ttl); err != nil {
		t.Fatal(err)
	}
	after(2 * ttl)
	if _, err := store.Get(ctx, "old get"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Get of an expired entry = %v, want ErrNotFound", err)
	}
	if _, err := store.Take(ctx, "old take"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Take of an expired entry = %v, want ErrNotFound", err)
	}
	if err := store.PutNew(ctx, "old new", []byte("y"), time.Minute); err != nil {
		t.Errorf("PutNew over an expired entry = %v", err)
	}
	if n, err := store.Count(ctx, "old count", ttl); n != 1 || err != nil {
		t.Errorf("Count in a new window = %d, %v; want 1", n, err)
	}
}

// race calls do from many goroutines at once and returns how many succeeded.
// Every other must answer lost.
func race(t *testing.T, do func(context.Context) error, lost error) int {
	t.Helper()
	var won atomic.Int64
	var group sync.WaitGroup
	begin := make(chan struct{})
	for range parallel {
		group.Go(func() {
			<-begin
			switch err := do(t.Context()); {
			case err == nil:
				won.Add(1)
			case lost == nil || !errors.Is(err, lost):
				t.Errorf("one of many: %v", err)
			}
		})
	}
	close(begin)
	group.Wait()
	return int(won.Load())
}
