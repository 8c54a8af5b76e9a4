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
	if got, err := h.Check(t.Context(), encoded, "p"); err != nil || got != (Verdict{Fits: true}) {
		t.Errorf("a verifier of the same cost = %+v, %v", got, err)
	}
	if got, err := dearer.Check(t.Context(), encoded, "p"); err != nil || got != (Verdict{Fits: true, Outdated: true}) {
		t.Errorf("a verifier of another cost = %+v, %v", got, err)
	}
	if got, err := dearer.Check(t.Context(), encoded, "q"); err != nil || got != (Verdict{}) {
		t.Errorf("another password = %+v, %v", got, err)
	}
}

// TestPW2_OnePasswordTypedTwoWaysIsOne: one keyboard writes é as one code point,
// another as two; one puts an ideographic space between words.
func TestPW2_OnePasswordTypedTwoWaysIsOne(t *testing.T) {
	h := newHasher(t)
	for _, same := range [][]string{
		{"caf\u00e9 au lait in paris", "cafe\u0301 au lait in paris"},
		{"\u6b63\u3057\u3044 \u99ac \u96fb\u6c60", "\u6b63\u3057\u3044\u3000\u99ac\u00a0\u96fb\u6c60"},
		{"한국어 비밀번호 문장", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 비밀번호 문장"},
	} {
		for _, first := range same {
			encoded, err := h.Hash(t.Context(), first)
			if err != nil {
				t.Fatal(err)
			}
			for _, then := range same {
				if got, err := h.Check(t.Context(), encoded, then); err != nil || got != (Verdict{Fits: true}) {
					t.Errorf("made of %+q, checked with %+q = %+v, %v", first, then, got, err)
				}
			}
		}
	}
}

// TestPW2_OlderVerifiersAreTriedAsTypedAndReplaced: a verifier that was made
// before passwords were normalized fits what was typed then, and is outdated.
func TestPW2_OlderVerifiersAreTriedAsTypedAndReplaced(t *testing.T) {
	h := newHasher(t)
	const typed = "cafe\u0301 au lait"
	older := verifier{Params: testParams, salt: []byte("0123456789abcdef")}
	older.hash = older.derive(typed, hashSize)
	if got, err := h.Check(t.Context(), older.String(), typed); err != nil || got != (Verdict{Fits: true, Outdated: true}) {
		t.Errorf("as it was typed = %+v, %v", got, err)
	}
	if got, err := h.Check(t.Context(), older.String(), "caf\u00e9 au lait"); err != nil || got.Fits {
		t.Errorf("normalized = %+v, %v", got, err)
	}
	if got, err := h.Check(t.Context(), older.String(), "cafe au lait"); err != nil || got.Fits {
		t.Errorf("without the accent = %+v, %v", got, err)
	}
}

func TestEN2_AnUnknownPersonCostsAHash(t *testing.T) {
	hashes := 0
	h := newHasher(t, func(c *Config) { c.Observe = func(time.Duration, bool) { hashes++ } })
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
	hashes = 0
	if err := h.VerifyDummy(t.Context(), "p"); err != nil || hashes != 1 {
		t.Errorf("%d hashes for an unknown person, %v", hashes, err)
	}
	if _, err := h.Verify(t.Context(), encoded, "p"); err != nil || hashes != 2 {
		t.Errorf("%d hashes after one for a known person, %v", hashes, err)
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
