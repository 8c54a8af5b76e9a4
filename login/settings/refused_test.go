package settings

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// refusal is a form of the account that is refused: what says why, what must be typed no
// second time, and what is on no page.
type refusal struct {
	path, button  string
	fields        []string
	says          string
	keeps, secret string
	// stale has the proofs be old, so that the page asks for the password.
	stale bool
	open  func(s *site, b *logintest.Browser)
}

const wrongGuess = "a guess at the password"

var refusals = map[string]refusal{
	"profile": {
		path: ui.PathProfile, button: "profile-submit", fields: []string{"website=no address", "given_name=Ada Augusta"},
		says: "website-error", keeps: "given_name=Ada Augusta",
	},
	"profile, the field itself": {
		path: ui.PathProfile, button: "profile-submit", fields: []string{"website=no address"}, says: "website-error", keeps: "website=no address",
	},
	"username": {
		path: ui.PathProfile, button: "profile-submit", fields: []string{"username=bob"}, says: "username-error", keeps: "username=bob",
	},
	"address": {
		path: ui.PathEmail, button: "email-submit", fields: []string{"email=no address"}, says: "email-error", keeps: "email=no address",
	},
	"address, password": {
		path: ui.PathEmail, button: "email-submit", fields: []string{"email=new@example.com", "password=" + wrongGuess}, stale: true,
		says: "password-error", keeps: "email=new@example.com", secret: wrongGuess,
	},
	"code of an address": {
		path: ui.PathEmail, button: "verify-submit", fields: []string{"code=12312312"}, says: "code-error", secret: "12312312",
		open: func(s *site, b *logintest.Browser) {
			b.Get(ui.PathEmail)
			b.Submit("email-submit", "email=new@example.com").Want(s.T, http.StatusOK, "verify-submit")
		},
	},
	"password": {
		path: ui.PathPassword, button: "password-submit", fields: []string{"new_password=short and sw"}, says: "new_password-error", secret: "short and sw",
	},
	"current password": {
		path: ui.PathPassword, button: "password-submit", fields: []string{"current_password=" + wrongGuess, "new_password=a horse of another color"}, stale: true,
		says: "current_password-error", secret: wrongGuess,
	},
	"phone": {
		path: ui.PathPhone, button: "phone-submit", fields: []string{"phone=030 123"}, says: "phone-error", keeps: "phone=030 123",
	},
	"code of a phone": {
		path: phoneCodePath, button: "phone-verify-submit", fields: []string{"code=123123"}, says: "code-error", secret: "123123",
		open: func(s *site, b *logintest.Browser) {
			b.Get(ui.PathPhone)
			b.Submit("phone-submit", "phone=+4915100000001").Want(s.T, http.StatusOK, "phone-verify-submit")
		},
	},
	"export": {
		path: ui.PathData, button: "export-submit", fields: []string{"password=" + wrongGuess}, stale: true, says: "password-error", secret: wrongGuess,
	},
	"deletion": {
		path: ui.PathDelete, button: "delete-submit", fields: []string{"confirm=ada@example.org"}, says: "confirm-error", keeps: "confirm=ada@example.org",
	},
	"deletion, password": {
		path: ui.PathDelete, button: "delete-submit", fields: []string{"confirm=ada@example.com", "password=" + wrongGuess}, stale: true,
		says: "password-error", keeps: "confirm=ada@example.com", secret: wrongGuess,
	},
}

// TestARefusedFormLeadsBackToItsPage: it is answered by a redirect to the page's own
// address, which says once what is wrong, so that going back or reloading sends nothing
// again. What is no secret need not be typed again; what is one is nowhere. Whoever looks
// for their language finds it said there too.
func TestARefusedFormLeadsBackToItsPage(t *testing.T) {
	for name, form := range refusals {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, everyPage)
			s.Person("ada@example.com")
			s.Person("bob@example.com", func(u *storage.User) { u.Username = "bob" })
			b := s.signedIn("ada@example.com")
			if form.open != nil {
				form.open(s, b)
			}
			if form.stale {
				s.Clock.Advance(20 * time.Minute)
			}
			b.Get(form.path).Want(t, http.StatusOK, form.button)
			b.Follow(false)
			refused := b.Submit(form.button, form.fields...)
			b.Follow(true)
			to := refused.Header.Get("Location")
			if refused.Status != http.StatusSeeOther || !strings.HasPrefix(to, form.path+"?") {
				t.Fatalf("answer %d to %q, want 303 to %s", refused.Status, to, form.path)
			}
			page := b.Get(to)
			page.Want(t, http.StatusOK, form.button)
			if page.Text(form.says) == "" {
				t.Errorf("the page does not say what is wrong:\n%s", page.Body)
			}
			if field, value, ok := strings.Cut(form.keeps, "="); ok && page.Value(field) != value {
				t.Errorf("%s is %q, want %q", field, page.Value(field), value)
			}
			if form.secret != "" && strings.Contains(page.Body+to, form.secret) {
				t.Errorf("what was typed in secret is on the page:\n%s", page.Body)
			}
			s.Clock.Advance(11 * time.Second)
			if later := b.Get(to); later.Text(form.says) != "" {
				t.Error("it says so each time that it is loaded")
			}
			if german := b.Get(to + "&lang=de"); german.Text(form.says) == "" || german.Text(form.says) == page.Text(form.says) {
				t.Errorf("in German it says %q", german.Text(form.says))
			}
		})
	}
}
