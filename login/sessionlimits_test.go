package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/session"
)

// The sessions of a site are idle for an hour at most, and live for a day.
func TestSE3_SessionsEndWhenIdleAndInAnyCase(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	signedIn := func() *browser {
		t.Helper()
		b := s.browser()
		b.start("")
		b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID))
		return b
	}
	idle, busy := signedIn(), signedIn()
	s.clock.Advance(59 * time.Minute)
	busy.start("").Want(t, 200, "code for")
	s.clock.Advance(2 * time.Minute)
	idle.start("").Want(t, 200, "login-submit")
	began := s.clock.Now().Add(-61 * time.Minute)
	for s.clock.Now().Before(began.Add(24*time.Hour - 30*time.Minute)) {
		busy.start("").Want(t, 200, "code for")
		s.clock.Advance(30 * time.Minute)
	}
	s.clock.Advance(30 * time.Minute)
	busy.start("").Want(t, 200, "login-submit")
}

const day = 24 * time.Hour

// TestSE3_KeptSignedInMeansItsDays: whoever asks is signed in for as long as the label
// says, also when the browser is closed in between; proving more, or the first factor
// anew, takes nothing away, and gives nothing that was not asked for.
func TestSE3_KeptSignedInMeansItsDays(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	b := s.browser()
	if page := b.start(""); !strings.Contains(page.Body, "30 days") {
		t.Errorf("the label names no time:\n%s", page.Body)
	}
	b.Submit("login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1").Want(t, 200, "code for")
	began := s.clock.Now()
	for s.clock.Now().Before(began.Add(80 * day)) {
		s.clock.Advance(10 * day)
		b.start("").Want(t, 200, "code for")
	}
	s.clock.Advance(11 * day)
	b.start("").Want(t, 200, "login-submit")
	b.Submit("login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1").Want(t, 200, "code for")
	s.clock.Advance(31 * day)
	b.start("").Want(t, 200, "login-submit")
}

// TestSE3_TheCookieLastsAsLongAsTheSession: of whoever did not ask it ends with the browser.
func TestSE3_TheCookieLastsAsLongAsTheSession(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	for remember, want := range map[string]int{"remember=1": int(90 * day / time.Second), "remember=": 0} {
		b := s.browser()
		b.start("")
		b.Follow(false)
		answer := b.Submit("login-submit", "username=ada@example.com", "password="+goodPassword, remember)
		found := false
		for _, line := range answer.Header["Set-Cookie"] {
			if c, err := http.ParseSetCookie(line); err == nil && strings.HasSuffix(c.Name, web.CookieSession) {
				if found = true; c.MaxAge != want {
					t.Errorf("%s: the cookie lasts %d seconds, want %d", remember, c.MaxAge, want)
				}
			}
		}
		if !found {
			t.Errorf("%s: no session's cookie in %q", remember, answer.Header["Set-Cookie"])
		}
	}
}

// TestSE3_ProvingAnewKeepsWhatWasAsked: the page of a sign-in anew shows the box as it
// was answered, and what it says then counts from then on.
func TestSE3_ProvingAnewKeepsWhatWasAsked(t *testing.T) {
	const anew = `{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.Submit("login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1").Want(t, 200, "code for")
	s.clock.Advance(20 * day)
	b.start(anew).Want(t, 200, "login-submit")
	b.Submit("login-submit", "password="+goodPassword).Want(t, 200, "code for")
	s.clock.Advance(29 * day)
	b.start("").Want(t, 200, "code for")
	b.start(anew)
	b.Submit("login-submit", "password="+goodPassword, "remember=").Want(t, 200, "code for")
	s.clock.Advance(2 * time.Hour)
	b.start("").Want(t, 200, "login-submit")
}

// TestSE3_NoBoxWhereItMeansNothing: policy may let nobody be kept signed in.
func TestSE3_NoBoxWhereItMeansNothing(t *testing.T) {
	s := newSite(t, siteOptions{sessions: func(c *session.Config) { c.Remembered = c.Lifetime }})
	s.person("ada@example.com")
	b := s.browser()
	if page := b.start(""); page.Has("remember") {
		t.Error("there is a box")
	}
	b.Forge("login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1").Want(t, 200, "code for")
	s.clock.Advance(2 * time.Hour)
	b.start("").Want(t, 200, "login-submit")
}
