package onetime_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

const (
	alice = "0192f0c0ffee0000000000000000000a"
	bob   = "0192f0c0ffee0000000000000000000b"
)

type about struct{ Email string }

// secretKey is a key that is the same letter throughout.
func secretKey(letter string) keys.SecretKey {
	return keys.SecretKey{ID: letter, Key: []byte(strings.Repeat(letter, 32))}
}

// harness is a server's one-time tokens over a memory.
type harness struct {
	*onetime.Tokens
	store *memory
	clock *storagetest.Clock
}

func newHarness(t *testing.T) harness {
	t.Helper()
	store, clock := newMemory(), storagetest.NewClock()
	return harness{newTokens(t, store, clock, secretKey("h")), store, clock}
}

func newTokens(t *testing.T, store *memory, clock *storagetest.Clock, hashKeys ...keys.SecretKey) *onetime.Tokens {
	t.Helper()
	hasher, err1 := keys.NewHasher(hashKeys)
	sealer, err2 := keys.NewSealer([]keys.SecretKey{secretKey("s")})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return onetime.New(onetime.Config{Store: store, Hasher: hasher, Sealer: sealer, Now: clock.Now})
}

func issue(t *testing.T, tokens *onetime.Tokens, purpose onetime.Purpose, subject string) onetime.Issued {
	t.Helper()
	issued, err := tokens.Issue(t.Context(), onetime.Token{
		Purpose: purpose, Subject: subject, Data: about{subject + "@example.com"}, TTL: time.Hour, CodeTTL: 10 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func TestSpendByLink(t *testing.T) {
	h := newHarness(t)
	issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	e, err := h.Redeem(t.Context(), onetime.VerifyEmail, issued.Token)
	if err != nil {
		t.Fatal(err)
	}
	var data about
	if err := e.Decode(&data); err != nil || e.Subject != alice || data.Email != alice+"@example.com" {
		t.Fatalf("spent %+v with %+v, %v", e, data, err)
	}
	if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, issued.Token); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("spent again: %v", err)
	}
	if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("the code outlived its link: %v", err)
	}
}

func TestSpendByCode(t *testing.T) {
	h := newHarness(t)
	for _, spelling := range []func(string) string{
		func(c string) string { return c },
		func(c string) string { return " " + c[:4] + " " + c[4:] + "\n" },
		func(c string) string { return c[:4] + "-" + c[4:] },
		func(c string) string { return strings.Map(func(r rune) rune { return r - '0' + '٠' }, c) },
		func(c string) string { return strings.Map(func(r rune) rune { return r - '0' + '０' }, c) },
	} {
		issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
		code := spelling(issued.Code)
		if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, code); err != nil {
			t.Errorf("%q for %q: %v", code, issued.Code, err)
		}
		if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, issued.Token); !errors.Is(err, onetime.ErrInvalid) {
			t.Errorf("the link outlived its code: %v", err)
		}
	}
}

// One answer for everything that is not the live token of its purpose and person.
func TestOT1_BoundToPurposeAndPerson(t *testing.T) {
	h := newHarness(t)
	issued := issue(t, h.Tokens, onetime.PasswordReset, alice)
	other := issue(t, h.Tokens, onetime.PasswordReset, bob)
	raw, err := base64.RawURLEncoding.DecodeString(issued.Token)
	if err != nil {
		t.Fatal(err)
	}
	forBob := base64.RawURLEncoding.EncodeToString(append(slices.Clone(raw[:keys.TagSize+32]), bob...))
	flipped := slices.Clone(raw)
	flipped[keys.TagSize] ^= 1
	for name, token := range map[string]string{
		"empty": "", "no base64": "!" + issued.Token, "cut": issued.Token[:43], "longer": issued.Token + "AA",
		"another person's": forBob, "one bit": base64.RawURLEncoding.EncodeToString(flipped), "huge": strings.Repeat("A", 1<<20),
	} {
		if _, err := h.Redeem(t.Context(), onetime.PasswordReset, token); !errors.Is(err, onetime.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, purpose := range []onetime.Purpose{onetime.VerifyEmail, onetime.EmailChange, onetime.SignUp, ""} {
		if _, err := h.Redeem(t.Context(), purpose, issued.Token); !errors.Is(err, onetime.ErrInvalid) {
			t.Errorf("reset token as %q: %v", purpose, err)
		}
		if _, err := h.RedeemCode(t.Context(), purpose, alice, issued.Code); !errors.Is(err, onetime.ErrInvalid) {
			t.Errorf("reset code as %q: %v", purpose, err)
		}
	}
	if _, err := h.RedeemCode(t.Context(), onetime.PasswordReset, bob, issued.Code); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("alice's code for bob: %v", err)
	}
	for _, token := range []string{issued.Token, other.Token} {
		if _, err := h.Redeem(t.Context(), onetime.PasswordReset, token); err != nil {
			t.Errorf("nothing of this may hurt a token: %v", err)
		}
	}
}

func TestOT1_LongAndKeptAsKeyedHash(t *testing.T) {
	h := newHarness(t)
	seen := map[string]bool{}
	for range 100 {
		issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
		raw, err := base64.RawURLEncoding.DecodeString(issued.Token)
		if err != nil {
			t.Fatal(err)
		}
		secret := string(raw[:len(raw)-len(alice)])
		if len(secret)*8 < 128 || seen[secret] || len(issued.Code) != 8 {
			t.Fatalf("secret of %d bits, code of %d digits", len(secret)*8, len(issued.Code))
		}
		seen[secret] = true
		dump := slices.Concat(slices.Concat(slices.Collect(maps.Values(h.store.values))...), []byte(strings.Join(slices.Collect(maps.Keys(h.store.values)), "")))
		for _, clear := range []string{issued.Token, secret, issued.Code, "@example.com", alice} {
			for _, spelled := range []string{clear, base64.StdEncoding.EncodeToString([]byte(clear)), base64.RawURLEncoding.EncodeToString([]byte(clear))} {
				if bytes.Contains(dump, []byte(spelled)) {
					t.Fatalf("the store holds %q", spelled)
				}
			}
		}
	}
}

func TestOT1_ExpiresByItsOwnDate(t *testing.T) {
	h := newHarness(t)
	issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	h.clock.Advance(10 * time.Minute)
	if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("code after its time: %v", err)
	}
	if _, err := h.Peek(t.Context(), onetime.VerifyEmail, issued.Token); err != nil {
		t.Errorf("link in its time: %v", err)
	}
	h.clock.Advance(50 * time.Minute)
	if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, issued.Token); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("link after its time: %v", err)
	}
}

func TestOT4_LookingSpendsNothing(t *testing.T) {
	h := newHarness(t)
	issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	for range 10 {
		e, err := h.Peek(t.Context(), onetime.VerifyEmail, issued.Token)
		if err != nil || e.Subject != alice {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, issued.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Peek(t.Context(), onetime.VerifyEmail, issued.Token); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("a spent token is shown: %v", err)
	}
}

func TestOT4_ANewerOneKillsTheOlder(t *testing.T) {
	h := newHarness(t)
	old := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	newer := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, old.Token); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("old link: %v", err)
	}
	if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, old.Code); !errors.Is(err, onetime.ErrInvalid) && old.Code != newer.Code {
		t.Errorf("old code: %v", err)
	}
	if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, newer.Token); err != nil {
		t.Errorf("new link: %v", err)
	}
}

func TestRevoke(t *testing.T) {
	h := newHarness(t)
	issued := issue(t, h.Tokens, onetime.PasswordReset, alice)
	if err := h.Revoke(t.Context(), onetime.PasswordReset, alice); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Redeem(t.Context(), onetime.PasswordReset, issued.Token); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("spent: %v", err)
	}
}

// Tokens live on under an older hash key, and die like others when a newer
// token comes.
func TestHashKeyRotates(t *testing.T) {
	h := newHarness(t)
	kept, replaced := issue(t, h.Tokens, onetime.VerifyEmail, alice), issue(t, h.Tokens, onetime.VerifyEmail, bob)
	after := newTokens(t, h.store, h.clock, secretKey("n"), secretKey("h"))
	newer := issue(t, after, onetime.VerifyEmail, bob)
	if _, err := after.Redeem(t.Context(), onetime.VerifyEmail, kept.Token); err != nil {
		t.Errorf("issued before: %v", err)
	}
	if _, err := after.Redeem(t.Context(), onetime.VerifyEmail, newer.Token); err != nil {
		t.Errorf("issued after: %v", err)
	}
	if _, err := after.Redeem(t.Context(), onetime.VerifyEmail, replaced.Token); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("replaced after: %v", err)
	}
}

// Tries count before the code is looked at, and a newer code gives no new ones;
// the link is not hurt.
func TestTH2_CodesAreTriedFiveTimes(t *testing.T) {
	h := newHarness(t)
	issue(t, h.Tokens, onetime.VerifyEmail, alice)
	for range 5 {
		if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, "no"); !errors.Is(err, onetime.ErrInvalid) {
			t.Fatalf("wrong code: %v", err)
		}
		if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, bob, "no"); !errors.Is(err, onetime.ErrInvalid) {
			t.Fatalf("wrong code of nobody: %v", err)
		}
	}
	issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); !errors.Is(err, onetime.ErrExhausted) {
		t.Errorf("right code after five tries: %v", err)
	}
	if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, bob, "no"); !errors.Is(err, onetime.ErrExhausted) {
		t.Errorf("code of nobody after five tries: %v", err)
	}
	if _, err := h.Redeem(t.Context(), onetime.VerifyEmail, issued.Token); err != nil {
		t.Errorf("link: %v", err)
	}
}

// A right code gives the next one all its tries.
func TestRightCodeForgetsTries(t *testing.T) {
	h := newHarness(t)
	for range 4 {
		issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
		for range 2 {
			_, _ = h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, "no")
		}
		if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); err != nil {
			t.Fatal(err)
		}
	}
}

var errDown = errors.New("down")

// broken answers an error to everything.
type broken struct{}

func (broken) Put(context.Context, string, []byte, time.Duration) error { return errDown }
func (broken) Get(context.Context, string) ([]byte, error)              { return nil, errDown }
func (broken) TakeIf(context.Context, string, []byte) error             { return errDown }
func (broken) Delete(context.Context, ...string) error                  { return errDown }
func (broken) Take(context.Context, string) ([]byte, error)             { return nil, errDown }
func (broken) Swap(context.Context, string, []byte, []byte, time.Duration) error {
	return errDown
}
func (broken) Count(context.Context, string, time.Duration) (int64, error) {
	return 0, errDown
}

func TestTH5_AStoreThatIsGoneIsNoWrongToken(t *testing.T) {
	h := newHarness(t)
	issued := issue(t, h.Tokens, onetime.VerifyEmail, alice)
	hasher, err := keys.NewHasher([]keys.SecretKey{secretKey("h")})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := keys.NewSealer([]keys.SecretKey{secretKey("s")})
	if err != nil {
		t.Fatal(err)
	}
	tokens := onetime.New(onetime.Config{Store: broken{}, Hasher: hasher, Sealer: sealer, Now: h.clock.Now})
	_, redeemed := tokens.Redeem(t.Context(), onetime.VerifyEmail, issued.Token)
	_, typed := tokens.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code)
	_, issuedErr := tokens.Issue(t.Context(), onetime.Token{Purpose: onetime.VerifyEmail, Subject: alice, TTL: time.Hour})
	for what, err := range map[string]error{
		"redeem": redeemed, "code": typed, "issue": issuedErr, "revoke": tokens.Revoke(t.Context(), onetime.VerifyEmail, alice),
	} {
		if !errors.Is(err, errDown) || errors.Is(err, onetime.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestKY5_ALinkOfAnUnknownKeyCannotBeJudged: while a hash key is rolled over the nodes,
// one that does not know it yet does not say that a link is void.
func TestKY5_ALinkOfAnUnknownKeyCannotBeJudged(t *testing.T) {
	h := newHarness(t)
	after := newTokens(t, h.store, h.clock, secretKey("n"), secretKey("h"))
	issued, err := after.Issue(t.Context(), onetime.Token{Purpose: onetime.PasswordReset, Subject: alice, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Peek(t.Context(), onetime.PasswordReset, issued.Token); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("before the key came: %v", err)
	}
	if _, err := after.Redeem(t.Context(), onetime.PasswordReset, issued.Token); err != nil {
		t.Errorf("where the key is: %v", err)
	}
}

// TestKY5_ACodeOfAnUnknownKeyCannotBeJudged: the code that came with such a link bears
// no tag of its key, and is not judged either. No try of it counts, and no newer one is
// issued beside it, nor is it taken for revoked.
func TestKY5_ACodeOfAnUnknownKeyCannotBeJudged(t *testing.T) {
	h := newHarness(t)
	after := newTokens(t, h.store, h.clock, secretKey("n"), secretKey("h"))
	issued := issue(t, after, onetime.VerifyEmail, alice)
	for range 20 {
		if _, err := h.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); !errors.Is(err, keys.ErrUnknownKey) {
			t.Fatalf("before the key came: %v", err)
		}
	}
	if _, err := h.Issue(t.Context(), onetime.Token{Purpose: onetime.VerifyEmail, Subject: alice, TTL: time.Hour}); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("another one: %v", err)
	}
	if err := h.Revoke(t.Context(), onetime.VerifyEmail, alice); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("revoke: %v", err)
	}
	if _, err := after.RedeemCode(t.Context(), onetime.VerifyEmail, alice, issued.Code); err != nil {
		t.Errorf("where the key is: %v", err)
	}
}
