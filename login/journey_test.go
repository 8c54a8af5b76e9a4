package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

func TestSignInWithAPassword(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("").Want(t, 200, `id="login-submit"`)
	if wrong := b.signIn("ada@example.com", "not her password"); wrong.Text("password-error") == "" {
		t.Fatalf("a wrong password says nothing:\n%s", wrong.Body)
	}
	b.signIn("ADA@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID)+" acr=aal1 amr=pwd")
	b.start("").Want(t, 200, "code for "+string(ada.ID)) // the session is enough
	s.clock.Advance(time.Second)
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`).Want(t, 200, "login-submit")
}

func TestOT4_LinksShowOnGetAndSpendOnPost(t *testing.T) {
	s := newSite(t, siteOptions{})
	b := s.browser()
	b.Get("/signup")
	b.Submit("signup-submit", "email=new@example.com", "password="+goodPassword)
	link := linkIn(t, s.inbox()[0].Text)
	phone := s.browser()
	for range 3 {
		phone.Get(link).Want(t, 200, "verify-submit")
	}
	// A scanner that submits by script has nobody's click behind it.
	phone.Header["Sec-Fetch-User"] = nil
	phone.Submit("verify-submit", "password="+goodPassword).Want(t, 200, "verify-submit")
	phone.Header.Del("Sec-Fetch-User")
	phone.Submit("verify-submit", "password="+goodPassword)
	if _, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com"); err != nil {
		t.Fatalf("no account: %v\n%s", err, phone.Page.Body)
	}
	phone.Get(link).Want(t, 410, "error-title")
}

func TestRE1_ResetNeitherSignsInNorSkipsTheFactor(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	ada := s.person("ada@example.com")
	first := s.browser()
	secret := first.enrolled("ada@example.com")
	first.Submit("recovery-continue").Want(t, 200, "code for")
	s.inbox()

	b := s.browser()
	b.Get("/forgot-password")
	b.Submit("forgot-submit", "email=ada@example.com").Want(t, 200, "")
	link := linkIn(t, s.inbox()[0].Text)
	b.Get(link).Want(t, 200, "reset-submit")
	if page := b.Submit("reset-submit", "new_password=password"); page.Text("new_password-error") == "" {
		t.Fatalf("a bad password is taken:\n%s", page.Body)
	}
	const next = "another long passphrase entirely"
	b.Submit("reset-submit", "new_password="+next)
	if page := b.Get("/account"); strings.Contains(page.Body, "account of") {
		t.Error("a reset signs in")
	}
	if page := first.Get("/account"); strings.Contains(page.Body, "account of") {
		t.Error("a reset leaves sessions")
	}
	b.Get(link).Want(t, 410, "error-title")
	s.clock.Advance(time.Minute)
	b.start("")
	if page := b.signIn("ada@example.com", goodPassword); page.Text("password-error") == "" {
		t.Error("the old password still works")
	}
	b.signIn("ada@example.com", next).Want(t, 200, "factor-submit")
	b.Submit("factor-submit", "code="+s.code(secret)).Want(t, 200, "code for "+string(ada.ID))
	notices := s.inbox()
	if len(notices) == 0 || !strings.Contains(notices[0].Subject+notices[0].Text, "assword") {
		t.Errorf("the owner was told %+v", notices)
	}
}

func TestVerifyStepKeepsTheUnverifiedOut(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.RequireVerifiedEmail = true }})
	ada := s.person("ada@example.com", func(u *storage.User) { u.EmailVerified = false })
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "verify-submit")
	mail := s.inbox()
	b.Submit("verify-submit", "code="+mail[0].Code).Want(t, 200, "code for "+string(ada.ID))
}

func TestAZ8_ConsentIsAskedRememberedAndTakenBack(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.Consent = client.ConsentRemember }})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "consent-allow")
	b.Submit("consent-deny").Want(t, 200, "denied")
	b.start("").Want(t, 200, "consent-allow")
	b.Submit("consent-allow").Want(t, 200, "code for "+string(ada.ID))
	b.start("").Want(t, 200, "code for")
	b.start(`{"client_id":"wiki","scopes":["openid","email"]}`).Want(t, 200, "consent-allow")
	// Of claims that are asked for by name, people are asked about the scopes.
	const named = `{"client_id":"wiki","scopes":["openid"],"claim_scopes":["phone"]}`
	b.start(named).Want(t, 200, "see your phone number")
	b.Submit("consent-allow").Want(t, 200, "code for "+string(ada.ID))
	b.start(named).Want(t, 200, "code for")
	b.start(`{"client_id":"wiki","scopes":["openid","phone"]}`).Want(t, 200, "code for")
	// What the person took back on their account page is asked for again.
	check(t, s.store.Grants().RevokeClient(t.Context(), ada.ID, "wiki", s.clock.Now(), storage.RevokedByUser, s.event(storage.EventApplicationRevoked)))
	b.start("").Want(t, 200, "consent-allow")
}

// TestAZ6_MaxAgeAsksForWhatIsTooOld: of a password and a code, the one that is
// older than the request allows is asked for, and the other one is not.
func TestAZ6_MaxAgeAsksForWhatIsTooOld(t *testing.T) {
	const tenMinutes = `{"client_id":"wiki","scopes":["openid"],"essential_acr":["aal2"],"max_age":600}`
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "acr=aal1")
	s.clock.Advance(8 * time.Minute)
	page := b.start(tenMinutes)
	page = b.Get(page.URL.RequestURI() + "&factor=totp")
	secret := page.Text("totp-secret")
	b.Submit("enroll-submit", "code="+s.code(secret))
	b.Submit("recovery-continue").Want(t, 200, "acr=aal2")

	s.clock.Advance(3 * time.Minute) // the password is 11 minutes old, the code 3
	b.start(tenMinutes).Want(t, 200, "login-submit")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID)+" acr=aal2")

	s.clock.Advance(8 * time.Minute) // the password is 8 minutes old, the code 11
	page = b.start(tenMinutes)
	page.Want(t, 200, "factor-submit")
	if page.Has("password") {
		t.Error("a password that is young enough is asked for")
	}
	b.Submit("factor-submit", "code="+s.code(secret)).Want(t, 200, "acr=aal2")
	b.start(`{"client_id":"wiki","scopes":["openid"],"max_age":0}`).Want(t, 200, "login-submit")
}

func TestSE1_APlantedCookieIsWorthNothing(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	before := b.Cookies()
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for")
	var old string
	for _, c := range b.Cookies() {
		if strings.HasSuffix(c.Name, "session") {
			old = c.Value
		}
	}
	s.clock.Advance(time.Minute)
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`)
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for")
	thief := s.browser()
	thief.Client.Jar.SetCookies(s.url, append(before, &http.Cookie{Name: "latchkey-session", Value: old}))
	if page := thief.Get("/account"); strings.Contains(page.Body, "account of") {
		t.Error("the secret of before a new sign-in still works")
	}
}

func TestTH3_StrangersCannotLockAnOwnerOut(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		tight := storage.Backoff{Free: 3, Base: time.Minute, Max: time.Hour, Window: time.Hour}
		l.SignInAccount, l.SignInPair, l.SignInKnown = tight, tight, tight
	}})
	ada := s.person("ada@example.com")
	known := s.browser()
	known.start("")
	known.signIn("ada@example.com", goodPassword).Want(t, 200, "code for")
	stranger := s.browser()
	stranger.start("")
	limited := false
	for range 6 {
		if page := stranger.signInIfPossible("ada@example.com", "guess"); page.Status == http.StatusTooManyRequests {
			if page.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			limited = true
		}
	}
	if !limited {
		t.Fatal("guesses are not limited")
	}
	s.clock.Advance(time.Second)
	known.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`)
	known.signIn("ada@example.com", goodPassword).Want(t, 200, "code for "+string(ada.ID))
}

func (b *browser) signInIfPossible(username, password string) *testbrowser.Page {
	b.s.t.Helper()
	if !b.Page.Has("login-submit") {
		b.start("")
	}
	return b.signIn(username, password)
}

func TestCS3_WhereAFlowReturnsToIsOurs(t *testing.T) {
	for path, ours := range map[string]bool{
		"/account": true, "/account/security?done=saved": true, "": false, "account": false, "//evil.example.com": false,
		`/\evil.example.com`: false, "https://evil.example.com": false,
	} {
		if isOurPath(path) != ours {
			t.Errorf("%q is ours: %v", path, !ours)
		}
	}
}

func TestNoWayInIsAPageAndNoLoop(t *testing.T) {
	s := newSite(t, siteOptions{policy: func(p *mfa.Policy) {
		p.Required, p.Allowed = true, []storage.FactorKind{storage.FactorRecovery}
	}})
	s.person("ada@example.com")
	b := s.browser()
	b.Get("/account")
	b.signIn("ada@example.com", goodPassword).Want(t, http.StatusForbidden, "error-title")
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "error unmet_authentication_requirements")
}

func TestAResetLeadsBackToASignInThatSaysSo(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.Get(strings.Replace(b.Page.URL.RequestURI(), "/login?", "/forgot-password?", 1)).Want(t, 200, "forgot-submit")
	b.Submit("forgot-submit", "email=ada@example.com")
	b.Get(linkIn(t, s.inbox()[0].Text))
	const next = "another long passphrase entirely"
	if page := b.Submit("reset-submit", "new_password="+next); !page.Has("login-submit") || page.Text("notice") == "" {
		t.Fatalf("nothing says that the password is set:\n%s", page.Body)
	}
	b.signIn("ada@example.com", next).Want(t, 200, "code for "+string(ada.ID))
}
