package mfa

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// spellings are the ways in which apps show a code of six digits and people type it.
func spellings(code string) map[string]string {
	in := func(zero rune) string {
		return strings.Map(func(r rune) rune { return r - '0' + zero }, code)
	}
	return map[string]string{
		"space": code[:3] + " " + code[3:], "dash": code[:3] + "-" + code[3:], "no-break space": code[:3] + "\u00a0" + code[3:],
		"en dash": code[:3] + "\u2013" + code[3:], "line end": code + "\r\n", "tab": "\t" + code, "full width": in('０'),
		"Arabic-Indic": in('٠'), "Persian": in('۰'), "Devanagari": in('०'), "invisible": "\u200b" + code + "\ufeff",
	}
}

func onSQLite(t *testing.T, test func(t *testing.T, b *bench), change ...func(*Config)) {
	run(t, map[string]opening{"sqlite": openFile}, test, change)
}

func lenient(cfg *Config) {
	cfg.Policy.Tries, cfg.Policy.Lockout.Free, cfg.Policy.DisableAfter = 1000, 1000, 10_000
}

// TestTP3_CodesAreTakenAsAppsShowThem, and the number is spent, not the text: the same
// code in another spelling passes no second time.
func TestTP3_CodesAreTakenAsAppsShowThem(t *testing.T) {
	onSQLite(t, func(t *testing.T, b *bench) {
		secret, totp := b.enrollTOTP("phone"), b.factor(storage.FactorTOTP)
		for name := range spellings("000000") {
			b.clock.Advance(time.Minute)
			code := codeAt(t, secret, b.clock.Now())
			if _, err := totp.Verify(t.Context(), b.attempt(name), Response{Code: spellings(code)[name]}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for again, spelling := range spellings(code) {
				if _, err := totp.Verify(t.Context(), b.attempt(name+again), Response{Code: spelling}); !isWrong(err) {
					t.Errorf("spent with %s, it passes again with %s: %v", name, again, err)
				}
			}
		}
		for _, wrong := range []string{"", "12345", "1234567", "12a456", "+12345", strings.Repeat("1 2", 100), "½23456"} {
			if _, err := totp.Verify(t.Context(), b.attempt("wrong"), Response{Code: wrong}); !isWrong(err) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
	}, lenient)
}

func TestTP4_EnrollmentTakesCodesAsAppsShowThem(t *testing.T) {
	onSQLite(t, func(t *testing.T, b *bench) {
		enroller := b.factor(storage.FactorTOTP).(Enroller)
		nth := 0
		for name := range spellings("000000") {
			nth++
			b.user = b.newUser(strings.Repeat("x", nth) + "@example.com")
			a := b.attempt("enroll")
			shown, err := enroller.Start(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			secret, err := secretEncoding.DecodeString(shown.Secret)
			if err != nil {
				t.Fatal(err)
			}
			code := codeAt(t, secret, b.clock.Now())
			if _, err := b.confirm(enroller, a, Response{Code: spellings(code)[name]}, "app"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}, lenient)
}

func TestEO1_SentCodesAreTakenAsTyped(t *testing.T) {
	onSQLite(t, func(t *testing.T, b *bench) {
		for _, k := range sentKinds {
			for name := range spellings("000000") {
				a := b.attempt(string(k) + name)
				if _, err := b.factor(k).Begin(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				if _, err := b.factor(k).Verify(t.Context(), a, Response{Code: spellings(b.post.last().code)[name]}); err != nil {
					t.Errorf("%s with %s: %v", k, name, err)
				}
			}
		}
	}, lenient, func(cfg *Config) {
		cfg.Codes.PerAccount, cfg.Codes.PerDestination = 1000, 1000
		if cfg.SMS != nil {
			cfg.SMS.Factor.PerNumber, cfg.SMS.Factor.PerCountry, cfg.SMS.Factor.PerDay = 1000, 1000, 1000
		}
	})
}
