package test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"golang.org/x/crypto/bcrypt"
)

// story is a running provider with an owner, and whoever wants what is theirs.
type story struct {
	*testenv.Node
	t     *testing.T
	owner string // the address of the owner
}

const ownersPassword = "correct horse battery staple"

func newStory(t *testing.T, config string) *story {
	t.Helper()
	s := &story{Node: testenv.StartLatchkey(t, testenv.Latchkey{Config: "password: {argon2: {memory_kib: 19456}}\n" + config}), t: t, owner: "ada@example.com"}
	s.CreateUser(s.owner, ownersPassword)
	return s
}

// links are those to a page that were sent to an address, the newest first.
func (s *story) links(to, path string) []string {
	s.t.Helper()
	response, err := s.HTTP().Get(s.Issuer + "/dev/inbox.json?to=" + url.QueryEscape(to))
	if err != nil {
		s.t.Fatalf("read inbox: %v", err)
	}
	defer response.Body.Close()
	var all []struct{ Links []string }
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil && err != io.EOF {
		s.t.Fatalf("read inbox: %v", err)
	}
	var found []string
	for _, m := range all {
		for _, link := range m.Links {
			if u, err := url.Parse(link); err == nil && u.Path == path {
				found = append(found, u.RequestURI())
			}
		}
	}
	return found
}

// awaited are links that are sent soon.
func (s *story) awaited(to, path string, most int) []string {
	s.t.Helper()
	for deadline := time.Now().Add(testenv.Patience); time.Now().Before(deadline); {
		if found := s.links(to, path); len(found) >= most {
			return found
		}
		s.Browser(s.t).Get("/readyz") // a round trip
	}
	s.t.Fatalf("no link to %s for %s", path, to)
	return nil
}

// signIn fills in the sign-in page.
func signIn(b *testbrowser.Browser, name, password string) *testbrowser.Page {
	b.Get("/login")
	return b.Submit("login-submit", "username="+name, "password="+password)
}

func (s *story) isIn(b *testbrowser.Browser) bool { return b.Get("/account").Has("signout-link") }

// stolen is a browser with the cookies of another.
func (s *story) stolen(from *testbrowser.Browser) *testbrowser.Browser {
	s.t.Helper()
	b := s.Browser(s.t)
	u, err := url.Parse(s.Issuer)
	if err != nil {
		s.t.Fatal(err)
	}
	b.Jar().SetCookies(u, from.Cookies())
	return b
}

// press opens a link of a message and presses its button.
func press(b *testbrowser.Browser, link string) *testbrowser.Page {
	page := b.Get(link)
	switch {
	case page.Has("verify-submit"):
		return b.Submit("verify-submit")
	case page.Has("reset-submit"):
		return b.Submit("reset-submit", "new_password=chosen in some mailbox")
	}
	return page
}

const newPassword = "a wholly new pass phrase"

// recover is what the owner does: every link that says "this was not me", the oldest
// last, and whatever the messages lead to.
func (s *story) recover(b *testbrowser.Browser) {
	s.t.Helper()
	pressed := 0
	for _, path := range []string{message.PathDisown, message.PathUndoEmail} {
		for _, link := range s.links(s.owner, path) {
			if page := press(b, link); page.Status == http.StatusOK { // a younger one may be void by now
				page.Want(s.t, http.StatusOK, "signed out")
				pressed++
			}
		}
	}
	if kept := s.links(s.owner, message.PathKeepAccount); pressed == 0 && len(kept) > 0 {
		b.Get(kept[0]).Want(s.t, http.StatusOK, "verify-submit")
		b.Submit("verify-submit").Want(s.t, http.StatusOK, "")
		b.Get("/forgot-password")
		b.Submit("forgot-submit", "email="+s.owner)
		pressed++
	}
	if pressed == 0 {
		s.t.Fatal("no message says how to take it back")
	}
	link := s.awaited(s.owner, message.PathResetPassword, 1)[0]
	for range pressed { // each makes the one before void
		if link = s.awaited(s.owner, message.PathResetPassword, 1)[0]; b.Get(link).Has("reset-submit") {
			break
		}
	}
	b.Get(link).Want(s.t, http.StatusOK, "reset-submit")
	b.Submit("reset-submit", "new_password="+newPassword).Want(s.t, http.StatusOK, "")
	signIn(b, s.owner, newPassword).Want(s.t, http.StatusOK, `id="signout-link"`)
}

// from is a browser in some network, as a proxy says that we trust.
func (s *story) from(network string) *testbrowser.Browser {
	b := s.Browser(s.t)
	b.Header.Set("X-Forwarded-For", network)
	return b
}

// importOwner creates somebody whose number is known to be theirs.
func (s *story) importOwner(email, phone string) {
	s.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(ownersPassword), bcrypt.MinCost)
	if err != nil {
		s.t.Fatal(err)
	}
	line, err := json.Marshal(map[string]any{
		"email": email, "email_verified": true, "phone": phone, "phone_verified": true, "password_hash": string(hash),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Command(string(line)+"\n", "user", "import", "--format", "jsonl", "-", "--apply")
}

// answerBy chooses a factor, answers its page, and is signed in.
func (s *story) answerBy(b *testbrowser.Browser, kind string, code func() string) {
	s.t.Helper()
	if link := b.Page.Link("data-factor", kind); link != "" {
		b.Get(link)
	}
	b.Page.Want(s.t, http.StatusOK, "factor-submit")
	if page := b.Submit("factor-submit", "code="+code()); !s.isIn(b) {
		s.t.Fatalf("not signed in by %s: %d\n%s", kind, page.Status, page.Body)
	}
}

func signOut(b *testbrowser.Browser) {
	b.Get("/logout")
	b.Submit("logout-confirm")
}

// code is the one in the newest message to an address or number that has one.
func (s *story) code(to string) string {
	s.t.Helper()
	response, err := s.HTTP().Get(s.Issuer + "/dev/inbox.json?to=" + url.QueryEscape(to))
	if err != nil {
		s.t.Fatalf("read inbox: %v", err)
	}
	defer response.Body.Close()
	var all []struct {
		Code  string
		Links []string
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		s.t.Fatalf("read inbox: %v", err)
	}
	for _, m := range all {
		if m.Code != "" && len(m.Links) == 0 {
			return m.Code
		}
	}
	s.t.Fatalf("no code was sent to %s", to)
	return ""
}
