package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// once lets one attempt through and has the next wait for half an hour.
var once = storage.Backoff{Free: 0, Base: 30 * time.Minute, Max: 30 * time.Minute, Window: time.Hour}

// throttled are forms that a limit refuses when they are sent a second time.
var throttled = map[string]struct {
	limit         func(*limits.Bounds)
	open          func(t *testing.T, b *browser)
	button        string
	fields        []string
	keeps, secret string
}{
	"sign-in": {
		func(l *limits.Bounds) { l.SignInPair = once },
		func(_ *testing.T, b *browser) { b.start("") },
		"login-submit", []string{"username=ada@example.com", "password=a guess at the password"}, "username=ada@example.com", "a guess at the password",
	},
	"sign-up": {
		func(l *limits.Bounds) { l.SignUp.Address = once },
		func(_ *testing.T, b *browser) { b.Get("/signup") },
		"signup-submit", []string{"email=eve@example.com", "name=Eve", "password=" + otherPassword}, "name=Eve", otherPassword,
	},
	"forgotten password": {
		func(l *limits.Bounds) { l.Reset.Address = once },
		func(_ *testing.T, b *browser) { b.Get("/forgot-password") },
		"forgot-submit", []string{"email=ada@example.com"}, "email=ada@example.com", "",
	},
	"code of a device": {
		func(l *limits.Bounds) { l.UserCode.Address = once },
		func(_ *testing.T, b *browser) { b.Get("/device") },
		"device-submit", []string{"user_code=BCDF-GHJK"}, "user_code=BCDF-GHJK", "",
	},
}

// TestARefusalByALimitKeepsTheForm: what was typed stays but for secrets, the page says
// for how long to wait, in words, to a script that counts down and to programs, and going
// back or reloading sends nothing again. When the wait is over it says so no more.
func TestARefusalByALimitKeepsTheForm(t *testing.T) {
	for name, form := range throttled {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{limits: form.limit, client: func(c *client.Client) { onDevices(c) }})
			s.person("ada@example.com")
			b := s.browser()
			form.open(t, b)
			b.Submit(form.button, form.fields...)
			s.clock.Advance(6 * time.Second) // it is no double click
			form.open(t, b)
			path := b.Page.URL.Path
			b.Follow(false)
			refused := b.Submit(form.button, form.fields...)
			b.Follow(true)
			to := refused.Header.Get("Location")
			if refused.Status != http.StatusSeeOther || !strings.HasPrefix(to, path+"?") || !strings.Contains(to, interaction.RefusedParam+"=1") {
				t.Fatalf("answer %d to %q, want 303 to %s", refused.Status, to, path)
			}
			if other := s.browser().Get(to); other.Has("refused") {
				t.Errorf("another browser reads %q", other.Text("refused"))
			}
			page := b.Get(to)
			page.Want(t, http.StatusTooManyRequests, form.button)
			if said := page.Text("refused"); page.Text("error-title") == "" || page.Text("error-id") == "" || !strings.Contains(said, "You can try again in 30 minutes.") {
				t.Errorf("the page says %q", said)
			}
			if page.Header.Get("Retry-After") == "" || !strings.Contains(page.Body, `data-until="1`) {
				t.Errorf("no wait in seconds: Retry-After %q in\n%s", page.Header.Get("Retry-After"), page.Body)
			}
			if field, value, _ := strings.Cut(form.keeps, "="); page.Value(field) != value {
				t.Errorf("%s is %q, want %q", field, page.Value(field), value)
			}
			if form.secret != "" && strings.Contains(page.Body+to, form.secret) {
				t.Errorf("what was typed in secret is on the page:\n%s", page.Body)
			}
			s.clock.Advance(11 * time.Second)
			b.Get(to).Want(t, http.StatusOK, form.button)
		})
	}
}

// TestARefusalIsOverWhenTheWaitIs: a page that is opened then says nothing of it, and
// still has what was typed.
func TestARefusalIsOverWhenTheWaitIs(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		l.SignInPair = storage.Backoff{Base: 5 * time.Minute, Max: time.Hour, Window: time.Hour}
	}})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", "a guess at the password")
	b.Follow(false)
	to := b.Submit("login-submit", "username=ada@example.com", "password=another guess at it").Header.Get("Location")
	b.Follow(true)
	s.clock.Advance(5*time.Minute + 2*time.Second)
	page := b.Get(to)
	page.Want(t, http.StatusOK, "login-submit")
	if page.Has("refused") || page.Value("username") != "ada@example.com" {
		t.Errorf("says %q of %q", page.Text("refused"), page.Value("username"))
	}
}

// TestAProgramIsToldAtOnce: a script or program that sends a form gets the refusal as
// the answer, with the seconds to wait.
func TestAProgramIsToldAtOnce(t *testing.T) {
	for name, header := range map[string]http.Header{
		"a program": {"Accept": {"application/json"}},
		"a script":  {"Sec-Fetch-Mode": {"cors"}, "Accept": {"*/*"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.SignInPair = once }})
			s.person("ada@example.com")
			b := s.browser()
			b.start("")
			b.signIn("ada@example.com", "a guess at the password")
			b.Header = header
			b.Follow(false)
			answer := b.Submit("login-submit", "username=ada@example.com", "password=another guess at it")
			if answer.Status != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
				t.Errorf("answer %d, Retry-After %q", answer.Status, answer.Header.Get("Retry-After"))
			}
		})
	}
}

// TestAnErrorOfAFormIsAnsweredByItsPage: what cannot be tried again takes the form's
// place, under the address of the page, with one link that leads on.
func TestAnErrorOfAFormIsAnsweredByItsPage(t *testing.T) {
	s := newSite(t, siteOptions{})
	b := s.browser()
	b.Get("/login")
	_, values := b.Page.Form("login-submit")
	b.Follow(false)
	to := b.Post("/reset-password?token=spent", values).Header.Get("Location")
	b.Follow(true)
	page := b.Get(to)
	page.Want(t, http.StatusGone, "error-title")
	if !strings.HasPrefix(to, "/reset-password?") || page.Attribute("continue", "href") == "" || page.Has("reset-submit") {
		t.Errorf("at %s: %s", to, page.Body)
	}
}
