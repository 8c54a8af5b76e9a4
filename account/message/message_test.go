package message

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

const issuer = "https://id.example.com:8443"

// people are the accounts of a test.
type people []*storage.User

func (p people) ByID(_ context.Context, id storage.ID) (*storage.User, error) {
	for _, u := range p {
		if u.ID == id {
			return u, nil
		}
	}
	return nil, storage.ErrNotFound
}

func (p people) ByIdentifier(_ context.Context, identifier string) (*storage.User, error) {
	for _, u := range p {
		if c := ident.Canonical(identifier); c == ident.Canonical(u.Email) || c == u.Username {
			return u, nil
		}
	}
	return nil, storage.ErrNotFound
}

// shelf is an ephemeral store of what was issued.
type shelf struct{ issued []onetime.Token }

func (s *shelf) Issue(_ context.Context, t onetime.Token) (onetime.Issued, error) {
	s.issued = append(s.issued, t)
	made := onetime.Issued{Token: "toKen-" + string(t.Purpose)}
	if t.CodeTTL > 0 {
		made.Code = "01234567"
	}
	return made, nil
}

// harness is a server that composes for people.
type harness struct {
	*Composer
	intents *Intents
	shelf   *shelf
	clock   *storagetest.Clock
}

func newHarness(t *testing.T, users ...*storage.User) *harness {
	t.Helper()
	secret := func(letter string) []keys.SecretKey {
		return []keys.SecretKey{{ID: letter, Key: []byte(strings.Repeat(letter, 32))}}
	}
	sealer, err1 := keys.NewSealer(secret("s"))
	hasher, err2 := keys.NewHasher(secret("h"))
	templates, err3 := LoadTemplates("")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	h := &harness{shelf: &shelf{}, clock: storagetest.NewClock()}
	lives := Lifetimes{Verify: 24 * time.Hour, Code: 30 * time.Minute, Reset: time.Hour, Undo: 7 * 24 * time.Hour}
	h.intents = NewIntents(IntentsConfig{Sealer: sealer, Now: h.clock.Now, Random: rand.Reader, Lifetimes: lives})
	var err error
	h.Composer, err = NewComposer(ComposerConfig{
		Issuer: issuer, Brand: Brand{Name: "Example", Accent: "#224488", OnAccent: "#ffffff"}, Users: people(users), Tokens: h.shelf,
		Hasher: hasher, Sealer: sealer, Templates: templates, Now: h.clock.Now, Lifetimes: lives,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// say composes what a body says, in a language.
func (h *harness) say(t *testing.T, locale string, body Body) (storage.Message, Mail, error) {
	t.Helper()
	m, err := h.intents.New(Asked{
		Locale: locale, Address: "203.0.113.77", UserAgent: "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0",
	}, body)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := h.Compose(t.Context(), m)
	return m, mail, err
}

func robin() *storage.User {
	return &storage.User{
		ID: "0192f0c0ffee0000000000000000000a", Email: "Robin@example.com", EmailVerified: true, Username: "robin",
		PasswordHash: "$argon2id$…", PasswordEpoch: 7, Profile: storage.Profile{Name: "Robin <b>", Locale: "de"},
	}
}

func with2(u *storage.User, change func(*storage.User)) *storage.User {
	change(u)
	return u
}

// What each intent says, to whom, and for what token: the decisions that
// handlers leave to the composer.
func TestDecisions(t *testing.T) {
	r := robin()
	unverified := with2(robin(), func(u *storage.User) { u.EmailVerified = false })
	disabled := with2(robin(), func(u *storage.User) { u.DisabledAt = time.Unix(1, 0) })
	hollow := with2(robin(), func(u *storage.User) { u.EmailVerified, u.PasswordHash = false, "" })
	other := &storage.User{ID: "0192f0c0ffee0000000000000000000b", Email: "other@example.com", EmailVerified: true}
	for name, c := range map[string]struct {
		users   []*storage.User
		body    Body
		to      string
		subject string
		link    string
		purpose onetime.Purpose
		code    string
	}{
		"sign-up, free":             {nil, SignUp{Email: "new@example.com"}, "new@example.com", "Confirm your email address", PathConfirmSignUp, onetime.SignUp, "01234567"},
		"sign-up, taken":            {[]*storage.User{r}, SignUp{Email: "ROBIN@example.com"}, r.Email, "You already have an account", PathSignIn, "", ""},
		"sign-up, disabled":         {[]*storage.User{disabled}, SignUp{Email: r.Email}, r.Email, "You already have an account", PathSignIn, "", ""},
		"verify, by id":             {[]*storage.User{unverified}, VerifyEmail{UserID: r.ID, Email: r.Email}, r.Email, "Confirm your email address", PathVerifyEmail, onetime.VerifyEmail, "01234567"},
		"verify, by address":        {[]*storage.User{unverified}, VerifyEmail{Email: "robin@EXAMPLE.com"}, r.Email, "Confirm your email address", PathVerifyEmail, onetime.VerifyEmail, "01234567"},
		"verify, verified":          {[]*storage.User{r}, VerifyEmail{UserID: r.ID, Email: r.Email}, "", "", "", "", ""},
		"verify, nobody":            {nil, VerifyEmail{Email: r.Email}, "", "", "", "", ""},
		"verify, address moved":     {[]*storage.User{unverified}, VerifyEmail{UserID: r.ID, Email: "old@example.com"}, "", "", "", "", ""},
		"reset":                     {[]*storage.User{r}, PasswordReset{Identifier: "ｒobin@example.com"}, r.Email, "Reset your password", PathResetPassword, onetime.PasswordReset, ""},
		"reset, by username":        {[]*storage.User{r}, PasswordReset{Identifier: "robin"}, r.Email, "Reset your password", PathResetPassword, onetime.PasswordReset, ""},
		"reset, unverified":         {[]*storage.User{unverified}, PasswordReset{Identifier: r.Email}, r.Email, "Reset your password", PathResetPassword, onetime.PasswordReset, ""},
		"reset, nobody":             {nil, PasswordReset{Identifier: r.Email}, "", "", "", "", ""},
		"reset, disabled":           {[]*storage.User{disabled}, PasswordReset{Identifier: r.Email}, "", "", "", "", ""},
		"reset, never proven":       {[]*storage.User{hollow}, PasswordReset{Identifier: r.Email}, "", "", "", "", ""},
		"e-mail change":             {[]*storage.User{r}, EmailChange{UserID: r.ID, From: r.Email, To: "new@example.com", PasswordEpoch: 7}, "new@example.com", "Confirm your new email address", PathConfirmEmail, onetime.EmailChange, "01234567"},
		"e-mail change, spelling":   {[]*storage.User{r}, EmailChange{UserID: r.ID, From: r.Email, To: "robin@example.com", PasswordEpoch: 7}, "robin@example.com", "Confirm your new email address", PathConfirmEmail, onetime.EmailChange, "01234567"},
		"e-mail change, taken":      {[]*storage.User{r, other}, EmailChange{UserID: r.ID, From: r.Email, To: other.Email, PasswordEpoch: 7}, other.Email, "This address already has an account", "", "", ""},
		"e-mail change, overtaken":  {[]*storage.User{r}, EmailChange{UserID: r.ID, From: "old@example.com", To: "new@example.com", PasswordEpoch: 7}, "", "", "", "", ""},
		"change asked for":          {[]*storage.User{r, other}, EmailChangeAsked{UserID: r.ID, From: r.Email, To: other.Email, PasswordEpoch: 7}, r.Email, "Somebody asked to change your email address", PathStopEmail, onetime.EmailStop, ""},
		"change asked for, over":    {[]*storage.User{r}, EmailChangeAsked{UserID: r.ID, From: r.Email, To: other.Email, PasswordEpoch: 6}, "", "", "", "", ""},
		"change asked for, moved":   {[]*storage.User{r}, EmailChangeAsked{UserID: r.ID, From: "old@example.com", To: other.Email, PasswordEpoch: 7}, "", "", "", "", ""},
		"undone":                    {nil, Notice{Kind: storage.MessageEmailUndone, To: "thief@example.com", Email: r.Email}, "thief@example.com", "Your email address was changed back", "", "", ""},
		"e-mail changed":            {nil, EmailChanged{UserID: r.ID, From: r.Email, To: "thief@example.com"}, r.Email, "Your email address was changed", PathUndoEmail, onetime.EmailUndo, ""},
		"deletion":                  {nil, DeletionPlanned{UserID: r.ID, To: r.Email, DeleteAt: time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)}, r.Email, "Your account will be deleted", PathKeepAccount, onetime.DeletionCancel, ""},
		"deletion, over":            {nil, DeletionPlanned{UserID: r.ID, To: r.Email, DeleteAt: time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC)}, "", "", "", "", ""},
		"e-mail code":               {nil, Code{Kind: storage.MessageEmailCode, To: r.Email, Code: "112233", ExpiresAt: time.Date(2026, 11, 1, 12, 10, 0, 0, time.UTC)}, r.Email, "Your sign-in code", "", "", "112233"},
		"invitation":                {nil, Invitation{Email: "new@example.com", Token: "inVite"}, "new@example.com", "You’re invited", PathSignUp, "", ""},
		"notice":                    {nil, Notice{Kind: storage.MessageFactorAdded, To: r.Email, Factor: storage.FactorPasskey, Name: "Key"}, r.Email, "Two-step verification method added", PathAccount, "", ""},
		"notice without an address": {nil, Notice{Kind: storage.MessagePasswordChanged}, "", "", "", "", ""},
		"test":                      {nil, Test{Channel: storage.ChannelEmail, To: r.Email}, r.Email, "Test message", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, c.users...)
			_, mail, err := h.say(t, "en", c.body)
			if c.to == "" {
				if !errors.Is(err, ErrNobody) || len(h.shelf.issued) > 0 {
					t.Fatalf("%v, issued %v; want nobody and nothing", err, h.shelf.issued)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if mail.To != c.to || mail.Subject != c.subject || mail.Code != c.code {
				t.Errorf("to %q, subject %q, code %q", mail.To, mail.Subject, mail.Code)
			}
			checkLink(t, mail, c.link)
			checkIssued(t, h, mail, c.purpose)
		})
	}
}

// checkLink wants the link in both texts, first among all.
func checkLink(t *testing.T, mail Mail, path string) {
	t.Helper()
	_, after, found := strings.Cut(mail.Text, issuer)
	link, _, _ := strings.Cut(after, "\n")
	if found != (path != "") || !strings.HasPrefix(link, path) {
		t.Errorf("links to %q, want %q:\n%s", link, path, mail.Text)
	}
	if path != "" && !strings.Contains(mail.HTML, `href="`+issuer+path) {
		t.Errorf("no link to %s:\n%s", path, mail.HTML)
	}
	if mail.Code != "" && (!strings.Contains(mail.Text, grouped(mail.Code)) || !strings.Contains(mail.HTML, ">"+grouped(mail.Code)+"<")) {
		t.Errorf("the code is missing:\n%s", mail.Text)
	}
}

func checkIssued(t *testing.T, h *harness, mail Mail, purpose onetime.Purpose) {
	t.Helper()
	if purpose == "" {
		if len(h.shelf.issued) > 0 {
			t.Errorf("issued %v", h.shelf.issued)
		}
		return
	}
	if len(h.shelf.issued) != 1 || h.shelf.issued[0].Purpose != purpose || !strings.Contains(mail.Text, "token=toKen-"+string(purpose)) {
		t.Errorf("issued %+v for\n%s", h.shelf.issued, mail.Text)
	}
}

// What a token is spent for is what a page needs to act.
func TestOT1_TokensCarryWhatTheyAreFor(t *testing.T) {
	r := robin()
	back := Return{Interaction: "i1", Browser: "b1"}
	signUp := SignUp{Email: "New@example.com", Username: "new", Verifier: "$argon2id$", Profile: storage.Profile{Name: "N"}, Invitation: "inv", Return: back}
	for name, c := range map[string]struct {
		body    Body
		subject func(h *harness) string
		data    any
	}{
		"sign-up": {signUp, func(h *harness) string { return AddressSubject(h.cfg.Hasher, "new@EXAMPLE.com") }, signUp},
		"reset":   {PasswordReset{Identifier: "robin", Return: back}, func(*harness) string { return string(r.ID) }, Reset{UserID: r.ID, Epoch: 7, Email: r.Email, Return: back}},
		"change":  {EmailChange{UserID: r.ID, From: r.Email, To: "n@example.com", PasswordEpoch: 7, Return: back}, func(*harness) string { return string(r.ID) }, EmailUpdate{UserID: r.ID, From: r.Email, To: "n@example.com", PasswordEpoch: 7, Return: back}},
		"stop":    {EmailChangeAsked{UserID: r.ID, From: r.Email, To: "n@example.com", PasswordEpoch: 7}, func(*harness) string { return string(r.ID) }, EmailUpdate{UserID: r.ID, From: r.Email, To: "n@example.com", PasswordEpoch: 7}},
		"undo": {EmailChanged{UserID: r.ID, From: r.Email, To: "n@example.com", Epoch: 2}, func(h *harness) string {
			return UndoSubject(h.cfg.Hasher, r.ID, "robin@example.com")
		}, EmailUpdate{UserID: r.ID, From: r.Email, To: "n@example.com", Epoch: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, r)
			if _, _, err := h.say(t, "", c.body); err != nil {
				t.Fatal(err)
			}
			got := h.shelf.issued[0]
			want, err1 := json.Marshal(c.data)
			data, err2 := json.Marshal(got.Data)
			if err := errors.Join(err1, err2); err != nil || string(data) != string(want) || got.Subject != c.subject(h) {
				t.Errorf("%s for %q, %v; want %s for %q", data, got.Subject, err, want, c.subject(h))
			}
		})
	}
}

// Each address that was taken from a person has a way back of its own.
func TestUndoOutlivesASecondChange(t *testing.T) {
	h := newHarness(t)
	for _, body := range []EmailChanged{{UserID: "u", From: "a@example.com", To: "b@example.com"}, {UserID: "u", From: "b@example.com", To: "c@example.com"}} {
		if _, _, err := h.say(t, "", body); err != nil {
			t.Fatal(err)
		}
	}
	if h.shelf.issued[0].Subject == h.shelf.issued[1].Subject {
		t.Error("the second change kills the way back from the first")
	}
}

// The row of an intent tells nothing of whom it is about but an id that the
// handler knew, and lives as long as what it says.
func TestEN2_IntentsAreAlike(t *testing.T) {
	h := newHarness(t, robin())
	known, _, _ := h.say(t, "en", PasswordReset{Identifier: "robin@example.com"})
	unknown, _, _ := h.say(t, "en", PasswordReset{Identifier: "nobod@example.com"})
	if len(known.Sealed) != len(unknown.Sealed) || strings.Contains(known.Sealed, "robin") {
		t.Errorf("sealed %q and %q", known.Sealed, unknown.Sealed)
	}
	for _, m := range []*storage.Message{&known, &unknown} {
		if m.NotAfter != h.clock.Now().Add(time.Hour) || m.Status != storage.DeliveryQueued || m.Composed || m.NextAt != h.clock.Now() {
			t.Errorf("row %+v", m)
		}
		m.ID, m.Sealed = "", ""
	}
	if known != unknown {
		t.Errorf("%+v and %+v", known, unknown)
	}
}

func TestSealedToItsRow(t *testing.T) {
	h := newHarness(t)
	m, mail, err := h.say(t, "en", SignUp{Email: "new@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := h.Seal(m.ID, mail)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Open(storage.Message{ID: m.ID, Sealed: sealed})
	if err != nil || got != mail {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := h.Open(storage.Message{ID: "another", Sealed: sealed}); !errors.Is(err, keys.ErrSealBroken) {
		t.Errorf("opened in another row: %v", err)
	}
}

func TestSMSBindsItsCodeToTheHost(t *testing.T) {
	h := newHarness(t)
	for _, kind := range []storage.MessageKind{storage.MessageSMSCode, storage.MessagePhoneVerify} {
		_, mail, err := h.say(t, "en", Code{Kind: kind, To: "+4915112345678", Code: "112233"})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mail.Text, "112233 is your ") || !strings.HasSuffix(mail.Text, "\n\n@id.example.com #112233\n") ||
			mail.Channel != storage.ChannelSMS || mail.HTML != "" || mail.To != "+4915112345678" {
			t.Errorf("%+v", mail)
		}
	}
}

// Nothing that a stranger chose stands in a message to an address that may not be theirs.
func TestNobodyWritesThroughUs(t *testing.T) {
	h := newHarness(t, robin())
	for _, email := range []string{"new@example.com", "robin@example.com"} {
		_, mail, err := h.say(t, "en", SignUp{
			Email: email, Username: "evil.example/u", Profile: storage.Profile{Name: "evil.example/n", Website: "https://evil.example"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(mail.Text+mail.HTML+mail.Subject, "evil") {
			t.Errorf("%s", mail.Text)
		}
	}
}

func TestNamesAreEscapedAndCut(t *testing.T) {
	h := newHarness(t)
	_, mail, err := h.say(t, "en", Notice{
		Kind: storage.MessageFactorAdded, To: "a@example.com", Factor: storage.FactorTOTP, Name: "<img src=x>\r\nBcc: all" + strings.Repeat("x", 100),
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(mail.HTML, "<img") || strings.Contains(mail.Text, "\nBcc") || strings.Contains(mail.Text, strings.Repeat("x", 60)) {
		t.Errorf("%s\n%s", mail.Text, mail.HTML)
	}
}

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
