package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAFormIsNeverAnsweredByItself: whatever comes of a form of the console, done,
// refused, forbidden or failed, its answer leads on to a page (303, Post/Redirect/Get),
// which says it once: reloading that page, or going back, sends nothing again.
func TestAFormIsNeverAnsweredByItself(t *testing.T) {
	t.Parallel()
	users := &flaky{}
	s := newSite(t, func(c *Config) { users.Users, c.Users = c.Users, users })
	ada := s.Person("ada@example.com")
	b, desk := s.strong(admin.Owner), s.strong(admin.HelpDesk)
	for name, form := range map[string]struct {
		browser *logintest.Browser
		address string
		fields  url.Values
		status  int
		says    string
		fails   bool
	}{
		"done":        {b, pathOf(ada.ID) + "/edit", url.Values{"reason": {"because"}, "nickname": {"Countess"}}, http.StatusOK, "Done.", false},
		"a field":     {b, pathOf(ada.ID) + "/edit", url.Values{"reason": {"because"}, "website": {"none"}}, http.StatusOK, `id="website-error"`, false},
		"no reason":   {b, pathOf(ada.ID) + "/disable", url.Values{}, http.StatusOK, `id="reason-error"`, false},
		"a subject":   {b, pathOf(ada.ID) + "/leave-group?group=none", url.Values{"group": {"none"}}, http.StatusOK, `id="reason-error"`, false},
		"nobody":      {b, pathOf(s.ID()) + "/disable", url.Values{"reason": {"because"}}, http.StatusNotFound, "error-title", false},
		"not allowed": {desk, pathOf(ada.ID) + "/disable", url.Values{"reason": {"because"}}, http.StatusForbidden, "error-title", false},
		"unavailable": {b, pathOf(ada.ID) + "/unlock", url.Values{"reason": {"typed before it failed"}}, http.StatusServiceUnavailable, "typed before it failed", true},
	} {
		form.fields.Set("csrf", s.tokens[form.browser])
		users.fails = form.fails
		form.browser.Follow(false)
		answer := form.browser.Post(form.address, form.fields)
		form.browser.Follow(true)
		users.fails = false
		to := answer.Header.Get("Location")
		if answer.Status != http.StatusSeeOther || !strings.HasPrefix(to, Root) && !strings.HasPrefix(to, s.URL.String()+Root) {
			t.Errorf("%s: answered %d to %q", name, answer.Status, to)
			continue
		}
		form.browser.Get(to).Want(t, form.status, form.says)
	}
}

// flaky are people of a store that fails now and then.
type flaky struct {
	Users interface {
		ByID(ctx context.Context, id storage.ID) (*storage.User, error)
		Search(ctx context.Context, f storage.PeopleFilter) ([]storage.FoundUser, error)
	}
	fails bool
}

func (f *flaky) ByID(ctx context.Context, id storage.ID) (*storage.User, error) {
	if f.fails {
		return nil, errors.New("no connection")
	}
	return f.Users.ByID(ctx, id)
}

func (f *flaky) Search(ctx context.Context, filter storage.PeopleFilter) ([]storage.FoundUser, error) {
	return f.Users.Search(ctx, filter)
}

// TestOT3_ALinkIsShownInItsBrowserAlone, once it was made, and a reload makes no other.
func TestOT3_ALinkIsShownInItsBrowserAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	b, other := s.strong(admin.Owner), s.strong(admin.Owner)
	page := s.forge(b, pathOf(ada.ID)+"/make-reset", "reason=because")
	page.Want(t, http.StatusOK, "reset-password?token=")
	if strings.Contains(page.URL.String(), "token") {
		t.Errorf("the address has it: %s", page.URL)
	}
	made := len(s.events(storage.EventResetRequested))
	b.Get(page.URL.String()).Want(t, http.StatusOK, "reset-password?token=")
	if body := other.Get(page.URL.String()).Body; strings.Contains(body, "token=") {
		t.Error("another browser sees it")
	}
	s.Clock.Advance(3 * time.Minute)
	if body := b.Get(page.URL.String()).Body; strings.Contains(body, "token=") || len(s.events(storage.EventResetRequested)) != made {
		t.Error("it is shown for ever, or made anew")
	}
}
