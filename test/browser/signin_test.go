package browser

import "testing"

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
