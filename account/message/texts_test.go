package message

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func TestLanguage(t *testing.T) {
	german := robin()
	for name, c := range map[string]struct {
		asked, want string
	}{
		"the page's": {"fr", "fr"}, "with a region": {"pt-BR", "pt"}, "as POSIX spells it": {"ja_JP", "ja"},
		"unknown, then the person's": {"tlh", "de"}, "none, then the person's": {"", "de"},
	} {
		h := newHarness(t, german)
		_, mail, err := h.say(t, c.asked, PasswordReset{Identifier: "robin"})
		if err != nil || mail.Locale != c.want {
			t.Errorf("%s: %q, %v; want %q", name, mail.Locale, err, c.want)
		}
	}
	h := newHarness(t)
	_, mail, err := h.say(t, "ar", SignUp{Email: "new@example.com"})
	if err != nil || !strings.Contains(mail.HTML, `dir="rtl"`) || !strings.Contains(mail.Text, "\u2068Example\u2069") {
		t.Errorf("%v\n%s", err, mail.HTML)
	}
}

// Every message is said in every language, in words of its own.
func TestEveryMessageIsSaidInEveryLanguage(t *testing.T) {
	templates, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	if err := templates.try(); err != nil {
		t.Error(err)
	}
	english := templates.texts.Match("en")
	for _, texts := range templates.texts.All() {
		for _, key := range english.Keys() {
			like := english.Get(key, "Brand", "Example", "Count", 2)
			if texts.Tag != "en" && strings.HasPrefix(key, mailPrefix) && len(like) > 20 && texts.Get(key, "Brand", "Example", "Count", 2) == like {
				t.Errorf("%s: %s is English", texts.Tag, key)
			}
		}
	}
}

// TestTimesAreSaidForPeople: how long is left, and when in whose zone.
func TestTimesAreSaidForPeople(t *testing.T) {
	berlin := with2(robin(), func(u *storage.User) { u.Profile.Zoneinfo = "Europe/Berlin" })
	for name, c := range map[string]struct {
		body Body
		want string
	}{
		"link and code": {SignUp{Email: "new@example.com"}, "The link expires in 24 hours, the code in 30 minutes."},
		"link":          {PasswordReset{Identifier: "robin"}, "The link works once and expires in 60 minutes."},
		"code":          {Code{Kind: storage.MessageEmailCode, To: "a@example.com", Code: "112233", ExpiresAt: time.Date(2026, 11, 1, 12, 10, 0, 0, time.UTC)}, "expires in 10 minutes."},
		"days":          {EmailChanged{UserID: berlin.ID, From: "a@example.com", To: "b@example.com"}, "expires in 7 days."},
		"grouped":       {SignUp{Email: "new@example.com"}, "0123 4567"},
		"deletion":      {DeletionPlanned{UserID: berlin.ID, To: berlin.Email, DeleteAt: time.Date(2026, 11, 15, 11, 0, 0, 0, time.UTC)}, "in 14 days"},
		"a notice":      {Notice{Kind: storage.MessagePasswordChanged, UserID: berlin.ID, To: berlin.Email}, "Nov 1, 2026, 1:00 PM CET"},
		"from where":    {PasswordReset{Identifier: "robin"}, "requested from Firefox on Windows, 203.0.113.x"},
	} {
		h := newHarness(t, berlin)
		_, mail, err := h.say(t, "en", c.body)
		if err != nil || !strings.Contains(mail.Text, c.want) {
			t.Errorf("%s: %v, want %q in\n%s", name, err, c.want, mail.Text)
		}
	}
}

// TestCodesAreGroupedInMail: a code stands in two halves, in the text, in HTML and in each
// language, left to right also where the language is not.
func TestCodesAreGroupedInMail(t *testing.T) {
	for _, locale := range []string{"en", "de", "ja", "ar"} {
		for code, want := range map[string]string{"112233": "112 233", "00112233": "0011 2233"} {
			_, mail, err := newHarness(t).say(t, locale, Code{
				Kind: storage.MessageEmailCode, To: "a@example.com", Code: code, ExpiresAt: time.Date(2026, 11, 1, 12, 10, 0, 0, time.UTC),
			})
			if err != nil || !strings.Contains(mail.Text, want) || strings.Contains(mail.Text+mail.HTML, code) {
				t.Errorf("%s: %v, want %q in\n%s", locale, err, want, mail.Text)
			}
			if part := regexp.MustCompile(`<p class="code" dir="ltr"[^>]*>` + want + `</p>`); !part.MatchString(mail.HTML) {
				t.Errorf("%s: want %q in\n%s", locale, want, mail.HTML)
			}
		}
	}
}

// Every kind of notice has its texts, and says when and from where.
func TestEveryKindIsSaid(t *testing.T) {
	for _, kind := range []storage.MessageKind{
		storage.MessagePasswordChanged, storage.MessageFactorAdded, storage.MessageFactorRemoved, storage.MessageFactorsReset,
		storage.MessageFactorLocked, storage.MessageRecoveryUsed, storage.MessageRecoveryReplaced, storage.MessagePasskeyCloned,
		storage.MessageDeleted, storage.MessageLockedDown,
	} {
		h := newHarness(t)
		_, mail, err := h.say(t, "en", Notice{Kind: kind, To: "a@example.com", Factor: storage.FactorTOTP, Remaining: 3})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		for _, part := range []string{"Example", "Nov 1, 2026, 12:00 PM UTC", "Firefox on Windows", "203.0.113.x"} {
			if !strings.Contains(mail.Text, part) || !strings.Contains(mail.HTML, part) {
				t.Errorf("%s does not say %s:\n%s", kind, part, mail.Text)
			}
		}
		if strings.Contains(mail.Text, "203.0.113.77") {
			t.Errorf("%s tells the whole address", kind)
		}
	}
	h := newHarness(t)
	if _, _, err := h.say(t, "en", Notice{Kind: "gossip", To: "a@example.com"}); err == nil {
		t.Error("an unknown notice is said")
	}
}

func TestMailHasNothingRemote(t *testing.T) {
	h := newHarness(t)
	_, mail, err := h.say(t, "en", SignUp{Email: "new@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, remote := range []string{"<img", "<link", "<script", "url(", "@import"} {
		if strings.Contains(mail.HTML, remote) {
			t.Errorf("the mail holds %s", remote)
		}
	}
	if u, err := url.Parse(issuer); err != nil || strings.Count(mail.HTML, "https://") != strings.Count(mail.HTML, "https://"+u.Host) {
		t.Errorf("the mail names other places: %s", mail.HTML)
	}
}

func TestFolderOverrides(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		err   string
	}{
		"nothing":            {nil, ""},
		"all mail":           {map[string]string{"mail.txt": "OURS {{.Title}} {{.Code}} {{.Action.URL}}"}, ""},
		"one kind":           {map[string]string{"sign_up.txt": "OURS {{.Code}} {{.Action.URL}}", "sign_up.html": "<p>{{.Code}}"}, ""},
		"some texts":         {map[string]string{"locales/en.json": `{"mail.sign_up.subject": "OURS"}`}, ""},
		"unknown template":   {map[string]string{"signup.txt": ""}, "no message uses signup.txt"},
		"broken template":    {map[string]string{"mail.html": "{{if}}"}, "parse template"},
		"unknown field":      {map[string]string{"mail.html": "{{.Password}}"}, "Password"},
		"code left out":      {map[string]string{"email_code.txt": "hello"}, "lacks its code"},
		"unknown text":       {map[string]string{"locales/en.json": `{"mail.sign_up.sbject": "x"}`}, `no text is named "mail.sign_up.sbject"`},
		"other placeholders": {map[string]string{"locales/de.json": `{"mail.sign_up.text": "bei {{.Email}}"}`}, "placeholders"},
		"half a language":    {map[string]string{"locales/da.json": `{"mail.sign_up.subject": "Velkommen"}`}, "is missing"},
		"no JSON":            {map[string]string{"locales/en.json": `{`}, "locales/en.json"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "locales"), 0o700); err != nil {
				t.Fatal(err)
			}
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			templates, err := LoadTemplates(dir)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			h := newHarness(t)
			h.cfg.Templates = templates
			_, mail, err := h.say(t, "en", SignUp{Email: "new@example.com"})
			if err != nil || strings.Contains(mail.Subject+mail.Text, "OURS") != (c.files != nil) {
				t.Errorf("%v: %q\n%s", err, mail.Subject, mail.Text)
			}
		})
	}
	if _, err := LoadTemplates(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a folder that is not there is accepted")
	}
}
