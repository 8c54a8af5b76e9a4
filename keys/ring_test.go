package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func kids(t *testing.T, r *Ring) []string {
	t.Helper()
	var set struct {
		Keys []struct{ Kid string }
	}
	if err := json.Unmarshal(r.JWKS().Body, &set); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range set.Keys {
		names = append(names, k.Kid)
	}
	return names
}

func TestKY2_NodesThatStartAtOnceAgree(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	var group sync.WaitGroup
	rings := make([]*Ring, 8)
	for i := range rings {
		rings[i] = newRing(t, store, c.Now, ES256, EdDSA)
		group.Go(func() {
			if err := rings[i].Load(t.Context()); err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if len(store.Rows) != 2 || len(store.Events) != 2 {
		t.Fatalf("%d keys and %d events of two algorithms", len(store.Rows), len(store.Events))
	}
	for _, signer := range rings {
		for _, verifier := range rings {
			if _, err := verifier.Verify(t.Context(), sign(t, signer, EdDSA), "JWT", EdDSA); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestKY2_PublishedBeforeItSignsKeptUntilTheLastTokenDies walks two nodes
// through a rotation in steps of an hour: at each, what one signs the other
// verifies, whichever of them has looked last.
func TestKY2_PublishedBeforeItSignsKeptUntilTheLastTokenDies(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	awake, sleepy := newRing(t, store, c.Now), newRing(t, store, c.Now)
	load(t, awake)
	load(t, sleepy)
	first := sign(t, awake, ES256)
	firstKid := kids(t, awake)[0]
	var publishedAt, signedAt, goneAt time.Duration
	for hour := time.Duration(1); hour <= 24*32; hour++ {
		c.Advance(time.Hour)
		load(t, awake)
		// It is known without another look at the store.
		if kid := signedHeader(t, sign(t, awake, ES256)).KeyID; sleepy.snapshot.Load().verifier[kid].key == nil {
			t.Fatalf("hour %d: what one node signs the other does not know", hour)
		}
		if hour%6 == 0 { // it looks less often, but often enough
			load(t, sleepy)
		}
		names := kids(t, awake)
		if len(names) == 2 && publishedAt == 0 {
			publishedAt = hour
		}
		if _, err := awake.Verify(t.Context(), first, "JWT", ES256); err != nil && goneAt == 0 {
			goneAt = hour
		}
		if key, err := awake.snapshot.Load().signer(ES256, c.Now()); err != nil || key.row.ID != firstKid && signedAt == 0 {
			signedAt = hour
		}
	}
	if publishedAt != 29*24 || signedAt != 30*24 || goneAt != 30*24+12 {
		t.Errorf("published at hour %d, signs from %d, old one gone at %d; want %d, %d, %d",
			publishedAt, signedAt, goneAt, 29*24, 30*24, 30*24+12)
	}
}

func signedHeader(t *testing.T, token string) jose.Header {
	t.Helper()
	jws, err := parseJWS(token, "JWT", everyAlg)
	if err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Protected
}

func TestANodeThatStopsBetweenItsWritesIsMadeGood(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r := newRing(t, store, c.Now)
	load(t, r)
	c.Advance(29 * day)
	store.FailRetire = errors.New("power is out")
	if err := r.Load(t.Context()); !errors.Is(err, store.FailRetire) {
		t.Fatalf("Load = %v", err)
	}
	sign(t, r, ES256) // the key in use goes on working
	store.FailRetire = nil
	load(t, newRing(t, store, c.Now))
	for _, k := range store.Rows {
		if k.Slot == 1 && !k.SignsUntil.Equal(c.Now().Add(day)) {
			t.Errorf("predecessor signs until %s", k.SignsUntil)
		}
	}
}

func TestRotateNow(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r := newRing(t, store, c.Now)
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); !errors.Is(err, ErrPending) {
		t.Errorf("a second rotation = %v, want ErrPending", err)
	}
	if err := r.Rotate(t.Context(), RS256, storage.Event{}); err == nil {
		t.Error("rotated an algorithm without keys")
	}
	keys := r.Keys()
	if len(keys) != 2 || !keys[0].SignsUntil.Equal(keys[1].SignsFrom) || !keys[1].SignsFrom.Equal(c.Now().Add(day)) {
		t.Errorf("ring after a rotation = %+v", keys)
	}
}

func TestKY1_JWKSHasPublicPartsOnly(t *testing.T) {
	r := newRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now, RS256, ES256, EdDSA)
	load(t, r)
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(r.JWKS().Body, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 3 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	for _, k := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, there := k[private]; there {
				t.Errorf("%s key shows %q", k["alg"], private)
			}
		}
		if k["kid"] == "" || k["use"] != "sig" || k["alg"] == "" {
			t.Errorf("key %v", k)
		}
	}
}

func TestKY3_PrivateKeysAreSealedToTheirRows(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	load(t, newRing(t, store, c.Now, ES256, EdDSA))
	for _, k := range store.Rows {
		if !strings.HasPrefix(k.Sealed, "v1.k1.") || strings.Contains(k.Sealed, "PRIVATE") {
			t.Errorf("private key is kept as %.20s…", k.Sealed)
		}
	}
	store.Rows[0].Sealed, store.Rows[1].Sealed = store.Rows[1].Sealed, store.Rows[0].Sealed
	if err := newRing(t, store, c.Now, ES256, EdDSA).Load(t.Context()); !errors.Is(err, ErrSealBroken) {
		t.Errorf("Load of swapped rows = %v, want ErrSealBroken", err)
	}
}

func TestJWKSChangesOnlyWithTheRing(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r := newRing(t, store, c.Now)
	load(t, r)
	before := r.JWKS()
	load(t, r)
	if r.JWKS() != before {
		t.Error("the JWKS was made anew for the same ring")
	}
	if err := r.Rotate(t.Context(), ES256, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	if r.JWKS().ETag == before.ETag {
		t.Error("the ETag is the same for another ring")
	}
}

func TestRunRefreshesAndStops(t *testing.T) {
	store, c := &storagetest.SigningKeys{}, storagetest.NewClock()
	r := newRing(t, store, c.Now)
	r.cfg.Policy.Poll = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	for r.Ready() != nil {
		select {
		case err := <-done:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestReadyNamesTheAlgorithmWithoutAKey(t *testing.T) {
	r := newRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now)
	if err := r.Ready(); err == nil || !strings.Contains(err.Error(), ES256) {
		t.Errorf("Ready without keys = %v", err)
	}
}

func TestGenerateMakesAKeyOfItsAlgorithm(t *testing.T) {
	t.Parallel()
	for _, alg := range everyAlg {
		key, err := generate(alg)
		if err != nil {
			t.Fatal(err)
		}
		if private, ok := key.(*rsa.PrivateKey); ok != (alg == RS256 || alg == PS256) || ok && private.N.BitLen() != rsaBits {
			t.Errorf("%s key is a %T", alg, key)
		}
	}
	if _, err := generate("HS256"); err == nil {
		t.Error("a key for HS256")
	}
}

// TestKeyIDsAreNoFlags: an ID that begins with a hyphen could not be given to `latchkey
// keys revoke`.
func TestKeyIDsAreNoFlags(t *testing.T) {
	t.Parallel()
	made := byte(0)
	r := newRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now)
	r.cfg.Generate = func(string) (crypto.Signer, error) {
		made++
		return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{made}, ed25519.SeedSize)), nil
	}
	named := 0
	for ; made < 200; named++ {
		_, jwk, err := r.namedKey(EdDSA)
		if err != nil || strings.HasPrefix(jwk.KeyID, "-") {
			t.Errorf("key %d is named %q, %v", named, jwk.KeyID, err)
		}
	}
	if named == int(made) {
		t.Error("no key was made again: none of these shows anything")
	}
}

// A node whose clock is behind that of the node which made the first key, or took a
// stolen one out, signs with the key that there is.
func TestDL1_ANodeWhoseClockIsBehindSigns(t *testing.T) {
	store, clock := &storagetest.SigningKeys{}, storagetest.NewClock()
	ahead, behind := newRing(t, store, clock.Now), newRing(t, store, func() time.Time { return clock.Now().Add(-5 * time.Minute) })
	load(t, ahead)
	load(t, behind)
	signs := func() {
		t.Helper()
		if err := behind.Ready(); err != nil {
			t.Error(err)
		}
		if _, err := ahead.Verify(t.Context(), sign(t, behind, ES256), "JWT", ES256); err != nil {
			t.Errorf("the other node refuses what this one signs: %v", err)
		}
	}
	signs()
	if err := ahead.Revoke(t.Context(), ahead.Keys()[0].ID, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	load(t, behind)
	signs()
}
