package storagetest

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testSigningKeys(t *testing.T) {
	ctx, keys, now := t.Context(), f.s.SigningKeys(), f.clock.Now()
	k := storage.SigningKey{
		ID: "kid-1", Alg: "ES256", Slot: 1, Public: []byte(`{"kty":"EC"}`), Sealed: "v1.k.n.c", CreatedAt: now, SignsFrom: now,
	}
	want(t, "Insert", keys.Insert(ctx, k, f.event(t, storage.EventSigningKeyRotated)), nil)
	rival := k
	rival.ID = "kid-2"
	want(t, "KY2: Insert into a taken slot", keys.Insert(ctx, rival, f.event(t, storage.EventSigningKeyRotated)), storage.ErrConflict)
	until, expires := now.Add(time.Hour), now.Add(2*time.Hour)
	want(t, "Retire", keys.Retire(ctx, k.ID, until, expires), nil)
	want(t, "Retire again", keys.Retire(ctx, k.ID, until.Add(time.Hour), expires.Add(time.Hour)), nil)
	k.SignsUntil, k.ExpiresAt = until, expires
	got, err := keys.List(ctx)
	want(t, "List", err, nil)
	equal(t, "keys", got, []storage.SigningKey{k})
	want(t, "Expire of what is published", keys.Expire(ctx, expires.Add(-time.Second), now), nil)
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{k})
	want(t, "Expire of what verifies hints", keys.Expire(ctx, expires, now), nil)
	k.Sealed = ""
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{k})
	want(t, "Expire", keys.Expire(ctx, expires, expires), nil)
	equal(t, "keys", len(f.signingKeys(t)), 0)
}

func (f fixture) signingKeys(t *testing.T) []storage.SigningKey {
	t.Helper()
	got, err := f.s.SigningKeys().List(t.Context())
	want(t, "List", err, nil)
	return got
}

func (f fixture) testRevokedSigningKeys(t *testing.T) {
	ctx, keys, now := t.Context(), f.s.SigningKeys(), f.clock.Now()
	revoked := func() storage.Event { return f.event(t, storage.EventSigningKeyRevoked) }
	key := func(id string, slot int, from, until time.Time) storage.SigningKey {
		k := storage.SigningKey{
			ID: id, Alg: "EdDSA", Slot: slot, Public: []byte(`{"kty":"OKP"}`), Sealed: "v1.k.n.c", CreatedAt: now, SignsFrom: from, SignsUntil: until,
		}
		if !until.IsZero() {
			k.ExpiresAt = until.Add(time.Hour)
		}
		return k
	}
	none := time.Time{}
	soon := now.Add(time.Hour)
	for _, k := range []storage.SigningKey{key("a", 1, now, soon), key("b", 2, soon, none)} {
		want(t, "Insert", keys.Insert(ctx, k, f.event(t, storage.EventSigningKeyRotated)), nil)
	}
	want(t, "KY6: Revoke of nothing", keys.Revoke(ctx, "z", nil, now, revoked()), storage.ErrNotFound)
	next := key("b", 2, now, none)
	want(t, "KY6: Revoke of the one that signs", keys.Revoke(ctx, "a", &next, now, revoked()), nil)
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{next})
	made := key("c", 3, now, none)
	want(t, "KY6: Revoke with a new successor", keys.Revoke(ctx, "b", &made, now, revoked()), nil)
	equal(t, "keys", f.signingKeys(t), []storage.SigningKey{made})

	waiting := key("d", 4, soon, none)
	want(t, "Insert", keys.Insert(ctx, waiting, f.event(t, storage.EventSigningKeyRotated)), nil)
	want(t, "Retire", keys.Retire(ctx, "c", soon, soon.Add(time.Hour)), nil)
	want(t, "KY6: Revoke of one that waits", keys.Revoke(ctx, "d", nil, now, revoked()), nil)
	equal(t, "KY6: its predecessor goes on", f.signingKeys(t), []storage.SigningKey{made})
	want(t, "Revoke", keys.Revoke(ctx, "c", nil, now, revoked()), nil)
}
