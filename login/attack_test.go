package login

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// signUp asks for an account on the sign-up page that an interaction leads to.
func (b *browser) signUp(email, password string, fields ...string) *testbrowser.Page {
	b.s.t.Helper()
	b.Get("/signup")
	return b.Submit("signup-submit", append([]string{"email=" + email, "password=" + password}, fields...)...)
}

// sent is the newest message to an address.
func (s *site) sent(to string) message.Mail {
	s.t.Helper()
	var found message.Mail
	for _, m := range s.inbox() {
		if m.To == to {
			found = m
		}
	}
	if found.To == "" {
		s.t.Fatalf("nothing was sent to %s", to)
	}
	return found
}

// TestOT1_CodeMakesTheAccountOfItsPage is about somebody who asks for an account
// with the address of another, who is doing the same: the code of the message
// that came last must not make the account that the stranger described.
func TestOT1_CodeMakesTheAccountOfItsPage(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada, mallory := s.browser(), s.browser()
	ada.signUp("ada@example.com", goodPassword)
	s.clock.Advance(time.Second)
	mallory.signUp("ada@example.com", "the password that mallory chose")
	ada.Submit("verify-submit", "code="+s.sent("ada@example.com").Code).Want(t, 200, "account of")

	other := s.browser()
	other.Get("/login")
	if page := other.signIn("ada@example.com", "the password that mallory chose"); page.Text("password-error") == "" {
		t.Errorf("mallory's password signs in to ada's account:\n%s", page.Body)
	}
	other.signIn("ada@example.com", goodPassword).Want(t, 200, "account of")
}

// TestRE1_ResetLinkIsForTheAddressItWentTo: whoever reads the old mailbox must
// not set a password after the owner has left it.
func TestRE1_ResetLinkIsForTheAddressItWentTo(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@old.example")
	b := s.browser()
	b.Get("/forgot-password")
	b.Submit("forgot-submit", "email=ada@old.example")
	link := linkIn(t, s.sent("ada@old.example").Text)
	change := storage.EmailChange{UserID: ada.ID, From: "ada@old.example", To: "ada@new.example", Verified: true, Now: s.clock.Now()}
	check(t, s.store.Users().ChangeEmail(t.Context(), change, s.event(storage.EventEmailChanged)))
	b.Get(link).Want(t, 410, "error-title")
}

// TestDS3_PendingSignInsAreCapped: the sign-in page of the account's own keeps
// an entry each time that it is opened, and so is counted as clients' are.
func TestDS3_PendingSignInsAreCapped(t *testing.T) {
	s := newSite(t, siteOptions{pending: 3})
	b := s.browser()
	for _, path := range []string{"/login", "/signup", "/account"} {
		b.Get(path).Want(t, 200, "-submit")
	}
	page := b.Page.URL.RequestURI()
	for _, path := range []string{"/login", "/signup", "/account"} {
		if refused := b.Get(path); refused.Status != 429 || refused.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d", path, refused.Status)
		}
	}
	b.Get(page).Want(t, 200, "login-submit") // what was started goes on
}

// TestDS3_FloodIsOneEvent: requests that a limit refuses must not fill the disk.
func TestDS3_FloodIsOneEvent(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		l.SignInPair = storage.Backoff{Free: 1, Base: time.Hour, Max: time.Hour, Window: time.Hour}
	}})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.Get("/login")
	action, form := b.Page.Form("login-submit")
	form.Set("username", "ada@example.com")
	throttled := func() int {
		events, err := s.store.Events().List(t.Context(), storage.EventFilter{UserID: ada.ID, Type: storage.EventThrottled, Limit: 100})
		check(t, err)
		return len(events)
	}
	for range 20 {
		b.Post(action, form)
	}
	if b.Page.Status != 429 || throttled() != 1 {
		t.Errorf("%d, and %d events of one flood", b.Page.Status, throttled())
	}
	s.clock.Advance(2 * time.Minute)
	b.Post(action, form)
	if b.Page.Status != 429 || throttled() != 2 {
		t.Errorf("%d, and %d events after two minutes", b.Page.Status, throttled())
	}
}

// TestRE4_UndoKeepsTheIntruderOut: whoever took an address over knows the
// password, and must not be back before its owner has set a new one.
func TestRE4_UndoKeepsTheIntruderOut(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@old.example")
	taken := storage.EmailChange{UserID: ada.ID, From: "ada@old.example", To: "mallory@example.com", Verified: true, Now: s.clock.Now()}
	told, err := s.parts.Intents.New(message.Asked{}, message.EmailChanged{UserID: ada.ID, From: taken.From, To: taken.To})
	check(t, err)
	check(t, s.store.Users().ChangeEmail(t.Context(), taken, s.event(storage.EventEmailChanged), told))
	b := s.browser()
	b.Get(linkIn(t, s.sent("ada@old.example").Text))
	b.Submit("verify-submit").Want(t, 200, "Your old email address is back")

	mallory := s.browser()
	mallory.Get("/login")
	for _, name := range []string{"ada@old.example", "mallory@example.com"} {
		if page := mallory.signIn(name, goodPassword); page.Text("password-error") == "" {
			t.Errorf("the old password still signs in as %s", name)
		}
	}
	b.Get(linkIn(t, s.sent("ada@old.example").Text)).Want(t, 200, "reset-submit")
	b.Submit("reset-submit", "new_password=a wholly new pass phrase").Want(t, 200, "")
	b.Get("/login")
	b.signIn("ada@old.example", "a wholly new pass phrase").Want(t, 200, "account of")
}

// TestL2_NoPageBringsAnInteractionBack: the provider takes the interaction as it
// issues the code; a page that read it before must not make it worth another.
func TestL2_NoPageBringsAnInteractionBack(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.Consent = client.ConsentAlways }})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "consent-allow")
	name := b.Page.URL.Query().Get(interaction.Param)
	in, err := b.interaction(name)
	check(t, err)
	check(t, s.parts.Interactions(1).Take(t.Context(), in))
	err = s.pages.answer(t.Context(), in, in.Answers.By, func(a *interaction.Answers) { a.DeletionSeen = true })
	if !errors.Is(err, errInteractionGone) {
		t.Errorf("saving what was taken: %v", err)
	}
	if _, err := b.interaction(name); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("it is back: %v", err)
	}
}

// interaction reads an interaction of the browser.
func (b *browser) interaction(id string) (*interaction.Interaction, error) {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, b.s.url.String(), nil)
	check(b.s.t, err)
	for _, c := range b.Client.Jar.Cookies(b.s.url) {
		r.AddCookie(c)
	}
	return b.s.pages.cfg.Interactions.Load(r, id)
}
