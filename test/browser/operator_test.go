package browser

import (
	"net/url"
	"strings"
	"testing"
)

// TestOT3_TheFirstAdministratorComesToTheConsole: the link that `admin invite` prints sets
// a password once, and leads to the console as its owner.
func TestOT3_TheFirstAdministratorComesToTheConsole(t *testing.T) {
	t.Parallel()
	s := start(t, settings{"admin": settings{"console": true}})
	s.each(t, pairs, func(t *testing.T, b *tab) {
		grace := stranger()
		printed, err := url.Parse(strings.TrimSpace(s.Command("", "admin", "invite", "--email", grace.email, "--name", "Grace Hopper")))
		b.check("read the link", err)
		link := printed.RequestURI()
		b.get(link)
		b.fill("new_password", grace.password)
		b.press("reset-submit")
		b.get("/admin")
		b.signIn(grace)
		b.enrollApp(grace)
		b.at("/admin")
		b.consoleMenu("/admin/keys")
		b.want("#act-rotate") // that of owners
		b.get(link)
		b.says("error-title", "no longer works")
	})
}

// TestRE3_AnEditByCommandIsTakenBack: who loses an address by `user edit` takes the account
// back with the message to it.
func TestRE3_AnEditByCommandIsTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs, func(t *testing.T, b *tab) {
		ada, taken := s.account(), stranger().email
		b.demo()
		b.signIn(ada)
		b.signedIn(ada)
		s.Command("", "user", "edit", ada.email, "--email", taken, "--verified")
		mail := b.device()
		mail.get(b.link(ada.email, "was changed"))
		mail.press("verify-submit")
		mail.want("#message")
		if shown := s.Command("", "user", "show", ada.email, "--json"); !strings.Contains(shown, `"`+ada.email+`"`) || strings.Contains(shown, taken) {
			b.fatalf("after it was taken back: %s", shown)
		}
		b.get("/account")
		b.at("/login") // everybody was signed out
	})
}

// TestTheDemoPersonOwnsTheConsole: the first page of dev leads to the console, which is
// the demo person's, and there to the description of the API.
func TestTheDemoPersonOwnsTheConsole(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.each(t, pairs[:1], func(t *testing.T, b *tab) {
		demo := &person{email: "demo", password: s.demo}
		b.get("/")
		b.follow(`a[href$="/admin"]`)
		b.signIn(demo)
		b.enrollApp(demo)
		b.at("/admin")
		b.consoleMenu("/admin/keys")
		b.want("#act-rotate") // that of owners
		b.consoleMenu("/admin/reference")
		b.want(`a[href="/admin/reference/people.list"]`)
	})
}
