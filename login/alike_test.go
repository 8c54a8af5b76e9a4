package login

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// importedHash is Django's, of "imported from elsewhere".
const importedHash = "pbkdf2_sha256$1000$saltsaltsalt$PXtTzlcCFnWwG2Q3aFWZCqRhoVZlVKuHzZFqTnrUq0E="

// accounts are those of which nothing may be told, by kind. Their names are
// equally long.
func (s *site) accounts() map[string]string {
	s.t.Helper()
	s.person("aaa@example.com")
	s.person("bbb@example.com", func(u *storage.User) { u.DisabledAt = s.clock.Now() })
	s.person("ccc@example.com", func(u *storage.User) { u.EmailVerified = false })
	s.person("ddd@example.com", func(u *storage.User) { u.PasswordHash = "" })
	s.person("eee@example.com", func(u *storage.User) { u.PasswordHash = importedHash })
	s.person("fff@example.com", func(u *storage.User) { u.DeleteAt = s.clock.Now().Add(time.Hour) })
	locked := s.person("ggg@example.com")
	for range 50 {
		_, err := s.store.Lockouts().Attempt(s.t.Context(), locked.ID, storage.FactorTOTP, s.clock.Now(), storage.Backoff{Free: 100}, 10)
		if err != nil {
			break // disabled for good
		}
	}
	return map[string]string{
		"known": "aaa@example.com", "disabled": "bbb@example.com", "unverified": "ccc@example.com", "password-less": "ddd@example.com",
		"imported": "eee@example.com", "to be deleted": "fff@example.com", "locked out": "ggg@example.com",
		"unknown": "zzz@example.com",
	}
}

var (
	changing = []*regexp.Regexp{
		regexp.MustCompile(`interaction=[A-Za-z0-9_-]+`), regexp.MustCompile(`nonce-[A-Za-z0-9_+/=-]+`),
		regexp.MustCompile(`nonce="[^"]+"`), regexp.MustCompile(`(name="(?:csrf|once)" value=)"[^"]*"`),
		regexp.MustCompile(`(id="error-id">)[^<]*`), regexp.MustCompile(`(name="interaction" value=)"[^"]*"`),
	}
	cookieValue = regexp.MustCompile(`^([^=]+)=[^;]*`)
)

// allOf is everything that an answer tells, but for what changes each time.
func allOf(pg *testbrowser.Page, identifier string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", pg.Status)
	var lines []string
	for name, values := range pg.Header {
		for _, value := range values {
			switch name {
			case "Date", "X-Request-Id":
				value = ""
			case "Set-Cookie":
				value = cookieValue.ReplaceAllString(value, "$1=")
			}
			lines = append(lines, name+": "+value)
		}
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "\n") + "\n\n" + pg.Body)
	text := strings.ReplaceAll(b.String(), identifier, "IDENTIFIER")
	text = strings.ReplaceAll(text, strings.ReplaceAll(identifier, "@", "%40"), "IDENTIFIER")
	for _, r := range changing {
		text = r.ReplaceAllString(text, "$1*")
	}
	return text
}

// asks are what a stranger can ask about an account: the answers, one by one.
func asks() map[string]func(b *browser, identifier string) []*testbrowser.Page {
	return map[string]func(b *browser, identifier string) []*testbrowser.Page{
		"sign-in": func(b *browser, who string) []*testbrowser.Page {
			b.start("")
			return b.hops(func() { b.signIn(who, "a guess at the password") })
		},
		"sign-in with an empty password": func(b *browser, who string) []*testbrowser.Page {
			b.start("")
			return b.hops(func() { b.signIn(who, "") })
		},
		"forgotten password": func(b *browser, who string) []*testbrowser.Page {
			b.Get("/forgot-password")
			return b.hops(func() { b.Submit("forgot-submit", "email="+who) })
		},
		"sign-up": func(b *browser, who string) []*testbrowser.Page {
			b.Get("/signup")
			return b.hops(func() { b.Submit("signup-submit", "email="+who, "password="+otherPassword) })
		},
		"sign-up with a short password": func(b *browser, who string) []*testbrowser.Page {
			b.Get("/signup")
			return b.hops(func() { b.Submit("signup-submit", "email="+who, "password=short") })
		},
		"resend of a sign-up": func(b *browser, who string) []*testbrowser.Page {
			b.Get("/signup")
			b.Submit("signup-submit", "email="+who, "password="+otherPassword)
			return b.hops(func() { b.Submit("verify-resend") })
		},
		"wrong code of a sign-up": func(b *browser, who string) []*testbrowser.Page {
			b.Get("/signup")
			b.Submit("signup-submit", "email="+who, "password="+otherPassword)
			return b.hops(func() { b.Submit("verify-submit", "code=11111111") })
		},
		"sign-in until it is refused": func(b *browser, who string) []*testbrowser.Page {
			b.start("")
			form := b.Page
			return b.hops(func() {
				for range 12 {
					b.Page = form
					b.signIn(who, "a guess at the password")
				}
			})
		},
	}
}

// hops are the answers to what is done, each redirect by itself.
func (b *browser) hops(do func()) []*testbrowser.Page {
	var seen []*testbrowser.Page
	b.Seen = func(pg *testbrowser.Page) { seen = append(seen, pg) }
	b.Follow(false)
	do()
	b.Follow(true)
	if to := b.Page.Header.Get("Location"); to != "" {
		b.Get(to)
	}
	b.Seen = nil
	return seen
}

// TestEN1_NothingTellsWhoHasAnAccount compares what strangers are answered, byte
// by byte.
func TestEN1_NothingTellsWhoHasAnAccount(t *testing.T) {
	tight := storage.Backoff{Free: 5, Base: time.Minute, Max: time.Hour, Window: time.Hour}
	for name, ask := range asks() {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{limits: func(l *limits.Bounds) { l.SignInAccount = tight }})
			accounts := s.accounts()
			unknown := ask(s.browser(), accounts["unknown"])
			if len(unknown) == 0 {
				t.Fatal("no answer")
			}
			for kind, who := range accounts {
				if kind == "unknown" {
					continue
				}
				answers := ask(s.browser(), who)
				if len(answers) != len(unknown) {
					t.Fatalf("%s: %d answers, and %d for nobody", kind, len(answers), len(unknown))
				}
				for i := range answers {
					if got, want := allOf(answers[i], who), allOf(unknown[i], accounts["unknown"]); got != want {
						t.Errorf("%s: answer %d is\n%s\nand for nobody\n%s", kind, i, got, want)
					}
				}
			}
		})
	}
}
