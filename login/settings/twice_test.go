package settings

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// TestPA1_DeletionMayBeSentTwice: the second press comes without the session that the
// first one ended, and gets the same answer; a form that is shown anew is another one.
func TestPA1_DeletionMayBeSentTwice(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	for planned := 1; planned <= 2; planned++ {
		form := b.Get(ui.PathDelete)
		for range 2 {
			b.SubmitOn(form, "delete-submit", "confirm=ada@example.com").Want(t, http.StatusOK, "Your account will be deleted")
		}
		s.happened(ada.ID, storage.EventDeletionPlanned, planned)
		b.Get("/login")
		b.SignIn("ada@example.com", "correct horse battery staple")
		b.Submit("deletion-cancel").Want(t, http.StatusOK, `id="signout-link"`)
	}
}

// TestPA1_ANewPasswordMayBeSentTwice: the first press gives the session another secret.
func TestPA1_ANewPasswordMayBeSentTwice(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	form := b.Get(ui.PathPassword)
	for range 2 {
		b.SubmitOn(form, "password-submit", "new_password=a horse of another color").Want(t, http.StatusOK, `id="notice"`)
	}
	s.happened(ada.ID, storage.EventPasswordChanged, 1)
}

// TestANewPasswordKeepsPeopleSignedIn: who asked to be kept signed in still is, in this
// browser, by a cookie that outlives it.
func TestANewPasswordKeepsPeopleSignedIn(t *testing.T) {
	for _, remember := range []bool{true, false} {
		s := newSite(t, options{})
		s.Person("ada@example.com")
		b := s.Browser()
		b.Get("/login")
		fields := []string{"username=ada@example.com", "password=correct horse battery staple"}
		if remember {
			fields = append(fields, "remember=1")
		}
		b.Submit("login-submit", fields...).Want(t, http.StatusOK, `id="signout-link"`)
		b.Get(ui.PathPassword)
		b.Follow(false)
		page := b.Submit("password-submit", "new_password=a horse of another color")
		b.Follow(true)
		kept := false
		for _, c := range (&http.Response{Header: page.Header}).Cookies() {
			kept = kept || strings.HasSuffix(c.Name, "latchkey-session") && c.MaxAge > 24*60*60
		}
		if kept != remember {
			t.Errorf("remember %v: cookies are %q", remember, page.Header["Set-Cookie"])
		}
		s.Clock.Advance(7 * 24 * time.Hour)
		if there := b.Get(ui.PathAccount).Has("signout-link"); there != remember {
			t.Errorf("remember %v: a week later signed in is %v", remember, there)
		}
	}
}
