package test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/pquerna/otp/totp"
)

// The ways in which an intruder with a stolen session tries to become the owner. Each
// answers whether something was changed.
var takeovers = map[string]func(s *story, b *testbrowser.Browser) bool{
	"an authenticator of their own": func(s *story, b *testbrowser.Browser) bool {
		b.Get("/account/security/add?kind=totp")
		secret := strings.ReplaceAll(b.Page.Text("totp-secret"), " ", "")
		code, err := totp.GenerateCode(secret, time.Now())
		return err == nil && b.Submit("enroll-submit", "code="+code, "name=mallory's").Has("recovery-continue")
	},
	"a password of their own": func(s *story, b *testbrowser.Browser) bool {
		b.Get("/account/password")
		return b.Submit("password-submit", "new_password="+mallorysPassword).Has("notice")
	},
	"an address of their own": func(s *story, b *testbrowser.Browser) bool { return s.moves(b, "mallory@evil.example") },
	"two addresses of their own": func(s *story, b *testbrowser.Browser) bool {
		return s.moves(b, "mallory@evil.example") && s.moves(b, "mallory2@evil.example")
	},
	"a username of their own": func(s *story, b *testbrowser.Browser) bool {
		b.Get("/account/profile")
		return b.Submit("profile-submit", "username=mallory").Has("notice")
	},
	"an authenticator, then an address": func(s *story, b *testbrowser.Browser) bool {
		b.Get("/account/security/add?kind=totp")
		secret := strings.ReplaceAll(b.Page.Text("totp-secret"), " ", "")
		code, err := totp.GenerateCode(secret, time.Now())
		return err == nil && b.Submit("enroll-submit", "code="+code, "name=mallory's").Has("recovery-continue") &&
			b.Submit("recovery-continue").Status == http.StatusOK && s.moves(b, "mallory@evil.example")
	},
	"the deletion of the account": func(s *story, b *testbrowser.Browser) bool {
		b.Get("/account/delete")
		return strings.Contains(b.Submit("delete-submit", "confirm="+s.owner).Body, "will be deleted")
	},
}

const mallorysPassword = "the pass phrase of mallory"

// moves changes the address by the session of the browser, and opens the link there.
func (s *story) moves(b *testbrowser.Browser, to string) bool {
	b.Get("/account/email")
	b.Submit("email-submit", "email="+to)
	b.Get(s.awaited(to, message.PathConfirmEmail, 1)[0])
	return strings.Contains(b.Submit("verify-submit").Body, "has been changed")
}

// TestFE2_AnIntrudersStory: whoever holds a stolen session tries each way to become the
// owner, and for as long as it works holds all that it gave them. The owner uses what
// messages and pages offer, and nothing else: the account is theirs again, alone.
func TestFE2_AnIntrudersStory(t *testing.T) {
	t.Parallel()
	for name, takeover := range takeovers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, "")
			owner := s.Browser(t)
			signIn(owner, s.owner, ownersPassword).Want(t, http.StatusOK, `id="signout-link"`)
			intruder := s.stolen(owner)
			if !takeover(s, intruder) {
				t.Fatalf("it does not work, and shows nothing:\n%s", intruder.Page.Body)
			}
			theirs := []*testbrowser.Browser{intruder, s.Browser(t)}
			signIn(theirs[1], s.owner, mallorysPassword) // where there is such a password

			s.recover(owner)
			for i, b := range theirs {
				if s.isIn(b) {
					t.Errorf("browser %d of the intruder's is signed in", i)
				}
			}
			for _, name := range []string{s.owner, "mallory@evil.example", "mallory2@evil.example", "mallory"} {
				for _, password := range []string{ownersPassword, mallorysPassword} {
					if page := signIn(s.Browser(t), name, password); page.Text("password-error") == "" {
						t.Errorf("%s signs in with %q: %s", name, password, page.URL)
					}
				}
			}
			for _, to := range []string{"mallory@evil.example", "mallory2@evil.example"} {
				for _, path := range []string{message.PathUndoEmail, message.PathDisown, message.PathStopEmail, message.PathResetPassword, message.PathConfirmEmail} {
					for _, link := range s.links(to, path) {
						if page := press(s.stolen(owner), link); page.Status < http.StatusBadRequest {
							t.Errorf("a link of the intruder's to %s works: %d on %s", path, page.Status, page.URL)
						}
					}
				}
			}
			if page := owner.Get("/account/email"); !strings.Contains(page.Body, s.owner) {
				t.Errorf("the address of the account:\n%s", page.Body)
			}
		})
	}
}

// TestTH3_AnOutsidersStory: with any number of addresses, names, tags and networks, and
// no password, an outsider asks for whatever anybody may ask for. On a device that is
// theirs the owner signs in, resets the password and gets codes all the same, under the
// limits that a new installation has.
func TestTH3_AnOutsidersStory(t *testing.T) {
	t.Parallel()
	s := newStory(t, "trusted_proxies: [127.0.0.1/32]\nsign_up: {mode: open}\n")
	owner := s.from("198.51.100.7")
	signIn(owner, s.owner, ownersPassword).Want(t, http.StatusOK, `id="signout-link"`)

	names := []string{s.owner, "ADA@example.com", "ada+1@example.com", "ada+2@EXAMPLE.com"}
	refused := map[string]int{}
	for i := range 120 {
		stranger := s.from(fmt.Sprintf("203.0.113.%d", i%40))
		if i%3 == 0 {
			stranger = s.from(fmt.Sprintf("2001:db8:%x:%x::1", i%4, i))
		}
		name := names[i%len(names)]
		for what, ask := range map[string]func() *testbrowser.Page{
			"sign-in": func() *testbrowser.Page { return signIn(stranger, name, "a guess at the password") },
			"reset": func() *testbrowser.Page {
				stranger.Get("/forgot-password")
				return stranger.Submit("forgot-submit", "email="+name)
			},
			"sign-up": func() *testbrowser.Page {
				stranger.Get("/signup")
				return stranger.Submit("signup-submit", "email="+name, "password=a long enough new password")
			},
			"image": func() *testbrowser.Page {
				b := s.from("198.51.100.7") // the owner's own network: any page on the web does that
				b.Header.Set("Sec-Fetch-Dest", "image")
				b.Header.Set("Sec-Fetch-Mode", "no-cors")
				b.Header.Set("Sec-Fetch-Site", "cross-site")
				return b.Get("/login")
			},
		} {
			if page := ask(); page.Status == http.StatusTooManyRequests || page.Status == http.StatusBadRequest {
				refused[what]++
			}
		}
	}
	for _, what := range []string{"sign-in", "reset", "sign-up", "image"} {
		if refused[what] == 0 {
			t.Errorf("the outsider was never refused a %s: %v", what, refused)
		}
	}
	bombs := len(s.links(s.owner, message.PathResetPassword)) + len(s.links(s.owner, message.PathForgotPassword))
	if bombs > 40 {
		t.Errorf("%d messages reached the owner", bombs)
	}

	owner.Get("/logout")
	owner.Submit("logout-confirm")
	signIn(owner, s.owner, ownersPassword).Want(t, http.StatusOK, `id="signout-link"`)
	before := s.links(s.owner, message.PathResetPassword)
	owner.Get("/forgot-password")
	owner.Submit("forgot-submit", "email="+s.owner).Want(t, http.StatusOK, "")
	reset := s.awaited(s.owner, message.PathResetPassword, len(before)+1)
	fresh := slices.DeleteFunc(reset, func(link string) bool { return slices.Contains(before, link) })
	owner.Get(fresh[0]).Want(t, http.StatusOK, "reset-submit")
	owner.Submit("reset-submit", "new_password="+newPassword).Want(t, http.StatusOK, "")
	signIn(owner, s.owner, newPassword).Want(t, http.StatusOK, `id="signout-link"`)
	// Somebody else in the owner's network, on a device that nobody knows.
	signIn(s.from("198.51.100.7"), "demo", "a guess at the password").Want(t, http.StatusOK, "login-submit")
}

// TestTH3_AnOutsiderKeepsNobodyFromAFactorCode: strangers with any number of addresses,
// spellings and networks ask for whatever anybody may, until they are refused. On a
// device that is theirs the owner gets a code by email and by text message all the same,
// under the limits that a new installation has, and the code of an app passes.
func TestTH3_AnOutsiderKeepsNobodyFromAFactorCode(t *testing.T) {
	t.Parallel()
	s := newStory(t, "trusted_proxies: [127.0.0.1/32]\nsign_up: {mode: open}\n"+
		"mfa: {required: always, factors: [totp, email, sms, recovery]}\n")
	const phone = "+4930123456"
	s.importOwner("eve@example.com", phone)
	s.owner = "eve@example.com"
	owner := s.from("198.51.100.7")
	if signIn(owner, s.owner, ownersPassword).Has("factor-submit") {
		s.answerBy(owner, "email", func() string { return s.code(s.owner) })
	}
	owner.Get("/account/security/add?kind=totp")
	secret := strings.ReplaceAll(owner.Page.Text("totp-secret"), " ", "")
	code := func(step time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(step))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	owner.Submit("enroll-submit", "code="+code(0), "name=owner's").Want(t, http.StatusOK, "recovery-continue")
	signOut(owner)

	names := []string{s.owner, "EVE@example.com", "eve+1@example.com", "eve+2@EXAMPLE.com"}
	refused := 0
	for i := range 120 {
		stranger := s.from(fmt.Sprintf("203.0.113.%d", i%40))
		name := names[i%len(names)]
		stranger.Get("/forgot-password")
		stranger.Submit("forgot-submit", "email="+name)
		stranger.Get("/signup")
		stranger.Submit("signup-submit", "email="+name, "password=a long enough new password")
		if page := signIn(stranger, name, "a guess at the password"); page.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("the strangers were never refused")
	}

	for kind, code := range map[string]func() string{
		"email": func() string { return s.code(s.owner) },
		"sms":   func() string { return s.code(phone) },
		"totp":  func() string { return code(30 * time.Second) }, // each step once
	} {
		signIn(owner, s.owner, ownersPassword).Want(t, http.StatusOK, "factor-submit")
		s.answerBy(owner, kind, code)
		signOut(owner)
	}
}
