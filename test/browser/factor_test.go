package browser

import (
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// vault is a client that asks everyone for a second factor, kiosk one that also
// lets them trust a browser, and wiki one that asks for nothing.
var policies = map[string]settings{
	"vault": {"require_mfa": true},
	"kiosk": {"require_mfa": true, "trust_devices": true},
	"wiki":  {},
}

// startFactors starts a provider with an application that asks for factors.
func startFactors(t *testing.T, more ...settings) (*site, *application) {
	t.Helper()
	a := newApplication(t)
	a.site = startWith(t, testenv.Latchkey{}, append([]settings{a.clients(policies)}, more...)...)
	return a.site, a
}

// enrollApp adds an authenticator app on the page of enrollment, where the person
// may have to choose it first, and goes on past the recovery codes if there are
// any, which it returns.
func (b *tab) enrollApp(p *person) []string {
	b.t.Helper()
	if b.has(`a[data-factor="totp"]`) {
		b.factor("totp")
	}
	p.app = b.newApp()
	b.fill("code", p.app.code(b.t), "name", "My phone")
	b.press("enroll-submit")
	codes := b.texts(".recovery-code")
	if len(codes) > 0 {
		b.saveCodes()
	}
	return codes
}

// answer answers the page of a second factor.
func (b *tab) answer(code string) {
	b.t.Helper()
	b.fill("code", code)
	b.press("factor-submit")
}

func TestAuthenticatorApp(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, all, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("vault"))
		b.signIn(ada)
		b.at("/enroll")
		b.factor("totp")
		b.want(`svg[role="img"]`)
		ada.app = b.newApp()
		b.says("totp-uri", "otpauth://totp/")
		b.fill("code", "000000")
		b.press("enroll-submit")
		b.says("code-error", "")
		if b.text("totp-secret") != ada.app.secret {
			b.fatalf("a wrong code changed the key, which the app has scanned")
		}
		b.fill("code", ada.app.code(t))
		b.press("enroll-submit")
		b.at("/recovery-codes")
		if codes := b.texts(".recovery-code"); len(codes) != 10 {
			b.fatalf("%d recovery codes, want 10", len(codes))
		}
		b.saveCodes()
		b.proved("aal2", "mfa", "otp", "pwd")
		b.back()
		b.wantNo(".recovery-code") // shown once

		other := b.device()
		other.get(app.at("vault"))
		other.signIn(ada)
		other.at("/factor")
		other.answer("000000")
		other.says("code-error", "")
		other.answer(ada.app.spent(t)) // the one that enrolled it
		other.says("code-error", "")
		other.answer(ada.app.code(t))
		other.proved("aal2", "mfa", "otp", "pwd")
	})
}

func TestRecoveryCode(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("vault"))
		b.signIn(ada)
		codes := b.enrollApp(ada)
		b.proved("aal2", "mfa", "otp", "pwd")

		// The phone is lost: a code of the set, and another app in its place.
		other := b.device()
		other.get(app.at("vault"))
		other.signIn(ada)
		other.factor("recovery")
		other.answer("not-a-recovery-code")
		other.says("code-error", "")
		other.answer(codes[3])
		other.at("/enroll")
		fresh := other.enrollApp(ada)
		if len(fresh) != 10 || fresh[0] == codes[0] {
			other.fatalf("no new recovery codes but %v", fresh)
		}
		if c := other.claims(); c.ACR != "aal2" {
			other.fatalf("acr %q", c.ACR)
		}

		third := b.device()
		third.get(app.at("vault"))
		third.signIn(ada)
		third.factor("recovery")
		third.answer(codes[3])
		third.says("code-error", "") // spent, and its set is gone
		third.factor("totp")
		third.answer(ada.app.code(t))
		third.proved("aal2", "mfa", "otp", "pwd")
	})
}

func TestWrongCodesLockTheFactor(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t, settings{"mfa": settings{"tries": 3, "lockout": settings{"free": 5}}})
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("vault"))
		b.signIn(ada)
		codes := b.enrollApp(ada)
		b.proved("aal2", "mfa", "otp", "pwd")

		other := b.device()
		other.get(app.at("vault"))
		other.signIn(ada)
		for range 3 {
			other.answer("000000")
			other.says("code-error", "")
		}
		other.answer(ada.app.code(t)) // right, and too late for this attempt
		other.says("error-title", "Too many wrong codes")

		other.get(app.at("vault"))
		other.signIn(ada)
		for range 2 {
			other.answer("000000")
			other.says("code-error", "")
		}
		other.answer("000000")
		other.says("error-title", "Too many attempts")

		// What is locked is not asked for first, and takes nothing.
		other.get(app.at("vault"))
		other.signIn(ada)
		other.at("/factor")
		other.factor("totp")
		other.says("error-title", "Too many attempts")
		other.back()
		other.answer(codes[0])
		other.at("/enroll")
	})
}

func TestTrustedDevice(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("kiosk"))
		b.signIn(ada)
		b.enrollApp(ada)
		b.follow("#leave")
		b.says("left", "s1")

		b.get(app.at("kiosk"))
		b.signIn(ada)
		b.tick("trust_device")
		b.answer(ada.app.code(t))
		b.proved("aal2", "mfa", "otp", "pwd")
		b.follow("#leave")

		// Trusted: no second factor, and the application is told so.
		b.get(app.at("kiosk"))
		b.signIn(ada)
		b.proved("aal1", "pwd")

		// A client that does not count trust asks.
		b.get(app.at("vault"))
		b.at("/factor")
		b.wantNo("#trust_device")
		b.answer(ada.app.code(t))
		b.proved("aal2", "mfa", "otp", "pwd")

		// Trust is this browser's.
		other := b.device()
		other.get(app.at("kiosk"))
		other.signIn(ada)
		other.at("/factor")
	})
}

func TestStepUpAsksForTheMissingFactorAlone(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("wiki"))
		b.signIn(ada)
		b.proved("aal1", "pwd")
		first := b.claims()

		b.get(app.at("wiki", "acr_values", "aal2"))
		b.at("/enroll")
		b.enrollApp(ada)
		b.proved("aal2", "mfa", "otp", "pwd")

		b.get(app.at("wiki", "acr_values", "aal2")) // at once: it was shown
		b.proved("aal2", "mfa", "otp", "pwd")

		// Who has an app is asked for its code everywhere; that is then enough.
		other := b.device()
		other.get(app.at("wiki"))
		other.signIn(ada)
		other.answer(ada.app.code(t))
		other.proved("aal2", "mfa", "otp", "pwd")
		if c := other.claims(); c.Sub != first.Sub {
			other.fatalf("sub %q, want %q", c.Sub, first.Sub)
		}
		other.get(app.at("wiki", "claims", `{"id_token":{"acr":{"essential":true,"values":["aal2"]}}}`))
		other.proved("aal2", "mfa", "otp", "pwd")
	})
}
