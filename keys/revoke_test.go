package keys

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// TestKY6_ARevokedKeyIsOutAtOnce on the node that revoked it and on one that learns
// of it by the next token or poll.
func TestKY6_ARevokedKeyIsOutAtOnce(t *testing.T) {
	t.Parallel()
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	here, there := newRing(t, store, c.Now), newRing(t, store, c.Now)
	load(t, here)
	load(t, there)
	stolen, kid := sign(t, here, ES256), kids(t, here)[0]
	c.Advance(minRefresh)
	if err := here.Revoke(t.Context(), kid, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	fresh := sign(t, here, ES256) // its successor signs
	if got := kids(t, here); len(got) != 1 || got[0] == kid {
		t.Errorf("JWKS holds %v", got)
	}
	for name, verify := range map[string]func(*Ring) error{
		"token": func(r *Ring) error { _, err := r.Verify(t.Context(), stolen, "JWT", ES256); return err },
		"hint":  func(r *Ring) error { _, err := r.VerifyHint(t.Context(), stolen, "JWT", ES256); return err },
	} {
		if err := verify(here); !errors.Is(err, ErrInvalidJWS) {
			t.Errorf("a %s of the stolen key: %v", name, err)
		}
	}
	if _, err := there.Verify(t.Context(), fresh, "JWT", ES256); err != nil {
		t.Errorf("another node refuses the successor's token: %v", err)
	}
	if _, err := there.Verify(t.Context(), stolen, "JWT", ES256); !errors.Is(err, ErrInvalidJWS) {
		t.Errorf("another node takes the stolen key's token: %v", err)
	}
	if there.Ready() != nil || here.Ready() != nil {
		t.Error("a node cannot sign")
	}
	if last := store.Events[len(store.Events)-1]; last.Type != storage.EventSigningKeyRevoked {
		t.Errorf("last event %+v", last)
	}
	if err := here.Revoke(t.Context(), kid, storage.Event{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
}

// TestKY6_TheSuccessorThatWaitsTakesOver rather than a third key: relying parties
// know it already.
func TestKY6_TheSuccessorThatWaitsTakesOver(t *testing.T) {
	t.Parallel()
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r := newRing(t, store, c.Now)
	load(t, r)
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	before := kids(t, r)
	if err := r.Revoke(t.Context(), before[0], storage.Event{}); err != nil {
		t.Fatal(err)
	}
	if got := kids(t, r); len(got) != 1 || got[0] != before[1] {
		t.Errorf("JWKS held %v and holds %v", before, got)
	}
	if got := signedHeader(t, sign(t, r, ES256)).KeyID; got != before[1] {
		t.Errorf("signed by %s", got)
	}
	// And one that waits may go itself: the one that signs goes on beyond its time.
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Revoke(t.Context(), kids(t, r)[1], storage.Event{}); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		c.Advance(day)
		load(t, r)
		if err := r.Ready(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKY6_EveryKeyIsOutAtOnce: those that wait to sign and those that have signed as
// well, and a fresh one signs.
func TestKY6_EveryKeyIsOutAtOnce(t *testing.T) {
	t.Parallel()
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r, there := newRing(t, store, c.Now), newRing(t, store, c.Now)
	load(t, r)
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	c.Advance(2 * day)
	load(t, r)
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	load(t, there)
	before, stolen := kids(t, r), sign(t, r, ES256)
	if len(before) < 2 {
		t.Fatalf("the ring holds %v", before)
	}
	gone, err := r.RevokeAll(t.Context(), storage.Event{})
	if err != nil || len(gone) != len(before) {
		t.Fatalf("revoked %v of %v: %v", gone, before, err)
	}
	for _, kid := range kids(t, r) {
		if slices.Contains(before, kid) {
			t.Errorf("%s is in the JWKS still", kid)
		}
	}
	fresh := sign(t, r, ES256)
	load(t, there) // as it does after Policy.Poll
	if _, err := there.Verify(t.Context(), fresh, "JWT", ES256); err != nil {
		t.Errorf("another node refuses the new key's token: %v", err)
	}
	if _, err := there.VerifyHint(t.Context(), stolen, "JWT", ES256); !errors.Is(err, ErrInvalidJWS) {
		t.Errorf("another node takes what an old key signed: %v", err)
	}
}

// TestKY6_CachesAreShortWhileKeysChange: a relying party that reads the JWKS while
// a successor waits comes back within a minute.
func TestKY6_CachesAreShortWhileKeysChange(t *testing.T) {
	t.Parallel()
	c := storagetest.NewClock()
	r := newRing(t, &storagetest.SigningKeys{}, c.Now)
	load(t, r)
	want := func(age time.Duration, when string) {
		t.Helper()
		if got := r.JWKS().MaxAge; got != age {
			t.Errorf("%s: the JWKS may be kept for %s, want %s", when, got, age)
		}
	}
	want(changingJWKSAge, "a new ring")
	c.Advance(maxJWKSAge)
	want(maxJWKSAge, "a ring at rest")
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	want(changingJWKSAge, "a successor waits")
	c.Advance(testPolicy.PublishAhead)
	want(changingJWKSAge, "a successor begins")
	c.Advance(maxJWKSAge)
	want(maxJWKSAge, "a successor signs")
}

// TestKY5_AnUnknownKidIsLookedUpBeforeItIsRefused.
func TestKY5_AnUnknownKidIsLookedUpBeforeItIsRefused(t *testing.T) {
	t.Parallel()
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	here, there := newRing(t, store, c.Now), newRing(t, store, c.Now)
	load(t, there) // makes the key
	load(t, here)
	if err := there.Revoke(t.Context(), kids(t, there)[0], storage.Event{}); err != nil {
		t.Fatal(err)
	}
	token := sign(t, there, ES256)
	if _, err := here.Verify(t.Context(), token, "JWT", ES256); !errors.Is(err, ErrInvalidJWS) {
		t.Errorf("read again within a moment: %v", err)
	}
	c.Advance(minRefresh)
	down := errors.New("the database is away")
	store.FailList = down
	if _, err := here.Verify(t.Context(), token, "JWT", ES256); !errors.Is(err, down) || errors.Is(err, ErrInvalidJWS) {
		t.Errorf("a verdict without the store: %v", err)
	}
	store.FailList = nil
	if _, err := here.Verify(t.Context(), token, "JWT", ES256); err != nil {
		t.Errorf("Verify = %v", err)
	}
}

// A key that has left the JWKS reads hints for as long as sessions live, with its
// public part alone.
func TestHintsOutliveKeys(t *testing.T) {
	t.Parallel()
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r := newRing(t, store, c.Now)
	r.cfg.Policy.KeepHints = 7 * day
	load(t, r)
	token := sign(t, r, ES256)
	for range 35 {
		c.Advance(day)
		load(t, r)
		if err := r.expire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Verify(t.Context(), token, "JWT", ES256); !errors.Is(err, ErrInvalidJWS) {
		t.Errorf("the key is still published: %v", err)
	}
	if payload, err := r.VerifyHint(t.Context(), token, "JWT", ES256); err != nil || string(payload) != `{"sub":"ada"}` {
		t.Errorf("VerifyHint = %s, %v", payload, err)
	}
	if store.Rows[0].Sealed != "" || store.Rows[1].Sealed == "" {
		t.Error("the private part of a retired key is kept, or that of a live one gone")
	}
	load(t, newRing(t, store, c.Now)) // a node that starts now takes the ring as it is
	c.Advance(7 * day)
	if err := r.expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	load(t, r)
	c.Advance(minRefresh)
	if _, err := r.VerifyHint(t.Context(), token, "JWT", ES256); !errors.Is(err, ErrInvalidJWS) {
		t.Errorf("a hint outlives every session: %v", err)
	}
}
