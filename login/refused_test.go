package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// refusals are forms that are refused, each with the field or notice that says why and
// what must be typed no second time.
var refusals = map[string]struct {
	open          func(t *testing.T, b *browser)
	button        string
	fields        []string
	says          string
	keeps, secret string
}{
	"sign-in": {
		func(_ *testing.T, b *browser) { b.start("") },
		"login-submit", []string{"username=ada@example.com", "password=a guess at the password", "remember=1"},
		"password-error", "username=ada@example.com", "a guess at the password",
	},
	"second factor": {
		func(t *testing.T, b *browser) {
			b.enrolled("ada@example.com")
			b.s.clock.Advance(time.Hour)
			*b = *b.s.browser()
			b.start("")
			b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "factor-submit")
		},
		"factor-submit", []string{"code=123123"}, "code-error", "", "123123",
	},
	"enrollment": {
		func(t *testing.T, b *browser) {
			b.start("")
			b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "enroll-submit")
		},
		"enroll-submit", []string{"code=123123", "name=My phone"}, "code-error", "name=My phone", "123123",
	},
	"sign-up": {
		func(_ *testing.T, b *browser) { b.Get("/signup") },
		"signup-submit", []string{"email=eve@example.com", "name=Eve", "password=short and sw"}, "password-error", "email=eve@example.com", "short and sw",
	},
	"code of a sign-up": {
		func(t *testing.T, b *browser) {
			b.Get("/signup")
			b.Submit("signup-submit", "email=eve@example.com", "password="+otherPassword).Want(t, http.StatusOK, "verify-submit")
		},
		"verify-submit", []string{"code=12312312"}, "code-error", "", "12312312",
	},
	"forgotten password": {
		func(_ *testing.T, b *browser) { b.Get("/forgot-password") },
		"forgot-submit", []string{"email= "}, "email-error", "", "",
	},
}

// TestARefusedFormLeadsBackToItsPage: it is answered by a redirect to the page's own
// address, which says once what is wrong, so that going back or reloading sends nothing
// again. What is no secret need not be typed again; what is one is nowhere.
func TestARefusedFormLeadsBackToItsPage(t *testing.T) {
	for name, form := range refusals {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{client: func(c *client.Client) {
				c.RequireMFA = name == "second factor" || name == "enrollment"
			}})
			s.person("ada@example.com")
			b := s.browser()
			form.open(t, b)
			path := b.Page.URL.Path
			b.Follow(false)
			refused := b.Submit(form.button, form.fields...)
			b.Follow(true)
			to := refused.Header.Get("Location")
			if refused.Status != http.StatusSeeOther || !strings.HasPrefix(to, path+"?") {
				t.Fatalf("answer %d to %q, want 303 to %s", refused.Status, to, path)
			}
			if other := s.browser().Get(to); other.Text(form.says) != "" {
				t.Errorf("another browser reads %q", other.Text(form.says))
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
			if again := b.Get(to); again.Text(form.says) == "" { // the second redirect of a double click
				t.Error("a moment later it says nothing")
			}
			s.clock.Advance(11 * time.Second)
			if later := b.Get(to); later.Text(form.says) != "" {
				t.Error("it says so each time that it is loaded")
			}
		})
	}
}

// TestARefusalIsOfOneTab: what was wrong on one page is not said on another,
// nor in another tab.
func TestARefusalIsOfOneTab(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	first := b.Page
	b.start("")
	b.Follow(false)
	b.signIn("ada@example.com", "a guess at the password")
	b.Follow(true)
	if page := b.Get(first.URL.RequestURI() + "&again=1"); page.Text("password-error") != "" {
		t.Error("the other tab says so")
	}
	if page := b.Get("/signup?again=1"); page.Text("password-error") != "" {
		t.Error("another page says so")
	}
}
