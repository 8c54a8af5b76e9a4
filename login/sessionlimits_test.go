package login

import (
	"testing"
	"time"
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
