package login

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// TestPW1_AHashOfAnotherSystemIsReplacedAtSignIn: a person who came by import
// signs in as ever, and what is kept of their password is ours from then on.
func TestPW1_AHashOfAnotherSystemIsReplacedAtSignIn(t *testing.T) {
	s := newSite(t, siteOptions{})
	const iterations = 1000
	key, err := pbkdf2.Key(sha256.New, goodPassword, []byte("salt"), iterations, sha256.Size)
	check(t, err)
	ada := s.person("ada@example.com", func(u *storage.User) {
		u.PasswordHash = fmt.Sprintf("pbkdf2_sha256$%d$salt$%s", iterations, base64.StdEncoding.EncodeToString(key))
	})
	b := s.browser()
	b.start("")
	if page := b.signIn("ada@example.com", "not her password"); page.Text("password-error") == "" {
		t.Fatalf("a wrong password says nothing:\n%s", page.Body)
	}
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID))
	kept, err := s.store.Users().ByID(t.Context(), ada.ID)
	check(t, err)
	if !strings.HasPrefix(kept.PasswordHash, "$argon2id$") || kept.PasswordEpoch != ada.PasswordEpoch {
		t.Errorf("after a sign-in the hash is %q, the epoch %d", kept.PasswordHash, kept.PasswordEpoch)
	}
	events, err := s.store.Events().List(t.Context(), storage.EventFilter{UserID: ada.ID, Type: storage.EventPasswordUpgraded, Limit: 10})
	check(t, err)
	if len(events) != 1 {
		t.Errorf("%d events tell of it", len(events))
	}
	other := s.browser()
	other.start("")
	other.signIn("ada@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID))
}
