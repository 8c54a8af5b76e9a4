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
		box := b.Page.IDs("remove-")[0]
		if remove {
			fields = append(fields, "remove="+strings.TrimPrefix(box, "remove-"))
		}
		// A password that is refused costs neither the link nor the choice.
		refused := append([]string{"new_password=short"}, fields[1:]...)
		if b.Forge("reset-submit", refused...); b.Page.Text("new_password-error") == "" || (b.Page.Attribute(box, "value") == "") {
			t.Error("the list is gone")
		}
		if _, form := b.Page.Form("reset-submit"); form.Has("remove") != remove {
			t.Errorf("the choice is %v", form["remove"])
		}
		b.Forge("reset-submit", fields...)
		left := 1
		if remove {
			left = 0
		}
		if got := s.user(ada.ID); got.Credentials != left || got.Phone == "" {
			t.Errorf("remove %v: %d factors and the number %q are left", remove, got.Credentials, got.Phone)
		}
		codes, err := s.Store.RecoveryCodes().Status(t.Context(), ada.ID)
		if logintest.Check(t, err); codes.Total == 0 {
			t.Error("recovery codes that nobody disowned are gone")
		}
	}
}

// TestFE2_OldFactorsAreNotOffered: what is older than the setting stays, whatever is sent.
func TestFE2_OldFactorsAreNotOffered(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	s.enrolled(s.signedIn("ada@example.com"))
	s.Clock.Advance(8 * 24 * time.Hour)
	factors, err := s.Store.Credentials().ListByUser(t.Context(), ada.ID)
	logintest.Check(t, err)
	old := factors[0].ID
	b := s.resetLink("ada@example.com")
	if b.Page.Has("recent") {
		t.Errorf("the page offers to remove old factors: %s", b.Page.Text("recent"))
	}
	b.Forge("reset-submit", "new_password=another good long passphrase", "remove=recovery", "remove=phone", "remove="+string(old))
	if got := s.user(ada.ID); got.Credentials != 1 {
		t.Errorf("%d factors are left", got.Credentials)
	}
}
