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
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// TestTH1_CodesCountAmongAllMessages: what factors send is counted together with
// what the pages send, and beyond the limit nothing is queued.
func TestTH1_CodesCountAmongAllMessages(t *testing.T) {
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
	limiter := login.MessageLimiter{Ephemeral: store.Ephemeral(), Hasher: hasher, Limits: login.MessageLimits{Account: few, Destination: few, Address: few}}
	m := &codeSender{
		Factors: message.Factors{
			Intents: message.NewIntents(message.IntentsConfig{Sealer: sealer, Now: now, Random: rand.Reader}),
			Outbox:  store.Outbox(), Asked: requestOrigin,
		},
		limiter: limiter,
	}
	ada := &storage.User{ID: "ada", Email: "ada@example.com", EmailVerified: true}
	if wait, _, err := limiter.Allow(t.Context(), ada.ID, "ADA@example.com"); err != nil || wait != 0 { // a page had something sent
		t.Fatalf("the first message: wait %s, %v", wait, err)
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
	queued, err := store.Outbox().List(t.Context(), storage.DeliveryQueued, 10)
	check(err)
	if refused != 2 || len(queued) != 2 {
		t.Errorf("%d codes were refused and %d queued, want 2 and 2", refused, len(queued))
	}
}
