package mfa

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func TestRC1_CodesAreLongRandomAndReadable(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		codes := b.recoveryCodes()
		form, seen := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$`), map[string]bool{}
		for _, code := range codes {
			if !form.MatchString(code) || seen[code] {
				t.Errorf("code %q", code)
			}
			seen[code] = true
		}
		if p := b.attempt("").Person; len(codes) != 10 || p.Recovery.Remaining != 10 || p.Recovery.Total != 10 {
			t.Errorf("%d codes, known: %+v", len(codes), p.Recovery)
		}
	})
}

func TestRC2_ACodeIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	const code = "0123456789"
	for typed, want := range map[string]string{
		code: code, spellRecoveryCode(code): code, strings.ToLower(spellRecoveryCode(code)): code,
		" O1234\u00a05678–9\n": code, "oi234-56789": code, "OL234‑56789": code, "０１２３４‐５６７８９": code,
		"01234 56789\r\n": code, "\ufeff01234-56789": code,
		"":                                       "",
		code[1:]:                                 "",
		code + "0":                               "",
		strings.Replace(code, "7", "U", 1):       "",
		strings.Replace(code, "7", "\x00", 1):    "",
		code + strings.Repeat(" ", 1000):         "",
		strings.Replace(code, "7", "'; DROP", 1): "",
		strings.Replace(code, "7", "\xff\xfe", 1): "",
	} {
		got, ok := canonicalRecoveryCode(typed)
		if got != want || ok != (want != "") {
			t.Errorf("%q is read as %q, %t; want %q", typed, got, ok, want)
		}
	}
}

func TestRC3_ACodeIsSpentOnceOfMany(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, b *bench) {
		codes := b.recoveryCodes()
		a := b.attempt("use")
		passed := b.race(20, storage.FactorRecovery, func(i int) (Attempt, Response) {
			mine := a
			mine.ID = fmt.Sprint(a.ID, i/2)
			return mine, Response{Code: strings.ToLower(codes[3])}
		})
		if passed != 1 {
			t.Errorf("%d of 20 passed with one code", passed)
		}
		if p := b.attempt("").Person; p.Recovery.Remaining != 9 {
			t.Errorf("%d codes are left", p.Recovery.Remaining)
		}
		told := b.post.told[len(b.post.told)-1]
		if told.Remaining != 9 || told.Address != "192.0.2.1" || told.User.ID != b.user.ID {
			t.Errorf("told %+v", told)
		}
		if used, told := b.countEvents(storage.EventRecoveryUsed), b.notices(storage.MessageRecoveryUsed); used != 1 || told != 1 {
			t.Errorf("%d events and %d notices of one use", used, told)
		}
	}, func(cfg *Config) { cfg.Policy.Lockout.Free = 1000 })
}

func TestRC4_ANewSetKillsTheOldOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		r := b.nodes[0].Recovery()
		old, fresh := b.recoveryCodes(), b.recoveryCodes()
		if _, err := r.Verify(t.Context(), b.attempt("old"), Response{Code: old[0]}); !isWrong(err) {
			t.Errorf("a code of the old set = %v", err)
		}
		proof, err := r.Verify(t.Context(), b.attempt("fresh"), Response{Code: fresh[0]})
		if err != nil || proof.Kind != storage.FactorRecovery {
			t.Errorf("a code of the new set = %+v, %v", proof, err)
		}
		// It replaces the second factor and nothing else.
		if level := Level([]storage.Proof{proof}, proof.At, DefaultPolicy()); level.ACR != "" {
			t.Errorf("a recovery code alone is %q", level.ACR)
		}
		b.user = b.newUser("eve@example.com")
		b.recoveryCodes()
		if _, err := r.Verify(t.Context(), b.attempt("eve"), Response{Code: fresh[1]}); !isWrong(err) {
			t.Errorf("another person's code = %v", err)
		}
	})
}

// TestKY5_CodesOfAnUnknownKeyAreNotJudged: while a hash key is rolled over the nodes, a
// node may meet codes that were made under a key that it does not know yet. A right one
// is neither wrong nor a failure that counts; and of a key that was revoked they are void.
func TestKY5_CodesOfAnUnknownKeyAreNotJudged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		replace := func(keyID string) string {
			hasher := storagetest.Hasher(keyID)
			set := storage.RecoverySet{
				UserID: b.user.ID, PasswordEpoch: b.user.PasswordEpoch, Now: b.clock.Now(),
				Hashes: []string{hasher.Sum(recoveryPurpose, string(b.user.ID), "0123456789")},
			}
			if err := b.store.RecoveryCodes().Replace(t.Context(), set, b.event(storage.EventRecoveryReplaced)); err != nil {
				t.Fatal(err)
			}
			return "01234-56789"
		}
		code := replace("of another node")
		for range 2 * DefaultPolicy().Tries {
			if _, err := b.factor(storage.FactorRecovery).Verify(t.Context(), b.attempt("a"), Response{Code: code}); !errors.Is(err, keys.ErrUnknownKey) || refused(err) {
				t.Fatalf("a code that cannot be judged: %v", err)
			}
		}
		if failed := b.countEvents(storage.EventFactorFailed); failed != 0 || len(b.attempt("").Person.Lockouts) != 0 {
			t.Errorf("%d failures, lockouts %+v", failed, b.attempt("").Person.Lockouts)
		}
		code = replace("revoked")
		var wrong *WrongError
		if _, err := b.factor(storage.FactorRecovery).Verify(t.Context(), b.attempt("b"), Response{Code: code}); !errors.As(err, &wrong) {
			t.Errorf("a code of a revoked key: %v", err)
		}
	})
}
