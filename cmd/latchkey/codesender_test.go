package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// TestLK1_StrangersSpendNoBudgetOfCodes: what anybody may ask for leaves the codes of
// whoever has shown the right password alone, which have a limit of their own; beyond
// it nothing is queued (requirement TH1).
func TestLK1_StrangersSpendNoBudgetOfCodes(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}})
	check(err)
	sealer, err := keys.NewSealer([]keys.SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{2}, 32)}})
	check(err)
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: "sqlite://" + filepath.Join(t.TempDir(), "latchkey.db"), Now: now, Log: slog.New(slog.DiscardHandler), Hasher: hasher,
	})
	check(err)
	t.Cleanup(func() { check(store.Close()) })
	_, err = store.Migrate(t.Context())
	check(err)
	few := storage.Backoff{Free: 2, Base: time.Hour, Max: time.Hour, Window: 6 * time.Hour}
	limiter := limits.MessageLimiter{Counters: store.Ephemeral(), Hasher: hasher, Bounds: limits.MessageBounds{Account: few, Destination: few, Address: few, AnonymousPerHour: 1000}}
	m := &codeSender{
		Factors: message.Factors{
			Intents: message.NewIntents(message.IntentsConfig{Sealer: sealer, Now: now, Random: rand.Reader}),
			Outbox:  store.Outbox(), Asked: requestOrigin,
		},
		limiter: limiter,
	}
	ada := &storage.User{ID: "ada", Email: "ada@example.com", EmailVerified: true}
	refusedStrangers := 0
	for range 50 { // whoever knows the address has things sent, in any spelling of it
		for _, address := range []string{"ADA@example.com", "ada+1@example.com"} {
			wait, _, err := limiter.Anonymous(t.Context(), address)
			check(err)
			if wait > 0 {
				refusedStrangers++
			}
			if wait > time.Hour {
				t.Fatalf("strangers pushed the wait to %s", wait)
			}
		}
	}
	if refusedStrangers != 97 {
		t.Errorf("%d of 100 messages for strangers were refused, want all but 3", refusedStrangers)
	}
	var limited *mfa.LimitedError
	refused := 0
	for range 4 {
		err := m.Send(t.Context(), storage.ChannelEmail, storage.MessageEmailCode, ada, ada.Email, "123456", "en", now().Add(time.Minute))
		if errors.As(err, &limited) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	queued, err := store.Outbox().List(t.Context(), "", storage.DeliveryQueued, 10)
	check(err)
	if refused != 1 || len(queued) != 3 {
		t.Errorf("%d codes were refused and %d queued, want 1 and 3", refused, len(queued))
	}
}
