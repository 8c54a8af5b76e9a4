package login

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

func TestSignUpByCode(t *testing.T) {
	s := newSite(t, siteOptions{})
	b := s.browser()
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["create"]}`).Want(t, 200, "signup-submit")
	b.Submit("signup-submit", "email=new@example.com", "username=newbie", "name=New Person", "password="+goodPassword).Want(t, 200, "verify-submit")
	if _, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com"); err == nil {
		t.Error("the account exists before its address is confirmed")
	}
	mail := s.inbox()
	if len(mail) != 1 || mail[0].Code == "" {
		t.Fatalf("messages are %+v", mail)
	}
	if page := b.Submit("verify-submit", "code=00000000"); page.Text("code-error") == "" {
		t.Fatalf("a wrong code says nothing:\n%s", page.Body)
	}
	b.Submit("verify-submit", "code="+mail[0].Code).Want(t, 200, "code for ")
	u, err := s.store.Users().ByIdentifier(t.Context(), "newbie")
	check(t, err)
	if !u.EmailVerified || u.Profile.Name != "New Person" {
		t.Errorf("account is %+v", u)
	}
}

func TestEN1_SignUpAnswersAlike(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("known@example.com")
	answers := map[string]*testbrowser.Page{}
	for _, email := range []string{"known@example.com", "fresh@example.com"} {
		b := s.browser()
		b.Get("/signup")
		page := b.Submit("signup-submit", "email="+email, "password="+goodPassword)
		answers[email] = page
	}
	known, fresh := answers["known@example.com"], answers["fresh@example.com"]
	if known.Status != fresh.Status || known.URL.Path != fresh.URL.Path || known.Has("verify-submit") != fresh.Has("verify-submit") {
		t.Errorf("known: %d %s; fresh: %d %s", known.Status, known.URL.Path, fresh.Status, fresh.URL.Path)
	}
	for _, m := range s.inbox() {
		if (m.To == "known@example.com") == (m.Code != "") {
			t.Errorf("to %s went a message with code %q", m.To, m.Code)
		}
	}
}

// TestFE4_ASignUpLinkElsewhereAsksForThePassword has an intruder sign up with
// the address of somebody who presses the link.
func TestFE4_ASignUpLinkElsewhereAsksForThePassword(t *testing.T) {
	const own = "another long passphrase entirely"
	for name, tt := range map[string]struct {
		here     bool
		field    string
		fails    string
		password string
	}{
		"here":                {here: true, password: goodPassword},
		"no password":         {fails: "password-error"},
		"wrong password":      {field: "password=" + own, fails: "password-error"},
		"the chosen password": {field: "password=" + goodPassword, password: goodPassword},
		"a weak new password": {field: "new_password=password", fails: "new_password-error"},
		"a new password":      {field: "new_password=" + own, password: own},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{})
			asker := s.browser()
			asker.Get("/signup")
			asker.Submit("signup-submit", "email=new@example.com", "password="+goodPassword, "name=Intruder")
			b := s.browser()
			if tt.here {
				b = asker
			}
			page := b.Get(linkIn(t, s.inbox()[0].Text))
			page.Want(t, 200, "verify-submit")
			if page.Has("password") == tt.here {
				t.Errorf("asks for the password: %t", !tt.here)
			}
			var fields []string
			if tt.field != "" {
				fields = append(fields, tt.field)
			}
			page = b.Submit("verify-submit", fields...)
			user, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com")
			if tt.fails != "" {
				if err == nil || page.Text(tt.fails) == "" {
					t.Errorf("account is %v (%v), page:\n%s", user, err, page.Body)
				}
				return
			}
			check(t, err)
			if got := user.Profile.Name; (got == "") != (tt.password == own) {
				t.Errorf("the account is named %q", got)
			}
			for _, password := range []string{goodPassword, own} {
				fresh := s.browser()
				fresh.start("")
				works := fresh.signIn("new@example.com", password).Text("password-error") == ""
				if works != (password == tt.password) {
					t.Errorf("%q works: %t", password, works)
				}
			}
		})
	}
}

// linkIn returns the path and query of the first link in a text.
func linkIn(t *testing.T, text string) string {
	t.Helper()
	for _, word := range strings.Fields(text) {
		if u, err := url.Parse(word); err == nil && u.Scheme == "http" && u.RawQuery != "" {
			return u.RequestURI()
		}
	}
	t.Fatalf("no link in:\n%s", text)
	return ""
}

func TestSignUpByInvitation(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.SignUp.Mode = account.SignUpInvitation }})
	const token = "an-invitation-of-more-than-128-bits-of-secret"
	now := s.clock.Now()
	check(t, s.store.Invitations().Create(t.Context(), &storage.Invitation{
		ID: s.parts.ID(), TokenHash: s.parts.Hasher.Sum("invitation", token), Email: "guest@example.com",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, s.event(storage.EventInvitationCreated)))

	s.browser().Get("/signup").Want(t, http.StatusForbidden, "error-title")
	s.browser().Get("/signup?invitation=another").Want(t, http.StatusGone, "error-title")
	b := s.browser()
	b.Get("/signup?invitation="+token).Want(t, 200, "guest@example.com")
	// Whatever the form says, the invitation is for one address.
	b.Submit("signup-submit", "email=eve@example.com", "username=guest", "password="+goodPassword).Want(t, 200, "verify-submit")
	mail := s.inbox()
	if len(mail) != 1 || mail[0].To != "guest@example.com" {
		t.Fatalf("messages are %+v", mail)
	}
	b.Submit("verify-submit", "code="+mail[0].Code).Want(t, 200, "account of ")
	u, err := s.store.Users().ByIdentifier(t.Context(), "guest@example.com")
	check(t, err)
	if !u.EmailVerified || u.Username != "guest" {
		t.Errorf("account is %+v", u)
	}
	s.browser().Get("/signup?invitation="+token).Want(t, http.StatusGone, "error-title") // it was used
}

// TestAnOfficeIsInvitedOnOneDay: any number of invited people sign up from one address,
// and what strangers spent of its budgets keeps none of them out; one invitation does not
// send without end.
func TestAnOfficeIsInvitedOnOneDay(t *testing.T) {
	tight := storage.Backoff{Free: 1, Base: time.Minute, Max: time.Hour, Window: time.Hour}
	s := newSite(t, siteOptions{
		accounts: func(c *account.Config) { c.SignUp.Mode = account.SignUpInvitation },
		limits: func(l *limits.Bounds) {
			l.SignUp.Address, l.Resend.Address, l.Messages.Address, l.Messages.AnonymousPerHour = tight, tight, tight, 1
			l.SignUp.Account = storage.Backoff{Free: 3, Base: time.Minute, Max: time.Hour, Window: time.Hour}
		},
	})
	now := s.clock.Now()
	invite := func(i int) string {
		token := fmt.Sprintf("an-invitation-of-more-than-128-bits-of-secret-%c", 'a'+i)
		check(t, s.store.Invitations().Create(t.Context(), &storage.Invitation{
			ID: s.parts.ID(), TokenHash: s.parts.Hasher.Sum("invitation", token), Email: fmt.Sprintf("guest%d@example.com", i),
			CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}, s.event(storage.EventInvitationCreated)))
		return "/signup?invitation=" + token
	}
	for i := range 25 {
		b := s.browser()
		b.Get(invite(i))
		b.Submit("signup-submit", "password="+goodPassword).Want(t, http.StatusOK, "verify-submit")
	}
	b := s.browser()
	b.Get(invite(25))
	sent := 0
	for page := b.Submit("signup-submit", "password="+goodPassword); page.Status == http.StatusOK && sent < 20; sent++ {
		s.clock.Advance(6 * time.Second) // no double click
		page = b.Submit("verify-resend")
	}
	if sent != 4 {
		t.Errorf("one invitation sent %d messages, want 4", sent)
	}
}

func TestSignUpIsOff(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.SignUp.Mode = account.SignUpOff }})
	s.browser().Get("/signup").Want(t, http.StatusForbidden, "error-title")
	b := s.browser()
	if page := b.start(""); page.Has("signup-link") {
		t.Error("the sign-in page offers what is off")
	}
}

func TestSignUpByNameAlone(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.SignUp.Email = account.PresenceOptional }})
	b := s.browser()
	b.start("")
	b.Get(strings.Replace(b.Page.URL.RequestURI(), "/login?", "/signup?", 1)).Want(t, 200, "signup-submit")
	if page := b.Submit("signup-submit", "email=", "password="+goodPassword); page.Text("username-error") == "" {
		t.Fatalf("an account without any name:\n%s", page.Body)
	}
	b.Submit("signup-submit", "email=", "username=newbie", "password="+goodPassword).Want(t, 200, "code for ")
	other := s.browser()
	other.Get("/signup")
	if page := other.Submit("signup-submit", "email=", "username=Newbie", "password="+goodPassword); page.Text("username-error") == "" {
		t.Errorf("a name that is taken says nothing:\n%s", page.Body)
	}
	if len(s.inbox()) != 0 {
		t.Error("a message was sent")
	}
}
