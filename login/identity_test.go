package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/storage"
)

// steps are the pages after the first, each with the button that tells it.
var steps = map[string]struct {
	client func(*client.Client)
	open   func(t *testing.T, b *browser) *testbrowser.Page
	button string
	stays  bool // nobody is offered to leave
}{
	"second factor": {
		func(c *client.Client) { c.RequireMFA = true },
		func(_ *testing.T, b *browser) *testbrowser.Page {
			b.enrolled("ada@example.com")
			b.s.clock.Advance(time.Hour)
			*b = *b.s.browser()
			b.start("")
			return b.signIn("ada@example.com", goodPassword)
		}, "factor-submit", false,
	},
	"enrollment": {
		func(c *client.Client) { c.RequireMFA = true },
		func(_ *testing.T, b *browser) *testbrowser.Page {
			b.start("")
			return b.signIn("ada@example.com", goodPassword)
		}, "enroll-submit", false,
	},
	"recovery codes": {
		func(c *client.Client) { c.RequireMFA = true },
		func(_ *testing.T, b *browser) *testbrowser.Page {
			b.enrolled("ada@example.com")
			return b.Page
		}, "recovery-continue", true,
	},
	"confirmation of the address": {
		func(c *client.Client) { c.RequireVerifiedEmail = true },
		func(t *testing.T, b *browser) *testbrowser.Page {
			b.start("")
			return b.signIn("ada@example.com", goodPassword)
		}, "verify-submit", false,
	},
	"consent": {
		func(c *client.Client) { c.Consent = client.ConsentAlways },
		func(_ *testing.T, b *browser) *testbrowser.Page {
			b.start("")
			return b.signIn("ada@example.com", goodPassword)
		}, "consent-allow", false,
	},
}

// TestEveryStepSaysWhoseAccountItIsFor: from the second step on each page names the
// account and the application, and "Not you?" has somebody else sign in, who is not
// taken for the first, and whom nothing that was shown before helps.
func TestEveryStepSaysWhoseAccountItIsFor(t *testing.T) {
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{client: step.client})
			s.person("ada@example.com", func(u *storage.User) { u.EmailVerified = name != "confirmation of the address" })
			bob := s.person("bob@example.com")
			b := s.browser()
			page := step.open(t, b)
			page.Want(t, http.StatusOK, step.button)
			for _, text := range []string{"ada@example.com", "Wiki"} {
				if !strings.Contains(page.Body, text) {
					t.Errorf("the page does not say %q:\n%s", text, page.Body)
				}
			}
			if step.stays {
				if page.Has("not-you") {
					t.Error("whoever leaves never sees the codes again")
				}
				return
			}
			first := b.Click("not-you")
			first.Want(t, http.StatusOK, "login-submit")
			if got := first.Value("username"); got != "" || strings.Contains(first.Body, "ada@example.com") {
				t.Errorf("the page expects %q", got)
			}
			if back := b.Get(page.URL.RequestURI()); !back.Has("login-submit") {
				t.Errorf("the step is still there:\n%s", back.Body)
			}
			s.clock.Advance(time.Second)
			b.signIn("bob@example.com", goodPassword)
			if !strings.Contains(b.Page.Body, "bob@example.com") && !strings.Contains(b.Page.Body, "code for "+string(bob.ID)) {
				t.Errorf("Bob is not who goes on:\n%s", b.Page.Body)
			}
		})
	}
}

// TestNotYouIsOfThisBrowser: the address drops nothing for whoever else opens it.
func TestNotYouIsOfThisBrowser(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.RequireMFA = true }})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	page := b.signIn("ada@example.com", goodPassword)
	page.Want(t, http.StatusOK, "enroll-submit")
	s.browser().Get(page.Attribute("not-you", "href")).Want(t, http.StatusBadRequest, "error-title")
	b.Get(page.URL.RequestURI()).Want(t, http.StatusOK, "enroll-submit")
}
