package settings

import (
	"net/http"
	"testing"

	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
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
