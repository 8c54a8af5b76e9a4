package message

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

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
		"email change":              {[]*storage.User{r}, EmailChange{UserID: r.ID, From: r.Email, To: "new@example.com", PasswordEpoch: 7}, "new@example.com", "Confirm your new email address", PathConfirmEmail, onetime.EmailChange, "01234567"},
		"email change, spelling":    {[]*storage.User{r}, EmailChange{UserID: r.ID, From: r.Email, To: "robin@example.com", PasswordEpoch: 7}, "robin@example.com", "Confirm your new email address", PathConfirmEmail, onetime.EmailChange, "01234567"},
		"email change, taken":       {[]*storage.User{r, other}, EmailChange{UserID: r.ID, From: r.Email, To: other.Email, PasswordEpoch: 7}, other.Email, "This address already has an account", "", "", ""},
		"email change, overtaken":   {[]*storage.User{r}, EmailChange{UserID: r.ID, From: "old@example.com", To: "new@example.com", PasswordEpoch: 7}, "", "", "", "", ""},
		"change asked for":          {[]*storage.User{r, other}, EmailChangeAsked{UserID: r.ID, From: r.Email, To: other.Email, PasswordEpoch: 7}, r.Email, "Somebody asked to change your email address", PathStopEmail, onetime.EmailStop, ""},
		"change asked for, over":    {[]*storage.User{r}, EmailChangeAsked{UserID: r.ID, From: r.Email, To: other.Email, PasswordEpoch: 6}, "", "", "", "", ""},
		"change asked for, moved":   {[]*storage.User{r}, EmailChangeAsked{UserID: r.ID, From: "old@example.com", To: other.Email, PasswordEpoch: 7}, "", "", "", "", ""},
		"undone":                    {nil, Notice{Kind: storage.MessageEmailUndone, To: "thief@example.com", Email: r.Email}, "thief@example.com", "Your email address was changed back", "", "", ""},
		"email changed":             {nil, EmailChanged{UserID: r.ID, From: r.Email, To: "thief@example.com"}, r.Email, "Your email address was changed", PathUndoEmail, onetime.EmailUndo, ""},
		"deletion":                  {nil, DeletionPlanned{UserID: r.ID, To: r.Email, DeleteAt: time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)}, r.Email, "Your account will be deleted", PathKeepAccount, onetime.DeletionCancel, ""},
		"deletion, over":            {nil, DeletionPlanned{UserID: r.ID, To: r.Email, DeleteAt: time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC)}, "", "", "", "", ""},
		"email code":                {nil, Code{Kind: storage.MessageEmailCode, To: r.Email, Code: "112233", ExpiresAt: time.Date(2026, 11, 1, 12, 10, 0, 0, time.UTC)}, r.Email, "Your sign-in code", "", "", "112233"},
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
