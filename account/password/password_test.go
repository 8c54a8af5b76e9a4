package password

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// testParams is the least that New takes: tests pay for it many times.
var testParams = Params{MemoryKiB: minMemoryKiB, Time: minTime, Parallelism: 1}

func newHasher(t testing.TB, change ...func(*Config)) *Hasher {
	t.Helper()
	cfg := Config{Params: testParams, MaxConcurrent: 2, QueueTimeout: time.Minute, Random: rand.Reader}
	for _, c := range change {
		c(&cfg)
	}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPW1_VerifierTellsItsCostAndFitsOnePassword(t *testing.T) {
	h := newHasher(t)
	encoded, err := h.Hash(t.Context(), "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$", minMemoryKiB, minTime); !strings.HasPrefix(encoded, want) {
		t.Errorf("verifier = %q, want prefix %q", encoded, want)
	}
	for password, want := range map[string]bool{
		"correct horse battery staple": true, "Correct horse battery staple": false,
		"correct horse battery staple ": false, "": false,
	} {
		if got, err := h.Verify(t.Context(), encoded, password); got != want || err != nil {
			t.Errorf("Verify(%q) = %v, %v; want %v", password, got, err, want)
		}
	}
}

func TestPW2_EveryByteOfALongPasswordCounts(t *testing.T) {
	h := newHasher(t)
	long := strings.Repeat("😀", 64) // 256 bytes
	encoded, err := h.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{long[:72], long[:255] + "x", long + "x"} {
		if ok, err := h.Verify(t.Context(), encoded, other); ok || err != nil {
			t.Errorf("Verify of another password = %v, %v", ok, err)
		}
	}
}

func TestPW1_AnotherCostIsRehashed(t *testing.T) {
	h := newHasher(t)
	dearer := newHasher(t, func(c *Config) { c.Time++ })
	encoded, err := h.Hash(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	if h.NeedsRehash(encoded) {
		t.Error("a verifier of the same cost needs no rehash")
	}
	if !dearer.NeedsRehash(encoded) {
		t.Error("a verifier of another cost needs a rehash")
	}
	if ok, err := dearer.Verify(t.Context(), encoded, "p"); !ok || err != nil {
		t.Errorf("a verifier of another cost = %v, %v", ok, err)
	}
}

func TestEN2_AnUnknownPersonCostsAHash(t *testing.T) {
	h := newHasher(t)
	encoded, err := h.Hash(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	known, unknown := h.dummy, encoded
	a, err1 := parse(known)
	b, err2 := parse(unknown)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if a.Params != b.Params || len(a.hash) != len(b.hash) || len(a.salt) != len(b.salt) {
		t.Errorf("dummy %+v costs other than a real verifier %+v", a.Params, b.Params)
	}
	if err := h.VerifyDummy(t.Context(), "p"); err != nil {
		t.Error(err)
	}
}

func TestDS2_AFloodWaitsAndGivesUp(t *testing.T) {
	h := newHasher(t, func(c *Config) { c.MaxConcurrent, c.QueueTimeout = 1, time.Millisecond })
	h.turns <- struct{}{} // somebody is hashing
	var group sync.WaitGroup
	for range 500 {
		group.Go(func() {
			if err := h.VerifyDummy(t.Context(), "p"); !errors.Is(err, ErrBusy) {
				t.Errorf("VerifyDummy behind a full queue = %v", err)
			}
		})
	}
	group.Wait()
	<-h.turns
	if err := h.VerifyDummy(t.Context(), "p"); err != nil {
		t.Errorf("VerifyDummy after the flood = %v", err)
	}
}

func TestCancelledWaitSaysSo(t *testing.T) {
	h := newHasher(t, func(c *Config) { c.MaxConcurrent = 1 })
	h.turns <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.VerifyDummy(ctx, "p"); !errors.Is(err, context.Canceled) {
		t.Errorf("VerifyDummy = %v", err)
	}
}

func TestStoredVerifierMayNotAskForEverything(t *testing.T) {
	h := newHasher(t)
	for _, encoded := range []string{
		"", "plain", "$argon2id$", "$argon2i$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=16$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=2,p=255$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=0,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$t=2,m=65536,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
	} {
		if ok, err := h.Verify(t.Context(), encoded, "p"); ok || !errors.Is(err, errMalformed) {
			t.Errorf("Verify(%q) = %v, %v; want malformed", encoded, ok, err)
		}
	}
}

func TestCF1_TooCheapAHashRefusesToStart(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"memory": func(c *Config) { c.MemoryKiB = minMemoryKiB - 1 }, "passes": func(c *Config) { c.Time = 1 },
		"lanes": func(c *Config) { c.Parallelism = 0 }, "turns": func(c *Config) { c.MaxConcurrent = 0 },
		"excess": func(c *Config) { c.MemoryKiB = maxMemoryKiB + 1 },
	} {
		cfg := Config{Params: testParams, MaxConcurrent: 1, QueueTimeout: time.Second, Random: rand.Reader}
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: New took %+v", name, cfg)
		}
	}
}
