package console

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAD1_WhoEnters: nobody without a session, a role and two factors.
func TestAD1_WhoEnters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Browser().Get(peoplePath).Want(t, http.StatusOK, "login-submit")
	s.signedIn(s.administrator(), storage.FactorPassword, storage.FactorTOTP).Get(peoplePath).Want(t, http.StatusForbidden, "error-title")
	s.strong(admin.Owner).Get(peoplePath).Want(t, http.StatusOK, `class="rows"`)
	s.strong(admin.HelpDesk).Get(Root).Want(t, http.StatusOK, `href="/admin/people"`)
}

// TestAD1_OneFactorIsAskedForAnother: whoever administers and has none enrolls one, and
// comes back; an acr of passkeys takes no code.
func TestAD1_OneFactorIsAskedForAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boss := s.administrator(admin.Owner)
	b := s.signedIn(boss, storage.FactorPassword)
	if page := b.Get(peoplePath); page.URL.Path != "/enroll" {
		t.Fatalf("one factor leads to %s", page.URL)
	}
	b.Get("/enroll?" + b.Page.URL.RawQuery + "&kind=totp")
	secret := b.Page.Text("totp-secret")
	b.Submit("enroll-submit", "code="+s.Code(secret))
	if b.Page.Has("recovery-continue") {
		b.Submit("recovery-continue")
	}
	if b.Page.URL.Path != peoplePath || b.Page.Status != http.StatusOK {
		t.Errorf("after enrolling at %s, %d", b.Page.URL, b.Page.Status)
	}

	strict := newSite(t, func(c *Config) { c.ACR = mfa.ACRPhishingResistant })
	if page := strict.strong(admin.Owner).Get(peoplePath); page.URL.Path == peoplePath && page.Status == http.StatusOK {
		t.Error("a code passes for a passkey")
	}
}

// TestAD1_TheConsoleEndsWithItsSession: a role that is taken away, a session that is
// ended and an account that is disabled end it at the next request.
func TestAD1_TheConsoleEndsWithItsSession(t *testing.T) {
	t.Parallel()
	operator := account.Operator("root")
	for name, end := range map[string]struct {
		do     func(s *site, u *storage.User) error
		status int
		want   string
	}{
		"role": {func(s *site, u *storage.User) error {
			_, err := s.Accounts.SetRoles(t.Context(), operator, u.ID, nil)
			return err
		}, http.StatusForbidden, "error-title"},
		"sessions": {func(s *site, u *storage.User) error { return s.Accounts.EndAllSessions(t.Context(), operator, u.ID) }, http.StatusOK, "login-submit"},
		"disabled": {func(s *site, u *storage.User) error { return s.Accounts.Disable(t.Context(), operator, u.ID, "") }, http.StatusOK, "login-submit"},
		"idle": {func(s *site, _ *storage.User) error {
			s.Clock.Advance(2 * time.Hour)
			return nil
		}, http.StatusOK, "login-submit"},
	} {
		s := newSite(t)
		boss, ada := s.administrator(admin.Owner), s.Person("ada@example.com")
		b := s.signedIn(boss, storage.FactorPassword, storage.FactorTOTP)
		b.Get(pathOf(ada.ID)+"/enable").Want(t, http.StatusOK, "act-submit")
		form := b.Page
		logintest.Check(t, end.do(s, boss))
		b.SubmitOn(form, "act-submit", "reason=because").Want(t, end.status, end.want)
		b.Get(pathOf(ada.ID)).Want(t, end.status, end.want)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
