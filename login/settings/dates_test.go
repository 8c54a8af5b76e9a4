package settings

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// TestTimesAreThePersonsOwn: pages without scripts write times in the language of the
// page, and in the time zone of the profile.
func TestTimesAreThePersonsOwn(t *testing.T) {
	s := newSite(t, options{})
	s.Person("ada@example.com", func(u *storage.User) { u.Profile.Zoneinfo = "Asia/Tokyo" })
	s.Person("bob@example.com")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for email, want := range map[string]string{
		"ada@example.com": s.Clock.Now().In(tokyo).Format("2006/01/02 15:04 JST"), "bob@example.com": s.Clock.Now().UTC().Format("2006/01/02 15:04 UTC"),
	} {
		b := s.signedIn(email)
		// The hour has no leading zero in Japanese.
		want = strings.Replace(want, " 0", " ", 1)
		b.Get(ui.PathSessions+"?lang=ja").Want(t, http.StatusOK, want)
	}
}
