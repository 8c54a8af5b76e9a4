package test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/storage"
)

// halfway is a journey that is interrupted: begin leads to its middle, and goOn to
// its end.
type halfway struct {
	name  string
	begin func(h *hunt, b *testbrowser.Browser, email string) middle
	goOn  func(h *hunt, b *testbrowser.Browser, m middle) *testbrowser.Page
	// makes says that it makes the account.
	makes bool
}

// middle is what a person has there: a page, and what was sent to them.
type middle struct {
	page *testbrowser.Page
	mail mail
}

const lasting = "seven ripe figs upon a shelf"

// signInAt signs somebody in whom the command line made.
func (h *hunt) signInAt(b *testbrowser.Browser, client, email string, flags ...string) *testbrowser.Page {
	h.t.Helper()
	if _, err := h.in.store(h.t).Users().ByIdentifier(h.t.Context(), email); errors.Is(err, storage.ErrNotFound) {
		h.in.nodes[0].Command(lasting+"\n", append([]string{"user", "create", "--email", email, "--password-stdin"}, flags...)...)
	}
	page := b.Get(h.authorize(client))
	if !page.Has("login-submit") {
		return page // the session outlived it
	}
	return b.SubmitOn(page, "login-submit", "username="+email, "password="+lasting)
}

func signUp(h *hunt, b *testbrowser.Browser, email string) middle {
	page := h.want(b.Get(h.authorize("wiki", "prompt", "create")), "signup-submit")
	page = h.want(b.SubmitOn(page, "signup-submit", "email="+email, "password="+lasting), "verify-submit")
	return middle{page, h.inbox(email)}
}

func interrupted() []halfway {
	typed := func(button string) func(*hunt, *testbrowser.Browser, middle) *testbrowser.Page {
		return func(_ *hunt, b *testbrowser.Browser, m middle) *testbrowser.Page {
			return b.SubmitOn(m.page, button, "code="+m.mail.Code)
		}
	}
	byLink := func(path, button string, with []string) func(*hunt, *testbrowser.Browser, middle) *testbrowser.Page {
		return func(h *hunt, b *testbrowser.Browser, m middle) *testbrowser.Page {
			page := b.Get(m.mail.link(h.t, path))
			if !page.Has(button) {
				return page
			}
			return b.SubmitOn(page, button, with...)
		}
	}
	return []halfway{
		{"sign-up by code", signUp, typed("verify-submit"), true},
		{"sign-up by link", signUp, byLink("/signup/confirm", "verify-submit", nil), true},
		{"reset", func(h *hunt, b *testbrowser.Browser, email string) middle {
			h.signInAt(b, "wiki", email, "--verified")
			page := b.SubmitOn(b.Get("/forgot-password"), "forgot-submit", "email="+email)
			return middle{page, h.inbox(email)}
		}, byLink("/reset-password", "reset-submit", fields("new_password", "nine pale moths around a lamp")), false},
		{"verification", func(h *hunt, b *testbrowser.Browser, email string) middle {
			return middle{h.want(h.signInAt(b, "wiki", email), "verify-submit"), h.inbox(email)}
		}, typed("verify-submit"), false},
		{"consent", func(h *hunt, b *testbrowser.Browser, email string) middle {
			return middle{page: h.want(h.signInAt(b, "wiki", email, "--verified"), "consent-allow")}
		}, func(_ *hunt, b *testbrowser.Browser, m middle) *testbrowser.Page {
			return b.SubmitOn(m.page, "consent-allow")
		}, false},
		{"factor", func(h *hunt, b *testbrowser.Browser, email string) middle {
			return middle{h.want(h.signInAt(b, "strict", email, "--verified"), "factor-submit"), h.inbox(email)}
		}, typed("factor-submit"), false},
		{"enrollment", func(h *hunt, b *testbrowser.Browser, email string) middle {
			page := h.want(h.signInAt(b, "strict", email, "--verified"), "factor-submit")
			b.SubmitOn(page, "factor-submit", "code="+h.inbox(email).Code)
			page = b.Get(h.authorize("strict", "acr_values", "aal2"))
			if link := page.Link("data-factor", "totp"); link != "" {
				page = b.Get(link)
			}
			return middle{page: h.want(page, "totp-secret")}
		}, func(h *hunt, b *testbrowser.Browser, m middle) *testbrowser.Page {
			key := strings.ReplaceAll(m.page.Text("totp-secret"), " ", "")
			return b.SubmitOn(m.page, "enroll-submit", "code="+h.app(key, 0))
		}, false},
	}
}

// well fails unless a page is no failure.
func (h *hunt) well(what string, p *testbrowser.Page) {
	h.t.Helper()
	if p.Status >= http.StatusBadRequest || p.Has("error-title") || p.Text("code-error") != "" {
		h.t.Errorf("%s led to %s, %d: %s", what, p.URL.Path, p.Status, p.Text("error-title")+p.Text("code-error"))
	}
}

// clear fails unless a page says what happened, with the id that finds the log lines.
func (h *hunt) clear(what string, p *testbrowser.Page, statuses ...int) {
	h.t.Helper()
	for _, status := range statuses {
		if p.Status == status && p.Text("error-title") != "" && p.Text("error-detail") != "" && p.Text("error-id") != "" {
			return
		}
	}
	h.t.Errorf("%s led to %s, %d: %.300s", what, p.URL.Path, p.Status, p.Body)
}

// TestTH5_JourneysOutliveARestart kills the node in the middle of each journey.
func TestTH5_JourneysOutliveARestart(t *testing.T) {
	t.Parallel()
	h := startHunt(t, false, fmt.Sprintf(talkative, "", secrets["wiki"], secrets["strict"]))
	for i, j := range interrupted() {
		b, email := h.browser(), fmt.Sprintf("person%d@example.com", i)
		m := j.begin(h, b, email)
		h.in.nodes[0].Kill()
		h.in.nodes[0].Start()
		h.well(j.name+" after a restart", j.goOn(h, b, m))
	}
}

// TestTH5_JourneysBeginAnewWhenRedisIsLost loses all short-lived state in the middle
// of each journey: while it is gone nobody gets on, what waited is over, a clear
// page says each of both, no account is half made, and beginning anew works.
func TestTH5_JourneysBeginAnewWhenRedisIsLost(t *testing.T) {
	t.Parallel()
	h := startHunt(t, true, fmt.Sprintf(talkative, "", secrets["wiki"], secrets["strict"]))
	users := h.in.store(t).Users()
	for i, j := range interrupted() {
		b, email := h.browser(), fmt.Sprintf("person%d@example.com", i)
		m := j.begin(h, b, email)
		h.in.redis.Stop()
		h.clear(j.name+" without Redis", j.goOn(h, b, m), http.StatusServiceUnavailable)
		h.in.redis.Start()
		awaitRedis(b)
		h.clear(j.name+" after Redis was lost", j.goOn(h, b, m), http.StatusBadRequest, http.StatusGone)
		if _, err := users.ByIdentifier(t.Context(), email); j.makes != errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: the account is %v", j.name, err)
		}
		b = h.browser()
		h.well(j.name+" begun anew", j.goOn(h, b, j.begin(h, b, email)))
	}
}

// awaitRedis waits until the browser's node, which was ready all the time, misses
// nothing any more.
func awaitRedis(b *testbrowser.Browser) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(b.Get("/readyz").Body, `"status":"ok"`) {
		<-tick.C
	}
}
