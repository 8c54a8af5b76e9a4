package mfa

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral/redis"
)

// TestTH5_WithoutAStoreNoFactorPasses: it is neither right nor wrong, whatever
// the response, and whichever store is gone.
func TestTH5_WithoutAStoreNoFactorPasses(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]func(t *testing.T, b *bench){
		"redis": func(t *testing.T, b *bench) {
			server := testenv.StartRedis(t)
			r, err := redis.Open(redis.Config{URL: server.URL, Issuer: "https://id.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = r.Close() })
			b.cfg[0].Ephemeral = r
			server.Stop()
		},
		"database": func(t *testing.T, b *bench) {
			if err := b.store.Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, map[string]opening{"sqlite": openFile}, func(t *testing.T, b *bench) {
				secret, k := b.enrollTOTP("phone"), newKey(t, b.user)
				b.enrollPasskey(k)
				codes := b.recoveryCodes()
				b.clock.Advance(time.Minute)
				a := b.attempt("sign in")
				response := k.get(b.begin(a))
				response.Code = codeAt(t, secret, b.clock.Now())
				gone(t, b)
				nodes, err := New(b.cfg[0])
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				for _, f := range nodes.All() {
					r := response
					if f.Kind() == storage.FactorRecovery {
						r.Code = codes[0]
					}
					if _, err := f.Verify(ctx, a, r); err == nil || refused(err) || errors.Is(err, ErrNotOffered) {
						t.Errorf("%s: Verify = %v", f.Kind(), err)
					}
				}
				email, _ := nodes.Get(storage.FactorEmail)
				if _, err := email.Begin(ctx, a); err == nil || refused(err) {
					t.Errorf("a code is sent: %v", err)
				}
			}, nil)
		})
	}
}
