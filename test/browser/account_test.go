package browser

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// signUp fills in the page of sign-up.
func (b *tab) signUp(p *person) {
	b.t.Helper()
	b.fill("email", p.email, "password", p.password, "name", "Ada Lovelace")
	b.press("signup-submit")
}

func TestSignUpByCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, all, func(t *testing.T, b *tab) {
		ada := stranger()
		b.demo()
		b.follow("#signup-link")
		b.fill("email", ada.email, "password", "too short", "name", "Ada Lovelace")
		b.press("signup-submit")
		b.says("password-error", "at least")
		b.signUp(ada)
		b.fill("code", "WRONGONE")
		b.press("verify-submit")
		b.says("code-error", "didn’t work")
		b.fill("code", b.message(ada.email, "confirm").Code)
		b.press("verify-submit")
		b.signedIn(ada) // the request of the application goes on

		b.press("demo-sign-out")
		b.demo()
		b.signIn(ada)
		b.signedIn(ada)
	})
}

func TestSignUpByLinkOnAnotherDevice(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := stranger()
		b.demo()
		b.follow("#signup-link")
		b.signUp(ada)
		link := b.link(ada.email, "confirm")

		other := b.device()
		for range 2 { // a scanner follows the link: that spends nothing
			other.get(link)
			other.want("#verify-submit")
		}
		other.fill("password", ada.password)
		other.press("verify-submit")
		other.says("message", "back to where you started")
		other.get(link)
		other.says("error-title", "no longer works")

		b.follow("#signin-link")
		b.signIn(ada)
		b.signedIn(ada)
	})
}

func TestSignUpWithATakenAddressTellsItsOwnerAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.demo()
		b.follow("#signup-link")
		b.signUp(ada)
		b.want("#code")
		b.wantNo(".field-error")
		b.message(ada.email, "already have an account")
	})
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, all, func(t *testing.T, b *tab) {
		ada := s.account()
		thief := b.device() // who knows the password
		thief.demo()
		thief.signIn(ada)
		thief.signedIn(ada)

		b.demo()
		b.follow("#forgot-link")
		b.fill("email", "nobody-"+ada.email)
		b.press("forgot-submit")
		unknown := b.texts("main")
		b.follow("#signin-link")
		b.follow("#forgot-link")
		b.fill("email", ada.email)
		b.press("forgot-submit")
		if known := b.texts("main"); strings.Join(known, "") != strings.Join(unknown, "") {
			b.fatalf("known and unknown addresses are told apart: %q and %q", known, unknown)
		}
		link := b.link(ada.email, "new password")
		b.get(link)
		b.fill("new_password", "password1234567")
		b.press("reset-submit")
		b.says("new_password-error", "")
		ada.password = "a horse of another colour"
		b.fill("new_password", ada.password)
		b.press("reset-submit")
		b.at("/login") // and back to what the application asked
		b.signIn(ada)
		b.signedIn(ada)
		b.message(ada.email, "was changed")
		b.get(link)
		b.says("error-title", "no longer works")

		thief.get("/demo")
		thief.press("demo-sign-out") // of the demo, which has not asked since
		thief.demo()
		thief.at("/login")
	})
}

func TestUnconfirmedAddressIsConfirmedWhereAClientAsksForIt(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, a.clients(map[string]settings{"post": {"require_verified_email": true}}))
	a.site = s
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := stranger()
		s.Command(ada.password+"\n", "user", "create", "--email", ada.email, "--password-stdin")
		b.get(a.at("post"))
		b.signIn(ada)
		b.at("/verify")
		code := b.message(ada.email, "confirm").Code
		if !b.look.scripts { // with them the button counts down first
			old := code
			b.press("verify-resend")
			b.says("notice", "")
			code = b.message(ada.email, "confirm").Code
			b.fill("code", old)
			b.press("verify-submit")
			b.says("code-error", "") // a newer message replaced it
		}
		b.fill("code", code)
		b.press("verify-submit")
		b.proved("aal1", "pwd")
	})
}

func TestConsent(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, a.clients(map[string]settings{"calendar": {"consent": "remember"}}))
	a.site = s
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(a.at("calendar"))
		b.signIn(ada)
		b.at("/consent")
		if scopes := b.texts(".scopes li"); strings.Join(scopes, ", ") != "know who you are, see your email address" {
			b.fatalf("the person is asked for %q", scopes)
		}
		b.press("consent-deny")
		b.says("error", "access_denied")

		b.get(a.at("calendar"))
		b.press("consent-allow")
		b.proved("aal1", "pwd")

		b.get(a.at("calendar")) // remembered
		b.proved("aal1", "pwd")
		b.get(a.at("calendar", "scope", "openid email profile")) // something new
		b.at("/consent")
		b.get(a.at("calendar", "prompt", "consent"))
		b.at("/consent")
		b.press("consent-allow")
		b.proved("aal1", "pwd")
	})
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, a.clients(map[string]settings{"wiki": {}}))
	a.site = s
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada := s.account()
		b.get(a.at("wiki"))
		b.signIn(ada)
		b.get("/logout") // nobody says why: the person is asked
		b.press("logout-confirm")
		b.want("#signed-out")

		b.get(a.at("wiki"))
		b.signIn(ada)
		b.get("/logout?client_id=wiki&post_logout_redirect_uri=https%3A%2F%2Fevil.example.com%2F")
		b.says("error-title", "You’re still signed in")
		b.get(a.at("wiki"))
		b.follow("#leave")
		b.says("left", "s1")
		b.get(a.at("wiki"))
		b.at("/login")
	})
}

func TestTwoTabs(t *testing.T) {
	t.Parallel()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, a.clients(map[string]settings{"wiki": {}}))
	a.site = s
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada, eve := s.account(), s.account()
		second := b.second()
		b.demo()
		second.get(a.at("wiki"))
		second.at("/login")
		b.signIn(ada)
		b.signedIn(ada)
		second.reload() // the session is enough here as well
		second.proved("aal1", "pwd")

		// A tab that was left open signs in somebody else, whom it asked for.
		third := b.second()
		third.get(a.at("wiki", "prompt", "login"))
		third.at("/login")
		third.signIn(eve)
		if third.claims().Sub == second.claims().Sub {
			third.fatalf("signed in as somebody else")
		}
	})
}

func TestASignInThatIsOver(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		b.get("/login?interaction=longgonelonggonelonggonelonggonelonggonelon")
		b.says("error-title", "")
		b.says("error-id", "")
		b.get("/no-such-page")
		b.says("error-title", "Page not found")
	})
}
