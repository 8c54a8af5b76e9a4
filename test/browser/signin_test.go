package browser

import (
	"strings"
	"testing"
)

// signIn fills in the page of sign-in.
func (b *tab) signIn(p *person) {
	b.t.Helper()
	b.fill("username", p.email, "password", p.password)
	b.press("login-submit")
}

// demo starts a sign-in at the demo application.
func (b *tab) demo() {
	b.t.Helper()
	b.get("/demo")
	b.press("demo-sign-in")
}

// signedIn checks that the demo application knows the person.
func (b *tab) signedIn(p *person) {
	b.t.Helper()
	b.at("/demo")
	b.want("#signed-in")
	b.says("userinfo", p.email)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, all, func(t *testing.T, b *tab) {
		ada := s.account()
		b.demo()
		b.at("/login")
		b.fill("username", ada.email, "password", "not her password")
		b.press("login-submit")
		b.says("password-error", "Incorrect")
		b.want(`#password[aria-invalid="true"][aria-describedby~="password-error"]`)
		b.signIn(ada)
		b.signedIn(ada)
		b.says("signed-in", ada.email) // there is no name to call them by
		b.press("demo-refresh")
		b.says("refreshed", "1")
		b.press("demo-sign-out")
		b.at("/demo")
		b.demo()
		b.at("/login") // the provider forgot the session as well
	})
}

func TestBackButtonAfterSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.demo()
		b.signIn(ada)
		b.signedIn(ada)
		b.back()
		b.says("error-title", "This sign-in has ended") // and no form that would be sent in vain
		b.get("/demo")
		b.signedIn(ada)
	})
}

// TestBackAfterARefusedForm: after a wrong password or code, going back and reloading show
// the page of the step and never the browser's own, which asks to send the form again.
func TestBackAfterARefusedForm(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(app.at("vault"))
		b.fill("username", ada.email, "password", "not her password")
		b.press("login-submit")
		b.says("password-error", "Incorrect")
		b.back()
		b.want("#login-submit")
		b.fill("username", ada.email, "password", "not her password either")
		b.press("login-submit")
		b.says("password-error", "Incorrect")
		b.reload()
		b.want("#login-submit")
		b.signIn(ada)
		b.enrollApp(ada)
		b.proved("aal2", "mfa", "otp", "pwd")

		other := b.device()
		other.get(app.at("vault"))
		other.signIn(ada)
		other.at("/factor")
		other.says("not-you", "Not you?")
		other.answer("000000")
		other.says("code-error", "")
		other.back()
		other.want("#factor-submit")
		other.answer("000000")
		other.says("code-error", "")
		other.reload()
		other.want("#factor-submit")
		other.answer(ada.app.code(t))
		other.proved("aal2", "mfa", "otp", "pwd")
	})
}

// TestNotYou: somebody else signs in from the second step on, and nothing is left of the
// first.
func TestNotYou(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada, bob := s.account(), s.account()
		b.get(app.at("vault"))
		b.signIn(ada)
		b.at("/enroll")
		b.follow("#not-you")
		b.at("/login")
		b.signIn(bob)
		b.at("/enroll")
		if seen := b.seen(); strings.Contains(seen, ada.email) || !strings.Contains(seen, bob.email) {
			b.fatalf("the page is not Bob's")
		}
		b.enrollApp(bob)
		b.proved("aal2", "mfa", "otp", "pwd")
	})
}
