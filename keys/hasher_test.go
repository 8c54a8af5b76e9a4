package keys

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func testHasher(t testing.TB, secrets ...SecretKey) *Hasher {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}}
	}
	h, err := NewHasher(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashIsOfItsPurposeAndParts(t *testing.T) {
	h := testHasher(t)
	sum := h.Sum("code", "ab", "c")
	if !h.Verify(sum, "code", "ab", "c") {
		t.Error("a hash does not verify")
	}
	for name, other := range map[string]string{
		"another purpose": h.Sum("session", "ab", "c"), "shifted parts": h.Sum("code", "a", "bc"),
		"joined parts": h.Sum("code", "abc"), "a part more": h.Sum("code", "ab", "c", ""),
	} {
		if other == sum {
			t.Errorf("%s: the same hash", name)
		}
	}
	for _, broken := range []string{"", "p1", "p1.", "p2" + sum[2:], sum[:len(sum)-1], sum + "A"} {
		if h.Verify(broken, "code", "ab", "c") {
			t.Errorf("Verify(%q) = true", broken)
		}
	}
}

func TestHashKeysRotate(t *testing.T) {
	old := SecretKey{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}
	before := testHasher(t, old).Sum("session", "x")
	after := testHasher(t, SecretKey{ID: "p2", Key: bytes.Repeat([]byte{2}, 32)}, old)
	sums := after.Sums("session", "x")
	if len(sums) != 2 || sums[0] != after.Sum("session", "x") || sums[1] != before {
		t.Errorf("Sums = %v, want the current key's first, then %s", sums, before)
	}
	if !after.Verify(before, "session", "x") {
		t.Error("a hash of an older key does not verify")
	}
}

func TestDerivedKeysDifferByPurposeAndKey(t *testing.T) {
	h := testHasher(t, SecretKey{ID: "p2", Key: bytes.Repeat([]byte{2}, 32)}, SecretKey{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)})
	seen := map[string]bool{}
	for _, purpose := range []string{"refresh-token", "access-token"} {
		for _, k := range h.Derive(purpose) {
			if len(k.Key) != 32 || seen[string(k.Key)] {
				t.Errorf("%s %s: key of %d bytes, or one that was seen", purpose, k.ID, len(k.Key))
			}
			seen[string(k.Key)] = true
		}
	}
}

func TestHashesOfDifferentPartsDiffer(t *testing.T) {
	h := testHasher(t)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.String(), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = a[i] == b[i]
		}
		if (h.Sum("p", a...) == h.Sum("p", b...)) != same {
			t.Errorf("hashes of %q and %q", a, b)
		}
	})
}

// TestKY5_AHashOfAnUnknownKeyIsNotJudged: it is neither right nor wrong, unless its key
// was revoked.
func TestKY5_AHashOfAnUnknownKeyIsNotJudged(t *testing.T) {
	one := SecretKey{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}
	sum := testHasher(t, one).Sum("code", "x")
	for name, c := range map[string]struct {
		hasher *Hasher
		sum    string
		right  bool
		err    error
	}{
		"known":      {testHasher(t, one), sum, true, nil},
		"known, not": {testHasher(t, one), sum[:len(sum)-1] + "_", false, nil},
		"unknown":    {testHasher(t, SecretKey{ID: "p2", Key: one.Key}), sum, false, ErrUnknownKey},
		"revoked":    {testHasher(t, SecretKey{ID: "p2", Key: one.Key}, SecretKey{ID: "p1", Revoked: true}), sum, false, nil},
		"no hash":    {testHasher(t, one), "p2", false, nil},
	} {
		right, err := c.hasher.Judge(c.sum, "code", "x")
		if right != c.right || !errors.Is(err, c.err) {
			t.Errorf("%s: %t, %v", name, right, err)
		}
	}
}

// TestKY5_AKeyThatWaitsIsNotFirst: what is kept under the first of the hashes is kept
// under a key that every node knows by now.
func TestKY5_AKeyThatWaitsIsNotFirst(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	h, err := NewHasher([]SecretKey{
		{ID: "p2", Key: bytes.Repeat([]byte{2}, 32), UseFrom: now.Add(time.Hour)}, {ID: "p1", Key: bytes.Repeat([]byte{1}, 32)},
	}, WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	if sums := h.Sums("code", "x"); len(sums) != 2 || sums[0] != h.Sum("code", "x") || sums[0][:2] != "p1" {
		t.Errorf("before its time: %v", sums)
	}
	now = now.Add(time.Hour)
	if sums := h.Sums("code", "x"); len(sums) != 2 || sums[0] != h.Sum("code", "x") || sums[0][:2] != "p2" {
		t.Errorf("from its time on: %v", sums)
	}
}
