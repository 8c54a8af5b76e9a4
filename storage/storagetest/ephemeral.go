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
	Get(ctx context.Context, key string) ([]byte, error)
	Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error
	Take(ctx context.Context, key string) ([]byte, error)
	TakeIf(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, keys ...string) error
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	Attempt(ctx context.Context, key string, b storage.Backoff) (time.Duration, error)
	Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error)
}

// parallel is how many callers fight over one entry.
const parallel = 200

// TestEphemeral holds a store to the contract. after moves the store's time:
// the clock of a table, the real one of a server.
func TestEphemeral(t *testing.T, store Ephemeral, after func(time.Duration)) {
	t.Run("keeps and replaces", func(t *testing.T) { testPut(t, store) })
	t.Run("TestOT2_taken once of many", func(t *testing.T) { testTake(t, store) })
	t.Run("TestOT2_taken once of many if unchanged", func(t *testing.T) { testTakeIf(t, store) })
	t.Run("TestL2_swaps only what is there", func(t *testing.T) { testSwap(t, store) })
	t.Run("TestL2_swaps for one of many", func(t *testing.T) { testSwapOfMany(t, store) })
	t.Run("deletes", func(t *testing.T) { testDelete(t, store) })
	t.Run("new only once of many", func(t *testing.T) { testPutNew(t, store) })
	t.Run("TestTH2_counts every one of many", func(t *testing.T) { testCount(t, store) })
	t.Run("TestTH2_lets few of many attempt", func(t *testing.T) { testAttemptOfMany(t, store) })
	t.Run("TestTH1_waits double", func(t *testing.T) { testAttemptWaits(t, store, after) })
	t.Run("TestLK1_a bucket empties and refills", func(t *testing.T) { testDraw(t, store, after) })
	t.Run("TestLK1_a bucket holds no more than its burst for many", func(t *testing.T) { testDrawOfMany(t, store) })
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

func testSwap(t *testing.T, store Ephemeral) {
	ctx := t.Context()
	want(t, "Swap of nothing", store.Swap(ctx, "swap", []byte("one"), []byte("two"), time.Minute), storage.ErrNotFound)
	want(t, "Put", store.Put(ctx, "swap", []byte{'1', 0, 0xff}, time.Minute), nil)
	want(t, "Swap of what is not there", store.Swap(ctx, "swap", []byte("1"), []byte("two"), time.Minute), storage.ErrConflict)
	want(t, "Swap for nothing", store.Swap(ctx, "swap", nil, []byte("two"), time.Minute), storage.ErrConflict)
	want(t, "Swap", store.Swap(ctx, "swap", []byte{'1', 0, 0xff}, []byte("two"), time.Minute), nil)
	if got, err := store.Take(ctx, "swap"); err != nil || string(got) != "two" {
		t.Errorf("Take = %q, %v", got, err)
	}
	want(t, "Swap of what was taken", store.Swap(ctx, "swap", []byte("two"), []byte("three"), time.Minute), storage.ErrNotFound)
	if _, err := store.Get(ctx, "swap"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
}

func testSwapOfMany(t *testing.T, store Ephemeral) {
	want(t, "Put", store.Put(t.Context(), "swapped", []byte("old"), time.Minute), nil)
	var nth atomic.Int64
	won := race(t, func(ctx context.Context) error {
		return store.Swap(ctx, "swapped", []byte("old"), fmt.Append(nil, nth.Add(1)), time.Minute)
	}, storage.ErrConflict)
	if won != 1 {
		t.Fatalf("%d callers replaced one value", won)
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

// tick is how exactly a store may tell the time.
const tick = 2 * time.Millisecond

// testAttemptWaits walks through the waits that a Backoff has, and sees it begin
// anew once its window is over. Where the machine is so slow that a wait or the window
// may be over by itself, it shows nothing, and the walk begins again with longer ones.
func testAttemptWaits(t *testing.T, store Ephemeral, after func(time.Duration)) {
	b := storage.Backoff{Free: 1, Base: 40 * time.Millisecond, Max: 150 * time.Millisecond, Window: 800 * time.Millisecond}
	attempt := func() time.Duration {
		t.Helper()
		wait, err := store.Attempt(t.Context(), "waits", b)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	// walk makes five attempts, and reports whether it was quick enough to tell.
	walk := func(round int) bool {
		last := time.Now()
		for n := int64(1); n <= 5; n++ {
			began, left := time.Now(), attempt()
			if time.Since(last) >= b.Window-tick {
				return false
			}
			if left != 0 {
				t.Fatalf("round %d, attempt %d: refused for %s", round, n, left)
			}
			last = began
			wait := b.Wait(n)
			left = attempt()
			if wait > 0 && time.Since(began) >= wait-tick {
				return false
			}
			if left > wait || left <= 0 && wait > 0 {
				t.Fatalf("round %d, after attempt %d: %s are left to wait, want at most %s", round, n, left, wait)
			}
			if left <= 0 {
				n++ // that was an attempt
				last, wait = began, b.Wait(n)
			}
			after(wait + 5*time.Millisecond)
		}
		return true
	}
	for round := range 2 {
		for !walk(round) {
			want(t, "Delete", store.Delete(t.Context(), "waits"), nil)
			b.Base, b.Max, b.Window = 2*b.Base, 2*b.Max, 2*b.Window
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
		return store.Swap(ctx, "new", nil, []byte("first"), time.Minute)
	}, storage.ErrConflict)
	if won != 1 {
		t.Fatalf("%d callers put one new entry", won)
	}
}

// testDraw empties a bucket: it gives its burst at once, then one as often as it
// refills, and being asked while it is empty puts nothing off.
func testDraw(t *testing.T, store Ephemeral, after func(time.Duration)) {
	// On a slow machine it has refilled before it was seen empty: a slower one shows it.
	every := 300 * time.Millisecond
	for !drawsSlowly(t, store, storage.Bucket{Burst: 3, Every: every}, after) {
		want(t, "Delete", store.Delete(t.Context(), "bucket"), nil)
		every *= 2
	}
}

// drawsSlowly reports whether it was quick enough to tell how the bucket refills.
func drawsSlowly(t *testing.T, store Ephemeral, b storage.Bucket, after func(time.Duration)) bool {
	t.Helper()
	draw := func() time.Duration {
		t.Helper()
		wait, err := store.Draw(t.Context(), "bucket", b)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	began := time.Now()
	for n := range b.Burst {
		if wait := draw(); wait != 0 {
			t.Fatalf("token %d of a full bucket: wait %s", n+1, wait)
		}
	}
	for range 20 {
		wait := draw()
		if time.Since(began) >= b.Every-tick {
			return false
		}
		if wait <= 0 || wait > b.Every {
			t.Fatalf("an empty bucket says to wait %s, want at most %s", wait, b.Every)
		}
	}
	after(b.Every + 5*time.Millisecond)
	if wait := draw(); wait != 0 {
		t.Errorf("after it refilled by one: wait %s", wait)
	}
	want(t, "Delete", store.Delete(t.Context(), "bucket"), nil)
	if wait := draw(); wait != 0 {
		t.Errorf("after Delete: wait %s", wait)
	}
	return true
}

func testDrawOfMany(t *testing.T, store Ephemeral) {
	b := storage.Bucket{Burst: 7, Every: time.Minute}
	won := race(t, func(ctx context.Context) error {
		wait, err := store.Draw(ctx, "bucket of many", b)
		if err == nil && wait > 0 {
			return errRefused
		}
		return err
	}, errRefused)
	if won != b.Burst {
		t.Fatalf("%d of %d drew from a bucket of %d", won, parallel, b.Burst)
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
	for _, key := range []string{"old get", "old take", "old new", "old swap"} {
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
	want(t, "Swap of an expired entry", store.Swap(ctx, "old swap", []byte("x"), []byte("y"), time.Minute), storage.ErrNotFound)
	want(t, "Swap of nothing over an expired entry", store.Swap(ctx, "old new", nil, []byte("y"), time.Minute), nil)
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
