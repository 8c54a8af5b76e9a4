package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/web"
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

// TestSE3_KeptSignedInMeansItsDays: whoever asks is signed in the next morning, and for
// as long as the label says; a browser that is closed meanwhile keeps the cookie.
func TestSE3_KeptSignedInMeansItsDays(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	b := s.browser()
	if page := b.start(""); !strings.Contains(page.Body, "30 days") {
		t.Errorf("the label names no time:\n%s", page.Body)
	}
	b.Submit("login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1").Want(t, 200, "code for")
	began := s.clock.Now()
	for s.clock.Now().Before(began.Add(80 * 24 * time.Hour)) {
		s.clock.Advance(10 * 24 * time.Hour)
		b.start("").Want(t, 200, "code for")
	}
	s.clock.Advance(11 * 24 * time.Hour)
	b.start("").Want(t, 200, "login-submit")

	idle := s.browser()
	idle.start("")
	answer := idle.sentAtOnce(t, 1, false, "login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1")[0]
	var kept *http.Cookie
	for _, line := range answer.header["Set-Cookie"] {
		if c, err := http.ParseSetCookie(line); err == nil && strings.HasSuffix(c.Name, web.CookieSession) {
			kept = c
		}
	}
	if kept == nil || kept.MaxAge != int((90*24*time.Hour)/time.Second) {
		t.Errorf("the cookie is %v", kept)
	}
	idle.Submit("login-submit", "username=ada@example.com", "password="+goodPassword, "remember=1").Want(t, 200, "code for")
	s.clock.Advance(31 * 24 * time.Hour)
	idle.start("").Want(t, 200, "login-submit")
}

// TestSE3_NoBoxWhereItMeansNothing: policy may let nobody be kept signed in.
func TestSE3_NoBoxWhereItMeansNothing(t *testing.T) {
	s := newSite(t, siteOptions{config: func(c *Config) { c.RememberIdle, c.RememberAbsolute = c.SessionIdle, c.SessionAbsolute }})
	s.person("ada@example.com")
	b := s.browser()
	if page := b.start(""); page.Has("remember") {
		t.Error("there is a box")
	}
	action, form := b.Page.Form("login-submit")
	form.Set("username", "ada@example.com")
	form.Set("password", goodPassword)
	form.Set("remember", "1") // it counts for nothing
	b.Post(action, form).Want(t, 200, "code for")
	s.clock.Advance(2 * time.Hour)
	b.start("").Want(t, 200, "login-submit")
}
