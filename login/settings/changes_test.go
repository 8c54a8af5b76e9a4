package settings

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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
