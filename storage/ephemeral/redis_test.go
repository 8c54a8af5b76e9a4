package ephemeral_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func TestContract(t *testing.T) {
	r, err := ephemeral.OpenRedis(t.Context(), testenv.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	storagetest.TestEphemeral(t, r, func(d time.Duration) { <-time.After(d) }) // Redis keeps its own time
}

// TestTH5_AStoreThatIsGoneIsNoAbsentEntry: whoever asks must learn that nothing
// is known, or a limit would be lifted by killing Redis.
func TestTH5_AStoreThatIsGoneIsNoAbsentEntry(t *testing.T) {
	server := testenv.StartRedis(t)
	r, err := ephemeral.OpenRedis(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	server.Stop()
	// Nobody who asks sets a deadline, and each is answered all the same.
	ctx := t.Context()
	_, getErr := r.Get(ctx, "k")
	_, takeErr := r.Take(ctx, "k")
	_, countErr := r.Count(ctx, "k", time.Minute)
	_, attemptErr := r.Attempt(ctx, "k", storage.Backoff{Free: 1})
	for what, err := range map[string]error{
		"Get": getErr, "Take": takeErr, "Count": countErr, "Attempt": attemptErr, "TakeIf": r.TakeIf(ctx, "k", nil), "Ping": r.Ping(ctx), "Put": r.Put(ctx, "k", nil, time.Minute),
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
	r, err := ephemeral.OpenRedis(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
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
