package login

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// strict lets so many attempts through at once, and then makes whoever goes on wait.
func strict(free int) storage.Backoff {
	return storage.Backoff{Free: free, Base: time.Hour, Max: time.Hour, Window: 2 * time.Hour}
}

// TestTH3_ADeviceThatSomebodyElseKnowsIsNoBudget: the cookie of a device proves whom it
// knows. One in which the attacker signed in, or that is made up, gives no fresh budget
// at anybody else's account.
func TestTH3_ADeviceThatSomebodyElseKnowsIsNoBudget(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.SignInAccount = strict(2) }})
	s.person("ada@example.com")
	s.person("mallory@example.com")
	mallory := s.browser()
	mallory.Get("/login")
	mallory.signIn("mallory@example.com", goodPassword).Want(t, 200, "account of")
	device := ""
	for _, c := range mallory.Cookies() {
		if strings.HasSuffix(c.Name, web.CookieDevice) {
			device = c.Value
		}
	}
	if device == "" {
		t.Fatal("no cookie of a known device")
	}
	for range 4 {
		s.browser().attempt("ada@example.com", "", "wrong") // Ada's budget is used up
	}
	id, sum, _ := strings.Cut(device, "~")
	for name, cookie := range map[string]string{
		"the attacker's own": device, "another device's id": strings.Repeat("x", len(id)) + "~" + sum, "a made up hash": id + "~p1." + strings.Repeat("y", 43),
	} {
		if page := s.browser().attempt("ada@example.com", cookie, "wrong"); page.Status != http.StatusTooManyRequests {
			t.Errorf("%s: %d", name, page.Status)
		}
	}
	if page := s.browser().attempt("mallory@example.com", device, "wrong"); page.Status != 200 {
		t.Errorf("the attacker's device at their own account: %d", page.Status)
	}
}

// attempt tries a password with the cookie of a device.
func (b *browser) attempt(username, device, password string) *testbrowser.Page {
	b.s.t.Helper()
	b.Get("/login")
	if device != "" {
		b.Jar().SetCookies(b.s.url, []*http.Cookie{{Name: "latchkey-" + web.CookieDevice, Value: device, Path: "/"}})
	}
	return b.Submit("login-submit", "username="+username, "password="+password)
}

// TestTH1_SignInIsLimitedByAddress: one address that tries one password at many
// accounts (password spraying) waits, whoever it names.
func TestTH1_SignInIsLimitedByAddress(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.SignInAddress = strict(5) }})
	s.person("ada@example.com")
	refused := 0
	for _, name := range []string{"a", "b", "c", "ada@example.com", "d", "e", "f", "g", "h"} {
		if s.browser().attempt(name, "", "a password for all").Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 9 were refused, want all beyond 6", refused)
	}
}

// TestTH1_TwoNamesAreOnePerson: whoever has a username beside an address is guessed at
// no more often by both.
func TestTH1_TwoNamesAreOnePerson(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.SignInAccount = strict(3) }})
	s.person("ada@example.com", func(u *storage.User) { u.Username = "ada" })
	refused := 0
	for _, name := range []string{"ada", "ada@example.com", "ADA", "Ada@Example.com", "ada", "ada@example.com"} {
		if s.browser().attempt(name, "", "wrong").Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d of 6 were refused, want all beyond 4", refused)
	}
}

// TestEN2_RefusalsCostTheSame: a refusal writes as many events for a name that nobody
// has as for a person's, so that its time does not tell them apart.
func TestEN2_RefusalsCostTheSame(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.SignInPair = strict(1) }})
	s.person("ada@example.com")
	events := func() int {
		found, err := s.store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventThrottled, Limit: 100})
		check(t, err)
		return len(found)
	}
	written := map[string]int{}
	for _, name := range []string{"nobody@example.com", "nobody2@example.com", "ada@example.com"} {
		before := events()
		for range 8 {
			s.browser().attempt(name, "", "wrong")
		}
		written[name] = events() - before
	}
	for name, n := range written {
		if n != 1 {
			t.Errorf("refusing %s wrote %d events, want 1 each", name, n)
		}
	}
}

// TestLK1_StrangersKeepNobodyFromAReset: whoever knows an address asks for resets of it
// without end. Its owner has one from a device that is theirs, and everybody has one
// soon; the wait is the bucket's, and no stranger can push it.
func TestLK1_StrangersKeepNobodyFromAReset(t *testing.T) {
	few := storage.Backoff{Free: 3, Base: time.Minute, Max: time.Hour, Window: 6 * time.Hour}
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		l.Reset.Account, l.Messages.Destination = few, few
	}})
	s.person("ada@example.com")
	ada := s.browser()
	ada.Get("/login")
	ada.signIn("ada@example.com", goodPassword).Want(t, 200, "account of")
	ask := func(b *browser, address string) *testbrowser.Page {
		b.Get("/forgot-password")
		return b.Submit("forgot-submit", "email="+address)
	}
	for _, address := range []string{"ada@example.com", "ADA@example.com", "ada+spam@example.com"} {
		for range 20 {
			ask(s.browser(), address)
		}
	}
	refused := ask(s.browser(), "ada@example.com")
	if refused.Status != http.StatusTooManyRequests {
		t.Fatalf("a stranger's reset: %d", refused.Status)
	}
	if sent := len(s.inbox()); sent > 9 {
		t.Errorf("%d messages reached one mailbox", sent)
	}
	if page := ask(ada, "ada@example.com"); page.Status != 200 {
		t.Errorf("from the owner's own device: %d", page.Status)
	}
	s.clock.Advance(21 * time.Minute)
	if page := ask(s.browser(), "ada@example.com"); page.Status != 200 {
		t.Errorf("twenty minutes later: %d", page.Status)
	}
}

// TestTH1_AllThatStrangersAskForTogetherIsBounded: a breaker on mail to anybody at all,
// which spends nothing of what people get who are signed in, and refills.
func TestTH1_AllThatStrangersAskForTogetherIsBounded(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.Messages.AnonymousPerHour = 5 }})
	refused := 0
	for i := range 10 {
		b := s.browser()
		b.Get("/forgot-password")
		if b.Submit("forgot-submit", "email="+strings.Repeat("x", i+1)+"@example.com").Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 4 {
		t.Errorf("%d of 10 were refused, want all beyond 6", refused)
	}
	l := s.parts.Limiter(func(l *limits.Bounds) { l.Messages.AnonymousPerHour = 5 })
	b := s.browser()
	b.Get("/forgot-password")
	r := httptest.NewRequest(http.MethodPost, "/account/email", nil)
	if err := l.MemberMessage(r, "ada", "ada@example.com"); err != nil {
		t.Errorf("a message that somebody asks for who is signed in: %v", err)
	}
	s.clock.Advance(time.Hour)
	b.Get("/forgot-password")
	b.Submit("forgot-submit", "email=later@example.com").Want(t, 200, "")
}

// TestLK1_StrangersSpendNothingOfWhoIsSignedIn: nor of what somebody has sent to an
// address of their own.
func TestLK1_StrangersSpendNothingOfWhoIsSignedIn(t *testing.T) {
	s := newSite(t, siteOptions{})
	l := s.parts.Limiter(func(l *limits.Bounds) { l.Messages.Destination = strict(2) })
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	var refused error
	for range 5 {
		refused = l.AnonymousMessage(r, "ada@example.com")
	}
	if refused == nil {
		t.Fatal("strangers are never refused")
	}
	if err := l.MemberMessage(r, "ada", "ada@example.com"); err != nil {
		t.Errorf("a message to whoever is signed in: %v", err)
	}
}
