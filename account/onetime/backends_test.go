package onetime_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage/ephemeral/redis"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// eachBackend runs a test on Tokens over every ephemeral store.
func eachBackend(t *testing.T, test func(t *testing.T, tokens *onetime.Tokens)) {
	hasher, err1 := keys.NewHasher([]keys.SecretKey{secretKey("h")})
	sealer, err2 := keys.NewSealer([]keys.SecretKey{secretKey("s")})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	table := func(t *testing.T, url string) *sqlstore.Ephemeral {
		store, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Hasher: storagetest.Hasher("p1"), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		if _, err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return store.Ephemeral()
	}
	opens := map[string]func(t *testing.T) storagetest.Ephemeral{
		"redis": func(t *testing.T) storagetest.Ephemeral {
			r, err := redis.Open(redis.Config{URL: testenv.Redis(t), Issuer: "https://id.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = r.Close() })
			return r
		},
		"sqlite":   func(t *testing.T) storagetest.Ephemeral { return table(t, testenv.SQLite(t)) },
		"postgres": func(t *testing.T) storagetest.Ephemeral { return table(t, testenv.Postgres(t)) },
	}
	if testing.Short() { // without servers
		delete(opens, "redis")
		delete(opens, "postgres")
	}
	for name, open := range opens {
		t.Run(name, func(t *testing.T) {
			test(t, onetime.New(onetime.Config{Store: open(t), Hasher: hasher, Sealer: sealer, Now: time.Now}))
		})
	}
}

// race makes 100 callers do the same at once and returns how many did it.
func race(t *testing.T, do func(ctx context.Context, caller int) error) int64 {
	t.Helper()
	var won atomic.Int64
	var group sync.WaitGroup
	start := make(chan struct{})
	for caller := range 100 {
		group.Go(func() {
			<-start
			err := do(t.Context(), caller)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, onetime.ErrInvalid) && !errors.Is(err, onetime.ErrExhausted) {
				t.Errorf("caller %d: %v", caller, err)
			}
		})
	}
	close(start)
	group.Wait()
	return won.Load()
}

func TestOT2_SpentByOneOfMany(t *testing.T) {
	eachBackend(t, func(t *testing.T, tokens *onetime.Tokens) {
		issued := issue(t, tokens, onetime.PasswordReset, alice)
		won := race(t, func(ctx context.Context, caller int) error {
			if caller%10 == 0 { // some have the code
				_, err := tokens.RedeemCode(ctx, onetime.PasswordReset, alice, issued.Code)
				return err
			}
			_, err := tokens.Redeem(ctx, onetime.PasswordReset, issued.Token)
			return err
		})
		if won != 1 {
			t.Errorf("%d spent one token", won)
		}
	})
}

func TestTH2_FewOfManyCodesAreLookedAt(t *testing.T) {
	eachBackend(t, func(t *testing.T, tokens *onetime.Tokens) {
		issued := issue(t, tokens, onetime.VerifyEmail, alice)
		race(t, func(ctx context.Context, _ int) error {
			_, err := tokens.RedeemCode(ctx, onetime.VerifyEmail, alice, "wrong")
			return err
		})
		if _, err := tokens.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); !errors.Is(err, onetime.ErrExhausted) {
			t.Errorf("right code after many wrong ones: %v", err)
		}
		if _, err := tokens.Redeem(t.Context(), onetime.VerifyEmail, issued.Token); err != nil {
			t.Errorf("link: %v", err)
		}
	})
}

// While tokens are replaced, an old one spends none of the newer.
func TestOT4_TheOldNeverSpendsTheNew(t *testing.T) {
	eachBackend(t, func(t *testing.T, tokens *onetime.Tokens) {
		old := issue(t, tokens, onetime.VerifyEmail, alice)
		var last onetime.Issued
		var group sync.WaitGroup
		group.Go(func() {
			for range 20 {
				last = issue(t, tokens, onetime.VerifyEmail, alice)
			}
		})
		race(t, func(ctx context.Context, _ int) error {
			_, err := tokens.Redeem(ctx, onetime.VerifyEmail, old.Token)
			return err
		})
		group.Wait()
		if _, err := tokens.Redeem(t.Context(), onetime.VerifyEmail, last.Token); err != nil {
			t.Errorf("the newest was spent by the oldest: %v", err)
		}
	})
}
