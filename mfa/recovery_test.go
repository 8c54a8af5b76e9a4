package mfa

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
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
