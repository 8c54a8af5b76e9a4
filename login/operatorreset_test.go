package login

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// TestRE1_ALinkThatAnOperatorHandsOver sets a password once, where no mail arrives. It
// proves no address, a link that was made before is void, and nobody but an operator
// can have one made.
func TestRE1_ALinkThatAnOperatorHandsOver(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com", func(u *storage.User) { u.EmailVerified = false })
	issue := func() string {
		t.Helper()
		token, err := s.parts.Accounts.IssueReset(t.Context(), account.Operator("root"), ada.ID, time.Hour, "showed a passport")
		check(t, err)
		return "/reset-password?token=" + token
	}
	first, link := issue(), issue()
	b := s.browser()
	if pg := b.Get(first); pg.Status == http.StatusOK {
		t.Errorf("a link that was made before works: %d", pg.Status)
	}
	b.Get(link)
	b.Submit("reset-submit", "new_password="+otherPassword).Want(t, http.StatusOK, "")
	if pg := b.Get(link); pg.Status == http.StatusOK {
		t.Error("the link works twice")
	}
	got, err := s.store.Users().ByID(t.Context(), ada.ID)
	check(t, err)
	if got.EmailVerified || got.ResetByEmail {
		t.Errorf("the link proves an address: verified %v, reset by email %v", got.EmailVerified, got.ResetByEmail)
	}
	b = s.browser()
	b.start("")
	b.signIn("ada@example.com", otherPassword).Want(t, http.StatusOK, "code for")

	late := issue()
	s.clock.Advance(time.Hour + time.Second)
	if pg := b.Get(late); pg.Status == http.StatusOK {
		t.Error("the link outlives its time")
	}
	for name, by := range map[string]account.Actor{"a job": account.System("x"), "a visitor": account.Visitor(account.Origin{})} {
		_, err := s.parts.Accounts.IssueReset(t.Context(), by, ada.ID, time.Hour, "")
		if !errors.Is(err, account.ErrForbidden) && !errors.Is(err, account.ErrSignIn) {
			t.Errorf("%s got a link: %v", name, err)
		}
	}
}
