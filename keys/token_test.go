package keys

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func secretKey(id string, change ...func(*SecretKey)) SecretKey {
	k := SecretKey{ID: id, Key: bytes.Repeat([]byte(id[:1]), 32)}
	for _, c := range change {
		c(&k)
	}
	return k
}

func newToken(t *testing.T, h *Hasher) (token, sum string) {
	t.Helper()
	token, sum, err := h.NewToken(rand.Reader, "code")
	if err != nil {
		t.Fatal(err)
	}
	return token, sum
}

func TestTokenIsFoundUnderItsHash(t *testing.T) {
	t.Parallel()
	old := testHasher(t, secretKey("old"))
	both := testHasher(t, secretKey("new"), secretKey("old"))
	token, sum := newToken(t, old)
	if len(token) != TokenLength || strings.Contains(sum, token) {
		t.Errorf("token %q is kept as %q", token, sum)
	}
	if got, err := both.SumToken("code", token); err != nil || got != sum {
		t.Errorf("SumToken = %q, %v, want %q", got, err, sum)
	}
	if got, err := both.SumToken("session", token); err != nil || got == sum {
		t.Errorf("another purpose: %q, %v", got, err)
	}
	if again, _ := newToken(t, old); again == token {
		t.Error("the same token twice")
	}
	for name, broken := range map[string]string{
		"empty": "", "short": token[1:], "long": token + "A", "no base64url": "+" + token[1:],
	} {
		if _, err := both.SumToken("code", broken); !errors.Is(err, ErrNoToken) {
			t.Errorf("%s: SumToken = %v", name, err)
		}
	}
}

// TestKY5_ATokenOfAnUnknownKeyIsNotJudged: a node that has the older keys only
// says so, and not "not found".
func TestKY5_ATokenOfAnUnknownKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	a, b := testHasher(t, secretKey("new"), secretKey("old")), testHasher(t, secretKey("old"))
	token, sum := newToken(t, a)
	if _, err := b.SumToken("code", token); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("SumToken = %v, want ErrUnknownKey", err)
	}
	if b.Knows(sum) || b.Knows("") || !a.Knows(sum) {
		t.Error("Knows is wrong")
	}
	if err := b.KnowsTag(a.Tag()); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("KnowsTag = %v, want ErrUnknownKey", err)
	}
	for _, err := range []error{a.KnowsTag(a.Tag()), a.KnowsTag(b.Tag())} {
		if err != nil {
			t.Errorf("a key that is configured: %v", err)
		}
	}
}

// TestKY6_WhatARevokedHashKeyMadeIsRefused: with its id left in the list that is
// a verdict.
func TestKY6_WhatARevokedHashKeyMadeIsRefused(t *testing.T) {
	t.Parallel()
	token, sum := newToken(t, testHasher(t, secretKey("stolen")))
	h := testHasher(t, SecretKey{ID: "stolen", Revoked: true}, secretKey("fresh"))
	if _, err := h.SumToken("code", token); !errors.Is(err, ErrRevokedKey) {
		t.Errorf("SumToken = %v", err)
	}
	if h.Knows(sum) || h.Verify(sum, "code", token) || len(h.Sums("code", "x")) != 1 || !strings.HasPrefix(h.Sum("code", "x"), "fresh.") {
		t.Error("a revoked key is in use")
	}
	if _, err := NewHasher([]SecretKey{{ID: "stolen", Revoked: true}}); err == nil {
		t.Error("a hasher without a key")
	}
}

func TestKY5_AKeyReadsBeforeItMakes(t *testing.T) {
	t.Parallel()
	c := storagetest.NewClock()
	later := func(k *SecretKey) { k.UseFrom = c.Now().Add(time.Hour) }
	list := []SecretKey{secretKey("new", later), secretKey("old")}
	h, err := NewHasher(list, WithClock(c.Now))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSealer(list, WithClock(c.Now))
	if err != nil {
		t.Fatal(err)
	}
	made := func() (hash, sealed string) {
		sealed, err := s.Seal([]byte("x"), place)
		if err != nil {
			t.Fatal(err)
		}
		return h.Sum("code", "x"), sealed
	}
	ahead, _, err := testHasher(t, secretKey("new")).NewToken(rand.Reader, "code")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.SumToken("code", ahead); err != nil {
		t.Errorf("the new key does not read yet: %v", err)
	}
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{time.Hour - 1, "old"}, {1, "new"}} {
		c.Advance(step.wait)
		if hash, sealed := made(); !strings.HasPrefix(hash, step.want+".") || !strings.HasPrefix(sealed, "v1."+step.want+".") {
			t.Errorf("made %q and %q, want the %s key", hash, sealed, step.want)
		}
		if sums := h.Sums("code", "x"); len(sums) != 2 || sums[0] != h.Sum("code", "x") || sums[1] == sums[0] {
			t.Errorf("hashes %q, want the one of the %s key first", sums, step.want)
		}
	}
	if _, err := NewHasher([]SecretKey{secretKey("new", func(k *SecretKey) { k.UseFrom = c.Now().Add(1) })}, WithClock(c.Now)); err == nil {
		t.Error("a hasher whose only key does not make yet")
	}
}

func TestKeysMustBeToldApart(t *testing.T) {
	t.Parallel()
	same := secretKey("a")
	same.ID = "b"
	for name, list := range map[string][]SecretKey{
		"none": nil, "one id": {secretKey("a"), {ID: "a", Key: bytes.Repeat([]byte{9}, 32)}}, "one key": {secretKey("a"), same},
		"short": {{ID: "a", Key: make([]byte, 31)}}, "odd id": {{ID: "a.b", Key: make([]byte, 32)}},
	} {
		if _, err := NewHasher(list); err == nil {
			t.Errorf("%s: NewHasher took it", name)
		}
	}
}
