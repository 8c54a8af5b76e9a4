package keys

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

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
func newRing(t testing.TB, store *storagetest.SigningKeys, now func() time.Time, algs ...string) *Ring {
	t.Helper()
	policy := testPolicy
	if len(algs) > 0 {
		policy.Algs = algs
	}
	r, err := NewRing(RingConfig{
		Store: store, Sealer: testSealer(t), Now: now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Policy: policy, Generate: testenv.SigningKey,
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
