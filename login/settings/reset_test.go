package settings

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// resetLink asks for a new password, and opens the link in a browser of its own.
func (s *site) resetLink(email string) *logintest.Browser {
	s.T.Helper()
	b := s.Browser()
	b.Get("/forgot-password")
	b.Submit("forgot-submit", "email="+email)
	for _, m := range s.Inbox() {
		if link := linkIn(m.Text); strings.Contains(link, "/reset-password") {
			b.Get(strings.TrimPrefix(link, s.URL.String())).Want(s.T, http.StatusOK, "reset-submit")
			return b
		}
	}
	s.T.Fatal("no link came")
	return nil
}

// TestFE2_AResetShowsWhatWasAddedLately: whoever took the account over enrolled a
// factor that only they have; the owner of the mailbox sees it and is rid of it with
// the box, and what was there before stays.
func TestFE2_AResetShowsWhatWasAddedLately(t *testing.T) {
	for _, remove := range []bool{false, true} {
		s := newSite(t, options{})
		ada := s.Person("ada@example.com", func(u *storage.User) {
			u.Phone, u.PhoneVerified, u.PhoneChangedAt = "+4915100000067", true, time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
		})
		s.enrolled(s.signedIn("ada@example.com"))
		b := s.resetLink("ada@example.com")
		page := b.Page.Text("recent")
		if !strings.Contains(page, "Phone (Authenticator app)") || !strings.Contains(page, "Recovery codes") || strings.Contains(page, "…67") {
			t.Errorf("the page shows %q", page)
		}
		fields := []string{"new_password=another good long passphrase"}
		if remove {
			fields = append(fields, "remove_recent=1")
		}
		// A password that is refused costs neither the link nor the list.
		if b.Submit("reset-submit", "new_password=short"); !b.Page.Has("remove_recent") {
			t.Error("the list is gone")
		}
		b.Submit("reset-submit", fields...)
		left := 1
		if remove {
			left = 0
		}
		if got := s.user(ada.ID); got.Credentials != left || got.Phone == "" {
			t.Errorf("remove %v: %d factors and the number %q are left", remove, got.Credentials, got.Phone)
		}
	}
}

// TestFE2_OldFactorsAreNotOffered: what is older than the setting stays, whatever is sent.
func TestFE2_OldFactorsAreNotOffered(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	s.enrolled(s.signedIn("ada@example.com"))
	s.Clock.Advance(8 * 24 * time.Hour)
	b := s.resetLink("ada@example.com")
	if b.Page.Has("recent") {
		t.Errorf("the page offers to remove old factors: %s", b.Page.Text("recent"))
	}
	b.Forge("reset-submit", "new_password=another good long passphrase", "remove_recent=1")
	if got := s.user(ada.ID); got.Credentials != 1 {
		t.Errorf("%d factors are left", got.Credentials)
	}
}
