package settings

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

func TestAFirstAddressIsProvenToo(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("", func(u *storage.User) { u.Username, u.EmailVerified = "ada", false })
	b := s.signedIn("ada")
	b.Get(ui.PathEmail)
	b.Submit("email-submit", "email=ada@example.com")
	mail := s.Inbox()
	if len(mail) != 1 {
		t.Fatalf("messages are %+v", mail)
	}
	b.Submit("verify-submit", "code="+mail[0].Code).Want(t, http.StatusOK, `id="notice"`)
	if got := s.user(ada.ID); got.Email != "ada@example.com" || !got.EmailVerified {
		t.Errorf("the address is %q", got.Email)
	}
	s.told() // there is no old address to tell
}

func TestRE3_ANewAddressPendsUntilProven(t *testing.T) {
	for _, how := range []string{"link", "code"} {
		t.Run(how, func(t *testing.T) {
			s := newSite(t, options{})
			ada := s.Person("ada@example.com")
			b := s.signedIn("ada@example.com")
			b.Get(ui.PathEmail)
			b.Submit("email-submit", "email=new@example.com").Want(t, http.StatusOK, "new@example.com")
			if got := s.user(ada.ID); got.Email != "ada@example.com" || !got.EmailVerified {
				t.Fatalf("the address changed before it was proven: %+v", got)
			}
			mail := s.Inbox()
			slices.SortFunc(mail, func(a, b message.Mail) int { return strings.Compare(b.To, a.To) })
			if len(mail) != 2 || mail[0].To != "new@example.com" || strings.Contains(b.Page.Body, mail[0].Code) {
				t.Fatalf("messages are %+v", mail)
			}
			if mail[1].To != "ada@example.com" || !strings.Contains(mail[1].Text, "/stop-email-change?") || mail[1].Code != "" {
				t.Fatalf("the current address is told %+v", mail[1])
			}
			if how == "code" {
				if page := b.Submit("verify-submit", "code=00000000"); page.Text("code-error") == "" {
					t.Error("a wrong code says nothing")
				}
				b.Submit("verify-submit", "code="+mail[0].Code).Want(t, http.StatusOK, `id="notice"`)
			} else {
				// The mailbox alone moves nobody's account: requirement FE4.
				link := strings.TrimPrefix(linkIn(mail[0].Text), s.URL.String())
				s.Person("mallory@example.com")
				for _, other := range []*logintest.Browser{s.Browser(), s.signedIn("mallory@example.com")} {
					other.Get(link).Want(t, http.StatusForbidden, `id="message"`)
				}
				b.Get(link)
				b.Submit("verify-submit").Want(t, http.StatusOK, "new@example.com")
			}
			if got := s.user(ada.ID); got.Email != "new@example.com" || !got.EmailVerified {
				t.Errorf("the address is %+v", got)
			}
			told := s.Inbox()
			if len(told) != 1 || told[0].To != "ada@example.com" || !strings.Contains(told[0].Text, "/undo-email?") {
				t.Errorf("the old address is told %+v", told)
			}
			if page := b.Get(ui.PathEmail); page.Has("verify-submit") {
				t.Error("the address still pends")
			}
			s.happened(ada.ID, storage.EventEmailChangeAsked, 1)
			s.happened(ada.ID, storage.EventEmailChanged, 1)
			// The owner of the old address can have it back, wherever they are.
			owner := s.Browser()
			owner.Get(strings.TrimPrefix(linkIn(told[0].Text), s.URL.String()))
			owner.Submit("verify-submit").Want(t, http.StatusOK, `id="message"`)
			if got := s.user(ada.ID); got.Email != "ada@example.com" || !got.EmailVerified {
				t.Errorf("after undoing the address is %+v", got)
			}
			s.happened(ada.ID, storage.EventEmailChangeUndone, 1)
		})
	}
}

// TestRE3_ThePageStopsAChangeThatWaits: a scanner that opens the link stops nothing;
// the button does, and signs out whoever asked.
func TestRE3_ThePageStopsAChangeThatWaits(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	b.Get(ui.PathEmail)
	b.Submit("email-submit", "email=mallory@example.com")
	mail := s.Inbox()
	confirm, stop := "", ""
	for _, m := range mail {
		link := strings.TrimPrefix(linkIn(m.Text), s.URL.String())
		if m.To == "ada@example.com" {
			stop = link
		} else {
			confirm = link
		}
	}
	owner := s.Browser()
	owner.Get(stop).Want(t, http.StatusOK, "ada@example.com")
	b.Get(confirm).Want(t, http.StatusOK, `id="verify-submit"`)
	owner.Submit("verify-submit").Want(t, http.StatusOK, `id="message"`)
	b.Get(confirm).Want(t, http.StatusForbidden, `id="message"`) // its session has ended
	for _, m := range s.Inbox() {
		owner.Get(strings.TrimPrefix(linkIn(m.Text), s.URL.String())).Want(t, http.StatusOK, "reset-submit")
		owner.Submit("reset-submit", "new_password="+logintest.GoodPassword)
	}
	later := s.signedIn("ada@example.com") // that the change waited for under another password
	if page := later.Get(confirm); page.Has("verify-submit") {
		later.Submit("verify-submit").Want(t, http.StatusGone, `id="error-title"`)
	}
	if page := owner.Get(stop); page.Status != http.StatusGone {
		t.Errorf("a link that was spent answers %d", page.Status)
	}
	if got := s.user(ada.ID); got.Email != "ada@example.com" {
		t.Errorf("the address is %s", got.Email)
	}
	s.happened(ada.ID, storage.EventEmailChangeUndone, 1)
}

func linkIn(text string) string {
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "http") {
			return word
		}
	}
	return ""
}

func TestEN1_AnAddressThatIsTakenAnswersAlike(t *testing.T) {
	s := newSite(t, options{})
	s.Person("bob@example.com")
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	var answers []string
	for _, email := range []string{"free@example.com", "bob@example.com"} {
		b.Get(ui.PathEmail)
		page := b.Submit("email-submit", "email="+email)
		page.Want(t, http.StatusOK, email)
		body := strings.ReplaceAll(page.Body, page.Value("once"), "ONCE")
		answers = append(answers, strings.ReplaceAll(strings.ReplaceAll(body, email, "ADDRESS"), nonce(page.Header), "NONCE"))
	}
	if answers[0] != answers[1] {
		t.Errorf("a free address and a taken one answer differently:\n%s\n%s", answers[0], answers[1])
	}
	if got := s.user(ada.ID).Email; got != "ada@example.com" {
		t.Errorf("the address is %s", got)
	}
}

func nonce(h http.Header) string {
	_, rest, _ := strings.Cut(h.Get("Content-Security-Policy"), "'nonce-")
	nonce, _, _ := strings.Cut(rest, "'")
	return nonce
}

func TestTH1_MessagesAreFew(t *testing.T) {
	few := storage.Backoff{Free: 2, Base: time.Hour, Max: time.Hour, Window: 6 * time.Hour}
	for name, limit := range map[string]func(*limits.Bounds){
		"account":     func(l *limits.Bounds) { l.Messages.Account = few },
		"destination": func(l *limits.Bounds) { l.Messages.Destination = few },
		"address":     func(l *limits.Bounds) { l.Messages.Address = few },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, options{limits: limit})
			ada := s.Person("ada@example.com")
			b := s.signedIn("ada@example.com")
			refused := 0
			for range 5 {
				b.Get(ui.PathEmail)
				s.Clock.Advance(10 * time.Second) // it is no double click
				if page := b.Submit("email-submit", "email=new@example.com"); page.Status == http.StatusTooManyRequests {
					refused++
					if page.Header.Get("Retry-After") == "" {
						t.Error("a refusal does not say for how long")
					}
				}
			}
			sent := map[string]int{}
			for _, m := range s.Inbox() {
				sent[m.To]++
			}
			// Each request that is not refused is told to the current address, too.
			if sent["new@example.com"] != 3 || sent["ada@example.com"] != 3 || len(sent) != 2 || refused != 2 {
				t.Errorf("%v messages went out and %d were refused, want 3 each and 2", sent, refused)
			}
			s.happened(ada.ID, storage.EventThrottled, 1) // refusals in one minute are one event
		})
	}
}

func TestAnUnconfirmedAddressIsConfirmedFromThePage(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com", func(u *storage.User) { u.EmailVerified = false })
	b := s.signedIn("ada@example.com")
	b.Get(ui.PathEmail)
	b.Submit("verify-resend").Want(t, http.StatusOK, "verify-submit")
	mail := s.Inbox()
	if len(mail) != 1 || mail[0].To != "ada@example.com" {
		t.Fatalf("messages are %+v", mail)
	}
	page := b.Submit("verify-submit", "code="+mail[0].Code)
	if page.URL.Path != ui.PathEmail || !s.user(ada.ID).EmailVerified {
		t.Errorf("at %s, verified: %v", page.URL, s.user(ada.ID).EmailVerified)
	}
}
