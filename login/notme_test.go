package login

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// TestFE2_ThePageOfThisWasNotMe: whoever signed in with a stolen password is out,
// and what they added is gone, when the owner presses the button of the notice.
func TestFE2_ThePageOfThisWasNotMe(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.NotifyNewDevice = true }})
	ada := s.person("ada@example.com", func(u *storage.User) { u.SignedInAt = u.CreatedAt })
	mallory := s.browser()
	mallory.Get("/login")
	mallory.signIn("ada@example.com", goodPassword).Want(t, 200, "account of")
	told := s.sent("ada@example.com")
	if !strings.Contains(told.Subject, "New sign-in") {
		t.Fatalf("told: %+v", told)
	}
	s.clock.Advance(time.Minute)
	owner := s.browser()
	for range 2 { // looking spends nothing
		owner.Get(linkIn(t, told.Text)).Want(t, 200, "verify-submit")
	}
	owner.Submit("verify-submit").Want(t, 200, "Your account is secured")
	owner.Get(linkIn(t, told.Text)).Want(t, 410, "error-title")
	if page := mallory.Get("/account"); strings.Contains(page.Body, "account of") {
		t.Error("the stolen session lives on")
	}
	mallory.Get("/login")
	if page := mallory.signIn("ada@example.com", goodPassword); page.Text("password-error") == "" {
		t.Error("the stolen password signs in")
	}
	owner.Get(linkIn(t, s.sent("ada@example.com").Text)).Want(t, 200, "reset-submit")
	owner.Submit("reset-submit", "new_password=a wholly new pass phrase").Want(t, 200, "")
	owner.Get("/login")
	owner.signIn("ada@example.com", "a wholly new pass phrase").Want(t, 200, "account of "+string(ada.ID))
}

// TestASignInOnANewDeviceIsTold: once a device, and never of the first sign-in.
func TestASignInOnANewDeviceIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		person   func(*storage.User)
		notify   bool
		want     int // of a first sign-in, and of one on another device
		wantNext int
	}{
		"who signed in before":   {func(u *storage.User) { u.SignedInAt = u.CreatedAt }, true, 1, 2},
		"who never did":          {func(*storage.User) {}, true, 0, 1},
		"an unproven address":    {func(u *storage.User) { u.SignedInAt, u.EmailVerified = u.CreatedAt, false }, true, 0, 0},
		"where nobody wants it":  {func(u *storage.User) { u.SignedInAt = u.CreatedAt }, false, 0, 0},
		"who has a name besides": {func(u *storage.User) { u.SignedInAt, u.Username = u.CreatedAt, "countess" }, true, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.NotifyNewDevice = test.notify }})
			s.person("ada@example.com", test.person)
			told := 0
			count := func() int {
				for _, m := range s.inbox() {
					if strings.Contains(m.Subject, "New sign-in") {
						told++
					}
				}
				return told
			}
			first := s.browser()
			for range 2 { // the second time it is known
				first.Get("/login")
				first.signIn("ada@example.com", goodPassword).Want(t, 200, "account of")
				s.clock.Advance(25 * time.Hour) // the session is over
			}
			if got := count(); got != test.want {
				t.Errorf("told %d times of the first device, want %d", got, test.want)
			}
			other := s.browser()
			other.Get("/login")
			other.signIn("ada@example.com", goodPassword).Want(t, 200, "account of")
			if got := count(); got != test.wantNext {
				t.Errorf("told %d times after another device, want %d", got, test.wantNext)
			}
		})
	}
}

// TestASignUpIsNoNewDevice: whoever made the account is in the browser that did, and
// the first other one is told.
func TestASignUpIsNoNewDevice(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.NotifyNewDevice = true }})
	b := s.browser()
	b.Get("/signup")
	b.Submit("signup-submit", "email=new@example.com", "password="+goodPassword)
	b.Submit("verify-submit", "code="+s.inbox()[0].Code).Want(t, 200, "account of")
	if mails := s.inbox(); len(mails) != 0 {
		t.Errorf("told: %+v", mails)
	}
	other := s.browser()
	other.Get("/login")
	other.signIn("new@example.com", goodPassword).Want(t, 200, "account of")
	if !strings.Contains(s.sent("new@example.com").Text, message.PathDisown) {
		t.Error("the notice has no link")
	}
}

// TestFE4_AChangeOfAddressAsksForTheSession: whoever presses the link in another
// browser moves nobody's account onto their own address, and the link stays good for
// whoever asked.
func TestFE4_AChangeOfAddressAsksForTheSession(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	s.person("bob@example.com")
	b := s.browser()
	b.Get("/login")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "account of")
	shown := account.Evidence{User: ada, Proofs: []storage.Proof{{Kind: storage.FactorPassword, At: s.clock.Now()}}}
	_, err := s.parts.Accounts.RequestEmailChange(t.Context(), account.Person(shown, account.Origin{}), ada.ID, "new@example.com")
	check(t, err)
	link := linkIn(t, s.sent("new@example.com").Text)
	stranger := s.browser()
	stranger.Get(link).Want(t, 403, "Sign in first")
	other := s.browser()
	other.Get("/login")
	other.signIn("bob@example.com", goodPassword).Want(t, 200, "account of")
	other.Get(link).Want(t, 403, "Sign in first")
	for _, elsewhere := range []*browser{stranger, other} {
		_, form := b.Get(link).Form("verify-submit")
		form.Set("csrf", elsewhere.Get("/forgot-password").Value("csrf"))
		if page := elsewhere.Post(message.PathConfirmEmail, form); page.Status < 400 {
			t.Errorf("pressed elsewhere: %d", page.Status)
		}
	}
	if got, err := s.store.Users().ByID(t.Context(), ada.ID); err != nil || got.Email != "ada@example.com" {
		t.Errorf("the address is %v, %v", got, err)
	}
	b.Get(link).Want(t, 200, "verify-submit")
	b.Submit("verify-submit").Want(t, 200, "new@example.com")
}
