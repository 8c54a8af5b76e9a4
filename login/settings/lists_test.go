package settings

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// grant gives the client access, by a session of the person, that outlives it.
func (s *site) grant(userID storage.ID) storage.ID {
	s.T.Helper()
	now := s.Clock.Now()
	sessions, err := s.Store.Sessions().ListByUser(s.T.Context(), userID, now)
	logintest.Check(s.T, err)
	if len(sessions) == 0 {
		s.T.Fatal("a grant needs a session")
	}
	g := &storage.Grant{
		ID: s.ID(), ClientID: "wiki", UserID: userID, SID: sessions[0].SID, CodeHash: "p1." + string(s.ID()), Scopes: []string{"openid", "offline_access"},
		Authentication: storage.Authentication{Time: now, ACR: "aal1", AMR: []string{"pwd"}}, Offline: true, Refreshable: true,
		Generation: 1, Salt: make([]byte, 16), RotatedAt: now, CreatedAt: now, IdleExpiresAt: now.Add(24 * time.Hour), ExpiresAt: now.Add(48 * time.Hour),
	}
	_, err = s.Store.Grants().Create(s.T.Context(), g, storage.GrantStart{}, s.Event(storage.EventGrantIssued))
	logintest.Check(s.T, err)
	logintest.Check(s.T, s.Store.Consents().Put(s.T.Context(), userID, "wiki", g.Scopes, now, s.Event(storage.EventConsentGranted)))
	return g.ID
}

func TestSE4_SessionsAreListedAndEnded(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	s.Person("bob@example.com")
	bob := s.signedIn("bob@example.com")
	sessions, err := s.Store.Sessions().ListByUser(t.Context(), s.user(ada.ID).ID, s.Clock.Now())
	logintest.Check(t, err)
	if len(sessions) != 0 {
		t.Fatal("Ada is signed in already")
	}
	b, second, third := s.signedIn("ada@example.com"), s.signedIn("ada@example.com"), s.signedIn("ada@example.com")
	page := b.Get(ui.PathSessions)
	ends := page.IDs("session-end-")
	if len(ends) != 2 || strings.Count(page.Body, "127.0.0.x") != 3 || strings.Contains(page.Body, "127.0.0.1<") {
		t.Fatalf("the page offers %q:\n%s", ends, page.Body)
	}
	b.Submit(ends[0]).Want(t, http.StatusOK, `id="notice"`)
	gone := 0
	for _, other := range []*logintest.Browser{second, third} {
		if other.Get(ui.PathAccount).Has("login-submit") {
			gone++
		}
	}
	if gone != 1 {
		t.Errorf("%d of two sessions ended", gone)
	}
	s.happened(ada.ID, storage.EventSessionEnded, 1)

	// Nobody ends another's.
	form := s.form(bob)
	theirs, err := s.Store.Sessions().ListByUser(t.Context(), ada.ID, s.Clock.Now())
	logintest.Check(t, err)
	form.Set("end", string(theirs[0].SID))
	bob.Post(ui.PathSessions, form).Want(t, http.StatusNotFound, "error-title")

	s.signedIn("ada@example.com")
	b.Get(ui.PathSessions)
	s.confirmed(b, "sessions-end-all").Want(t, http.StatusOK, `id="notice"`)
	if len(b.Page.IDs("session-end-")) != 0 {
		t.Error("others are signed in still")
	}
	grant := s.grant(ada.ID)
	if _, err := s.Store.AccessTokens().Check(t.Context(), grant, "jti", s.Clock.Now()); err != nil {
		t.Fatalf("before: %v", err)
	}
	s.confirmed(b, "sessions-end-everywhere")
	if _, err := s.Store.AccessTokens().Check(t.Context(), grant, "jti", s.Clock.Now()); err == nil {
		t.Error("access that outlives sessions goes on")
	}
	b.Get(ui.PathAccount).Want(t, http.StatusOK, "login-submit")
	bob.Get(ui.PathAccount).Want(t, http.StatusOK, `id="signout-link"`)
	s.happened(ada.ID, storage.EventSessionsEnded, 2)
}

func TestAZ8_AccessIsRevokedAtOnce(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	grant := s.grant(ada.ID)
	b.Get(ui.PathApplications).Want(t, http.StatusOK, "Wiki")
	s.confirmed(b, "application-revoke-wiki").Want(t, http.StatusOK, "Wiki no longer has access")
	if _, err := s.Store.AccessTokens().Check(t.Context(), grant, "jti", s.Clock.Now()); err == nil {
		t.Error("its access tokens live on")
	}
	if _, err := s.Store.Consents().Get(t.Context(), ada.ID, "wiki"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the consent is kept: %v", err)
	}
	s.happened(ada.ID, storage.EventApplicationRevoked, 1)
	form := s.form(b)
	form.Set(clientParam, "wiki")
	form.Set("again", "1") // no double click, which would be answered alike
	b.Post(ui.PathApplicationRemoval, form).Want(t, http.StatusNotFound, "error-title")
}

func TestPK3_FactorsChangeOnFreshEvidenceAlone(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	s.Clock.Advance(20 * time.Minute)
	b.Get(addFactorPath+"?kind=totp").Want(t, http.StatusOK, "login-submit")
	b.SignIn("ada@example.com", logintest.GoodPassword)
	secret := b.Page.Text("totp-secret")
	b.Submit("enroll-submit", "code="+s.Code(secret), "name=Phone").Want(t, http.StatusOK, "recovery-continue")
	b.Submit("recovery-continue")
	if b.Page.URL.Path != ui.PathSecurity {
		t.Fatalf("enrollment ends at %s", b.Page.URL)
	}
	s.told(storage.MessageFactorAdded, storage.MessageRecoveryReplaced)
	b.Submit(b.Page.IDs("factor-rename-")[0], "name=My phone").Want(t, http.StatusOK, "My phone")

	s.Clock.Advance(20 * time.Minute)
	b.Get(ui.PathSecurity)
	b.Click(b.Page.IDs("factor-remove-")[0]).Want(t, http.StatusOK, "login-submit")
	if s.user(ada.ID).Credentials != 1 {
		t.Fatal("a factor was removed on old evidence")
	}
	b.SignIn("ada@example.com", logintest.GoodPassword).Want(t, http.StatusOK, "factor-submit")
	b.Submit("factor-submit", "code="+s.Code(secret)).Want(t, http.StatusOK, "Remove My phone?")
	// Nobody removes another's.
	s.Person("bob@example.com")
	bob := s.signedIn("bob@example.com")
	form := s.form(bob)
	form.Set("factor", b.Page.Value("factor"))
	bob.Post(ui.PathFactorRemoval, form).Want(t, http.StatusNotFound, "error-title")
	b.Submit("confirm-submit").Want(t, http.StatusOK, `id="notice"`)
	if s.user(ada.ID).Credentials != 0 {
		t.Error("the factor is there still")
	}
	s.told(storage.MessageFactorRemoved)
	s.happened(ada.ID, storage.EventFactorAdded, 1)
	s.happened(ada.ID, storage.EventFactorRenamed, 1)
	s.happened(ada.ID, storage.EventFactorRemoved, 1)
}

func TestPK3_TheLastFactorStaysWherePolicyWantsOne(t *testing.T) {
	s := newSite(t, options{policy: func(p *mfa.Policy) { p.RequiredRoles = []string{"staff"} }})
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Roles = []string{"staff"} })
	b := s.Browser()
	b.Get("/login")
	b.SignIn("ada@example.com", logintest.GoodPassword)
	if !b.Page.Has("totp-secret") {
		b.Get(b.Page.URL.RequestURI() + "&factor=totp")
	}
	b.Submit("enroll-submit", "code="+s.Code(b.Page.Text("totp-secret")), "name=Phone")
	b.Submit("recovery-continue").Want(t, http.StatusOK, `id="signout-link"`)
	if page := b.Get(ui.PathSecurity); len(page.IDs("factor-remove-")) != 0 {
		t.Error("the page offers to remove the last factor")
	}
	form := s.form(b)
	form.Set("factor", strings.TrimPrefix(b.Get(ui.PathSecurity).IDs("factor-rename-")[0], "factor-rename-"))
	b.Post(ui.PathFactorRemoval, form)
	if s.user(ada.ID).Credentials != 1 || b.Page.Text("notice") == "" {
		t.Errorf("the last factor is gone, or nothing is said:\n%s", b.Page.Body)
	}
}

func TestRC4_NewRecoveryCodesAreShownOnceAndKillTheOldSet(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	s.enrolled(b)
	s.told(storage.MessageFactorAdded, storage.MessageRecoveryReplaced)
	s.confirmed(b, "recovery-replace").Want(t, http.StatusOK, "recovery-continue")
	codes := strings.Count(b.Page.Body, `class="recovery-code"`)
	at := b.Page.URL.RequestURI()
	b.Submit("recovery-continue")
	if codes != 10 || b.Page.URL.Path != ui.PathSecurity {
		t.Errorf("%d codes, then at %s", codes, b.Page.URL)
	}
	if again := b.Get(at); strings.Contains(again.Body, `class="recovery-code"`) {
		t.Error("the codes are shown again")
	}
	s.told(storage.MessageRecoveryReplaced)
	s.happened(ada.ID, storage.EventRecoveryReplaced, 2)
	s.Clock.Advance(20 * time.Minute)
	b.Get(ui.PathSecurity)
	b.Click("recovery-replace").Want(t, http.StatusOK, "login-submit")
}

func TestTD3_TrustedDevicesAreForgotten(t *testing.T) {
	s := newSite(t, options{})
	ada, bob := s.Person("ada@example.com"), s.Person("bob@example.com")
	left := func(u *storage.User) int {
		devices, err := s.Store.TrustedDevices().ListByUser(t.Context(), u.ID, s.Clock.Now())
		logintest.Check(t, err)
		return len(devices)
	}
	theirs := s.trust(bob)
	first := s.trust(ada)
	s.trust(ada)
	s.trust(ada)
	b := s.signedIn("ada@example.com")
	b.Get(ui.PathSecurity)
	s.confirmed(b, "device-forget-"+string(first)).Want(t, http.StatusOK, `id="notice"`)
	if left(ada) != 2 {
		t.Errorf("%d devices are left", left(ada))
	}
	form := s.form(b)
	form.Set("device", string(theirs))
	b.Post(ui.PathDeviceRemoval, form).Want(t, http.StatusNotFound, "error-title")
	b.Get(ui.PathSecurity)
	s.confirmed(b, "device-forget-all").Want(t, http.StatusOK, `id="notice"`)
	if left(ada) != 0 || left(bob) != 1 {
		t.Errorf("Ada has %d devices, Bob %d", left(ada), left(bob))
	}
	// A new password forgets them too.
	s.trust(ada)
	b.Get(ui.PathPassword)
	b.Submit("password-submit", "new_password=another good long passphrase").Want(t, http.StatusOK, `id="notice"`)
	if left(ada) != 0 {
		t.Error("a device is trusted under another password")
	}
}

func TestActivityShowsWhatHappened(t *testing.T) {
	s := newSite(t, options{})
	s.Person("ada@example.com")
	s.Person("bob@example.com")
	s.signedIn("bob@example.com")
	wrong := s.Browser()
	wrong.Get("/login")
	wrong.SignIn("ada@example.com", "not her password")
	b := s.signedIn("ada@example.com")
	page := b.Get(ui.PathActivity)
	page.Want(t, http.StatusOK, "Failed sign-in")
	if strings.Count(page.Body, "<strong>Signed in</strong>") != 1 {
		t.Errorf("the page shows others' events, or not Ada's:\n%s", page.Body)
	}
}

func TestDownloadHoldsEverythingButSecrets(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Profile.Name = "Ada" })
	bob := s.Person("bob@example.com")
	s.signedIn("bob@example.com")
	b := s.signedIn("ada@example.com")
	secret := s.enrolled(b)
	grant := s.grant(ada.ID)
	root := account.Operator("root")
	_, err := s.Accounts.CreateGroup(t.Context(), root, account.NewGroup{Name: "hr", Roles: []string{"payroll"}})
	logintest.Check(t, err)
	logintest.Check(t, s.Accounts.AddToGroup(t.Context(), root, ada.ID, "hr"))
	b.Get(ui.PathData)
	page := b.Submit("export-submit")
	if page.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(page.Header.Get("Content-Disposition"), "attachment") ||
		!strings.Contains(page.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers are %v", page.Header)
	}
	var got export
	logintest.Check(t, json.Unmarshal([]byte(page.Body), &got))
	if got.Account.Email != "ada@example.com" || got.Account.Profile.Name != "Ada" || len(got.Sessions) != 1 || len(got.Grants) != 1 ||
		got.Grants[0].ID != grant || len(got.Consents) != 1 || len(got.Factors) != 1 || got.RecoveryCodes.Total != 10 || len(got.Events) < 3 {
		t.Errorf("the download is %+v", got)
	}
	if len(got.Groups) != 1 || got.Groups[0].Name != "hr" || got.Groups[0].Sources[0] != "manual" || !slices.Equal(got.Account.Roles, []string{"payroll"}) {
		t.Errorf("the download has the groups %+v, the roles %v", got.Groups, got.Account.Roles)
	}
	credentials, err := s.Store.Credentials().ListByUser(t.Context(), ada.ID)
	logintest.Check(t, err)
	session := ""
	for _, c := range b.Cookies() {
		session += " " + c.Value
	}
	for _, hidden := range append(strings.Fields(session), s.user(ada.ID).PasswordHash, credentials[0].Secret, secret, string(bob.ID), "bob@example.com", "p1.", "v1.") {
		if strings.Contains(page.Body, hidden) {
			t.Errorf("the download holds %q", hidden)
		}
	}
	s.happened(ada.ID, storage.EventDataExported, 1)
	if strings.Contains(s.Log.String(), secret) {
		t.Error("the log holds a secret")
	}
	s.Clock.Advance(20 * time.Minute) // with a second factor, no password alone will do
	b.Get(ui.PathData)
	b.Forge("export-submit", "password="+logintest.GoodPassword).Want(t, http.StatusOK, "login-submit")
}

func TestSE5_ADeletionEndsEverythingAndCanBeTakenBack(t *testing.T) {
	s := newSite(t, options{})
	ada := s.Person("ada@example.com")
	b, other := s.signedIn("ada@example.com"), s.signedIn("ada@example.com")
	grant := s.grant(ada.ID)
	b.Get(ui.PathDelete)
	for _, typed := range []string{"", "1", "ada", "bob@example.com"} {
		if page := b.Submit("delete-submit", "confirm="+typed); page.Text("confirm-error") == "" || !s.user(ada.ID).DeleteAt.IsZero() {
			t.Errorf("an account is deleted for %q", typed)
		}
	}
	b.Submit("delete-submit", "confirm= ADA@example.com").Want(t, http.StatusOK, "Your account will be deleted")
	if want := s.Clock.Now().Add(14 * 24 * time.Hour); !s.user(ada.ID).DeleteAt.Equal(want) {
		t.Errorf("it goes at %s, want %s", s.user(ada.ID).DeleteAt, want)
	}
	b.Get(ui.PathAccount).Want(t, http.StatusOK, "login-submit")
	other.Get(ui.PathAccount).Want(t, http.StatusOK, "login-submit")
	if _, err := s.Store.AccessTokens().Check(t.Context(), grant, "jti", s.Clock.Now()); err == nil {
		t.Error("an application goes on")
	}
	mail := s.Inbox()
	if len(mail) != 1 || mail[0].To != "ada@example.com" || !strings.Contains(mail[0].Text, "/keep-account?") {
		t.Fatalf("the owner is told %+v", mail)
	}
	b.SignIn("ada@example.com", logintest.GoodPassword).Want(t, http.StatusOK, "deletion-cancel")
	b.Submit("deletion-cancel").Want(t, http.StatusOK, `id="notice"`)
	if !s.user(ada.ID).DeleteAt.IsZero() {
		t.Error("it goes after all")
	}
	s.happened(ada.ID, storage.EventDeletionPlanned, 1)
	s.happened(ada.ID, storage.EventDeletionCancelled, 1)
}

func TestWithoutGraceAnAccountGoesAtOnce(t *testing.T) {
	s := newSite(t, options{account: func(c *account.Config) { c.DeletionGrace = 0 }})
	ada := s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	s.Clock.Advance(20 * time.Minute)
	b.Get(ui.PathDelete)
	if page := b.Submit("delete-submit", "confirm=ada@example.com", "password=wrong"); page.Text("password-error") == "" {
		t.Error("a wrong password says nothing")
	}
	b.Submit("delete-submit", "confirm=ada@example.com", "password="+logintest.GoodPassword).Want(t, http.StatusOK, "Your account has been deleted")
	if _, err := s.Store.Users().ByID(t.Context(), ada.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the account is there: %v", err)
	}
}

func TestAZ7_ChangesAnswer303(t *testing.T) {
	s := newSite(t, options{})
	s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	b.Follow(false)
	for _, form := range []struct{ path, button, values string }{
		{ui.PathProfile, "profile-submit", "name=Ada"}, {ui.PathEmail, "email-submit", "email=new@example.com"},
		{ui.PathSessionsEnd + "?which=" + otherSessions, "confirm-submit", ""}, {ui.PathPassword, "password-submit", "new_password=another good long passphrase"},
		{ui.PathDelete, "delete-submit", "confirm=ada@example.com"},
	} {
		action, values := b.Get(form.path).Form(form.button)
		extra, err := url.ParseQuery(form.values)
		logintest.Check(t, err)
		for name := range extra {
			values.Set(name, extra.Get(name))
		}
		if page := b.Post(action, values); page.Status != http.StatusSeeOther {
			t.Errorf("POST %s: %d, want 303", form.path, page.Status)
		}
	}
}
