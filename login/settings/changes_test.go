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
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

func TestRE4_AFormSetsWhatItShowsAndNothingElse(t *testing.T) {
	s := newSite(t, options{profile: []string{"name", "preferred_username", "birthdate", "website", "zoneinfo", "locale", "address"}})
	ada := s.Person("ada@example.com", func(u *storage.User) {
		u.EmailVerified, u.Phone, u.Profile.MiddleName = false, "+4915100000001", "Augusta"
	})
	b := s.signedIn("ada@example.com")
	b.Get(ui.PathProfile)
	if b.Page.Has("middle_name") || b.Page.Has("profile") || !b.Page.Has("username") || !b.Page.Has("country") {
		t.Errorf("the form shows other fields than are configured:\n%s", b.Page.Body)
	}
	b.Forge("profile-submit", "name=Ada Lovelace", "username=ada", "birthdate=1815-12-10", "website=https://ada.example",
		"zoneinfo=Europe/London", "locale=en-GB", "locality=London", "country=England",
		"email=mallory@example.com", "email_verified=true", "EmailVerified=true", "phone=+4915100000002", "phone_verified=1",
		"roles=admin", "Roles=admin", "id="+string(s.ID()), "password_hash=x", "middle_name=X", "profile=https://x.example", "delete_at=",
	).Want(t, http.StatusOK, `id="notice"`)
	got := *s.user(ada.ID)
	want := *ada
	want.Username, want.UpdatedAt = "ada", got.UpdatedAt
	want.Profile = storage.Profile{
		Name: "Ada Lovelace", MiddleName: "Augusta", Birthdate: "1815-12-10", Website: "https://ada.example", Zoneinfo: "Europe/London",
		Locale: "en-GB", Address: &storage.Address{Locality: "London", Country: "England"},
	}
	if got.Email != want.Email || got.EmailVerified || got.Phone != want.Phone || got.PhoneVerified || len(got.Roles) > 0 ||
		got.PasswordHash != want.PasswordHash || got.Username != want.Username {
		t.Errorf("the person is %+v, want %+v", got, want)
	}
	if *got.Profile.Address != *want.Profile.Address {
		t.Errorf("the address is %+v", got.Profile.Address)
	}
	got.Profile.Address, want.Profile.Address = nil, nil
	if got.Profile != want.Profile {
		t.Errorf("the profile is %+v, want %+v", got.Profile, want.Profile)
	}
	s.happened(ada.ID, storage.EventProfileChanged, 1)
}

func TestProfileIsChecked(t *testing.T) {
	s := newSite(t, options{})
	s.Person("bob@example.com", func(u *storage.User) { u.Username = "bob" })
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Profile.Website = "http://old.example" })
	b := s.signedIn("ada@example.com")
	for _, tt := range []struct{ field, value string }{
		{"website", "javascript:alert(1)"}, {"website", "http://ada.example"}, {"picture", "https://user:x@ada.example"}, {"birthdate", "10.12.1815"},
		{"locale", "!!"}, {"zoneinfo", "Local"}, {"zoneinfo", "../../etc/passwd"}, {"username", "a@b"}, {"username", "BOB"},
		{"name", strings.Repeat("a", 201)}, {"postal_code", strings.Repeat("1", 33)},
	} {
		b.Get(ui.PathProfile)
		page := b.Forge("profile-submit", "website=http://old.example", tt.field+"="+tt.value)
		if page.Text(tt.field+"-error") == "" {
			t.Errorf("%s=%.40s says nothing", tt.field, tt.value)
		}
	}
	if got := s.user(ada.ID); got.Profile != ada.Profile || got.Username != "" {
		t.Errorf("a wrong form changed %+v", got)
	}
	b.Get(ui.PathProfile)
	b.Forge("profile-submit", "website=http://old.example", "name=Ada").Want(t, http.StatusOK, `id="notice"`) // what stands may stay
}

// TestAProfileMayAskForNothing, and then shows no form.
func TestAProfileMayAskForNothing(t *testing.T) {
	s := newSite(t, options{profile: []string{}})
	s.Person("ada@example.com")
	if page := s.signedIn("ada@example.com").Get(ui.PathProfile); page.Status != http.StatusOK || page.Has("profile-submit") {
		t.Errorf("%d:\n%s", page.Status, page.Body)
	}
}

func TestUsernamesChangeOnFreshEvidence(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Username = "ada" })
	b := s.signedIn("ada@example.com")
	s.Clock.Advance(20 * time.Minute)
	b.Get(ui.PathProfile)
	b.Forge("profile-submit", "username=ada", "name=Ada").Want(t, http.StatusOK, `id="notice"`)
	b.Forge("profile-submit", "username=mallory").Want(t, http.StatusOK, "login-submit")
	if got := s.user(ada.ID).Username; got != "ada" {
		t.Errorf("the username is %q", got)
	}
	b.SignIn("ada", logintest.GoodPassword)
	b.Forge("profile-submit", "username=lovelace").Want(t, http.StatusOK, `id="notice"`)
}

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

func TestSE2_ANewPasswordRenewsTheSessionAndEndsTheOthers(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b, other := s.signedIn("ada@example.com"), s.signedIn("ada@example.com")
	grant := s.grant(ada.ID)
	thief := s.Browser()
	thief.Client.Jar.SetCookies(s.URL, b.Cookies())
	thief.Get(ui.PathAccount).Want(t, http.StatusOK, `id="signout-link"`)

	s.Clock.Advance(20 * time.Minute) // the sign-in is fresh no more
	b.Get(ui.PathPassword).Want(t, http.StatusOK, `id="current_password"`)
	if page := b.Submit("password-submit", "current_password=wrong", "new_password=another good long passphrase"); page.Text("current_password-error") == "" {
		t.Errorf("a wrong password says nothing:\n%s", page.Body)
	}
	s.happened(ada.ID, storage.EventSignInFailed, 1)
	if page := b.Submit("password-submit", "current_password="+logintest.GoodPassword, "new_password=short"); page.Text("new_password-error") == "" {
		t.Error("a short password says nothing")
	}
	b.Submit("password-submit", "current_password="+logintest.GoodPassword, "new_password=another good long passphrase").
		Want(t, http.StatusOK, `id="notice"`)
	b.Get(ui.PathAccount).Want(t, http.StatusOK, `id="signout-link"`)
	other.Get(ui.PathAccount).Want(t, http.StatusOK, "login-submit")
	thief.Get(ui.PathAccount).Want(t, http.StatusOK, "login-submit")
	if _, err := s.Store.AccessTokens().Check(t.Context(), grant, "jti", s.Clock.Now()); err == nil {
		t.Error("an application goes on under the old password")
	}
	s.told(storage.MessagePasswordChanged)
	s.happened(ada.ID, storage.EventPasswordChanged, 1)
	other.SignIn("ada@example.com", "another good long passphrase").Want(t, http.StatusOK, `id="signout-link"`)
}

func TestTH2_TheCurrentPasswordIsNoOracle(t *testing.T) {
	few := storage.Backoff{Free: 3, Base: time.Hour, Max: time.Hour, Window: 6 * time.Hour}
	s := newSite(t, options{limits: func(l *limits.Bounds) { l.SignInKnown = few }})
	s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	s.Clock.Advance(20 * time.Minute)
	for _, page := range []struct{ path, button, field string }{
		{ui.PathPassword, "password-submit", "current_password"}, {ui.PathEmail, "email-submit", "password"}, {ui.PathData, "export-submit", "password"},
		{ui.PathDelete, "delete-submit", "password"},
	} {
		b.Get(page.path)
		b.Forge(page.button, page.field+"=wrong", "email=x@example.com", "confirm=ada@example.com")
	}
	b.Get(ui.PathPassword)
	b.Submit("password-submit", "current_password="+logintest.GoodPassword, "new_password=another good long passphrase").
		Want(t, http.StatusTooManyRequests, "error-title")
}

func TestEO2_APhoneNumberIsProvenBeforeItCounts(t *testing.T) {
	s := newSite(t, everyPage)
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	b.Get(ui.PathPhone)
	for _, wrong := range []string{"12345", "+33612345678"} { // no number; a country that nothing goes to
		if page := b.Submit("phone-submit", "phone="+wrong); page.Text("phone-error") == "" {
			t.Errorf("%s says nothing", wrong)
		}
	}
	b.Submit("phone-submit", "phone=+49 151 00000001").Want(t, http.StatusOK, "phone-verify-submit")
	sms := s.Inbox()
	if len(sms) != 1 || sms[0].To != "+4915100000001" || sms[0].Channel != storage.ChannelSMS {
		t.Fatalf("messages are %+v", sms)
	}
	b.Get(phoneCodePath) // another look sends nothing
	if page := b.Submit("phone-verify-submit", "code=000000"); page.Text("code-error") == "" {
		t.Error("a wrong code says nothing")
	}
	if s.user(ada.ID).Phone != "" {
		t.Error("the number counts before it is proven")
	}
	// The code is of no use elsewhere, where nothing was asked.
	other := s.signedIn("ada@example.com")
	other.Get(phoneCodePath)
	if other.Page.URL.Path != ui.PathPhone {
		t.Errorf("another session is at %s", other.Page.URL)
	}
	b.Submit("phone-verify-submit", "code="+sms[0].Code).Want(t, http.StatusOK, `id="notice"`)
	if got := s.user(ada.ID); got.Phone != "+4915100000001" || !got.PhoneVerified {
		t.Errorf("the number is %q, proven: %v", got.Phone, got.PhoneVerified)
	}
	s.told(storage.MessageFactorAdded)
	s.confirmed(b, "phone-remove").Want(t, http.StatusOK, `id="notice"`)
	if got := s.user(ada.ID); got.Phone != "" || got.PhoneVerified {
		t.Errorf("the number is %q still", got.Phone)
	}
	s.told(storage.MessageFactorRemoved)
	s.happened(ada.ID, storage.EventPhoneChanged, 2)
}

func TestNoPhonePageWithoutAGateway(t *testing.T) {
	s := newSite(t, options{})
	s.Person("ada@example.com", func(u *storage.User) { u.Phone = "+4915100000001" })
	b := s.signedIn("ada@example.com")
	if b.Get(ui.PathPhone).Status != http.StatusNotFound {
		t.Error("there is a page for what cannot be done")
	}
	if strings.Contains(b.Get(ui.PathAccount).Body+b.Get(ui.PathProfile).Body, ui.PathPhone) {
		t.Error("a page leads there")
	}
}

func TestFreshEvidenceMeansTheSecondFactorToo(t *testing.T) {
	s := newSite(t, options{policy: func(p *mfa.Policy) { p.Passwordless = false }})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	secret := s.enrolled(b)
	s.Clock.Advance(20 * time.Minute)
	for _, path := range []string{ui.PathEmail, ui.PathPassword, ui.PathDelete} {
		page := b.Get(path)
		if page.Has("password-submit") || page.Has("email-submit") || !page.Has("login-submit") {
			t.Errorf("%s asks for no fresh sign-in:\n%s", path, page.Body)
		}
	}
	b.Get(ui.PathEmail)
	b.SignIn("ada@example.com", logintest.GoodPassword).Want(t, http.StatusOK, "factor-submit")
	page := b.Submit("factor-submit", "code="+s.Code(secret))
	if page.URL.Path != ui.PathEmail || page.Has("password") {
		t.Errorf("with fresh evidence: at %s\n%s", page.URL, page.Body)
	}
	_ = ada
}

// TestTheProfileAsksForWhatIsConfigured, and for nothing else, also where a form brings
// more (mass assignment).
func TestTheProfileAsksForWhatIsConfigured(t *testing.T) {
	for _, fields := range [][]string{{"name", "zoneinfo"}, {"middle_name", "profile", "locale"}, {"address", "gender"}} {
		s := newSite(t, options{profile: fields})
		ada := s.Person("ada@example.com")
		b := s.signedIn("ada@example.com")
		page := b.Get(ui.PathProfile)
		for _, field := range append(slices.Clone(allProfileFields), addressFields...) {
			if field == "address" { // stands for its parts
				continue
			}
			want := slices.Contains(fields, field) || slices.Contains(fields, "address") && slices.Contains(addressFields, field)
			if page.Has(field) != want {
				t.Errorf("%v: the form asks for %s: %t", fields, field, !want)
			}
		}
		b.Forge("profile-submit", "nickname=Countess").Want(t, http.StatusOK, `id="notice"`)
		if got := s.user(ada.ID).Profile.Nickname; got != "" {
			t.Errorf("%v: the nickname is %q", fields, got)
		}
	}
}

// TestLanguageAndTimeZoneAreChosenFromLists: every language of ours by its own name, the
// time zones by theirs, with what the person has chosen; and what stands in the profile
// from elsewhere stays, though it is in no list.
func TestLanguageAndTimeZoneAreChosenFromLists(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Profile.Locale, u.Profile.Zoneinfo = "nds", "Europe/Berlin" })
	b := s.signedIn("ada@example.com")
	page := b.Get(ui.PathProfile)
	for _, want := range []string{
		`<select id="locale"`, `<option value="ja" lang="ja">日本語</option>`, `<option value="nds"`,
		`<select id="zoneinfo"`, `<option value="Europe/Berlin" selected>`, `<option value="Asia/Tokyo">`,
	} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %s:\n%s", want, page.Body)
		}
	}
	b.Submit("profile-submit", "zoneinfo=Asia/Tokyo").Want(t, http.StatusOK, `id="notice"`)
	if got := s.user(ada.ID).Profile; got.Zoneinfo != "Asia/Tokyo" || got.Locale != "nds" {
		t.Errorf("the profile has %q and %q", got.Zoneinfo, got.Locale)
	}
}
