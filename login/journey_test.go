package login

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
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

// requireFactor is a client that asks everyone for a second factor.
func requireFactor(c *client.Client) { c.RequireMFA = true }

// enrolled signs in and adds an authenticator app; it returns its secret.
func (b *browser) enrolled(username string) string {
	b.s.t.Helper()
	b.start("")
	page := b.signIn(username, goodPassword)
	if page.Has("enroll-later") || strings.Contains(page.Body, `data-factor="totp"`) {
		page = b.Get(strings.ReplaceAll(page.URL.RequestURI(), "/enroll?", "/enroll?factor=totp&"))
	}
	secret := page.Text("totp-secret")
	if secret == "" {
		b.s.t.Fatalf("no secret on %s:\n%s", page.URL, page.Body)
	}
	page = b.Submit("enroll-submit", "code="+b.s.code(secret), "name=Phone")
	page.Want(b.s.t, 200, "recovery-code")
	return secret
}

func TestTP4_EnrollmentIsConfirmedAndShownOnce(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	ada := s.person("ada@example.com")
	b := s.browser()
	secret := b.enrolled("ada@example.com")
	codes := strings.Count(b.Page.Body, `class="recovery-code"`)
	if codes != 10 {
		t.Errorf("%d recovery codes, want 10", codes)
	}
	at := b.Page.URL.RequestURI()
	b.Submit("recovery-continue").Want(t, 200, "code for "+string(ada.ID)+" acr=aal2 amr=mfa,otp,pwd")
	if again := b.Get(at); strings.Contains(again.Body, "recovery-code\"") {
		t.Error("recovery codes are shown again")
	}
	// The code that confirmed the enrollment is spent.
	other := s.browser()
	other.start("")
	other.signIn("ada@example.com", goodPassword).Want(t, 200, "factor-submit")
	if page := other.Submit("factor-submit", "code="+s.code(secret)); page.Text("code-error") == "" {
		t.Errorf("the enrollment's code was taken again:\n%s", page.Body)
	}
	s.clock.Advance(31 * time.Second)
	other.Submit("factor-submit", "code="+s.code(secret)).Want(t, 200, "acr=aal2")
}

func TestRecoveryCodeForcesEnrollment(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	b := s.browser()
	b.enrolled("ada@example.com")
	code := regexpCode(b.Page.Body)
	b.Submit("recovery-continue")
	s.clock.Advance(time.Minute)
	other := s.browser()
	other.start("")
	page := other.signIn("ada@example.com", goodPassword)
	other.Get(page.URL.RequestURI()+"&factor=recovery").Want(t, 200, "factor-submit")
	other.Submit("factor-submit", "code="+code).Want(t, 200, "/enroll?")
	if page := other.Get("/account"); strings.Contains(page.Body, "account of") {
		t.Error("a recovery code signed in without replacing what was lost")
	}
}

func regexpCode(body string) string {
	_, rest, _ := strings.Cut(body, `<code class="recovery-code">`)
	code, _, _ := strings.Cut(rest, "<")
	return code
}

func TestStepUpAsksForTheMissingFactorAlone(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "acr=aal1")
	s.clock.Advance(time.Minute)
	stepUp := `{"client_id":"wiki","scopes":["openid"],"essential_acr":["aal2"]}`
	page := b.start(stepUp)
	if strings.Contains(page.Body, "login-submit") {
		t.Fatal("a step-up asks for the password")
	}
	page = b.Get(page.URL.RequestURI() + "&factor=totp")
	secret := page.Text("totp-secret")
	b.Submit("enroll-submit", "code="+s.code(secret)).Want(t, 200, "recovery-continue")
	b.Submit("recovery-continue").Want(t, 200, "code for "+string(ada.ID)+" acr=aal2")
	b.start(stepUp).Want(t, 200, "acr=aal2")
}

func TestPA1_PA2_PartialSignInIsOfNoOtherUse(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	first := s.browser()
	first.enrolled("ada@example.com")
	first.Submit("recovery-continue")
	s.clock.Advance(time.Minute)

	b := s.browser()
	b.start("")
	page := b.signIn("ada@example.com", goodPassword)
	page.Want(t, 200, "factor-submit")
	// With that cookie alone nothing else opens.
	if account := b.Get("/account"); strings.Contains(account.Body, "account of") {
		t.Error("a partial sign-in opens the account")
	}
	// Another browser that knows the address gets nothing.
	thief := s.browser()
	thief.Get("/login")
	thief.Get(page.URL.RequestURI()).Want(t, 400, "error-title")
	// Another kind of browser, or another network, ends the attempt.
	b.Get(page.URL.RequestURI()).Want(t, 200, "factor-submit")
	b.Header.Set("User-Agent", "curl/8")
	b.Get(page.URL.RequestURI()).Want(t, 200, "login-submit")
	b.Header.Del("User-Agent")
	b.Get(page.URL.RequestURI()).Want(t, 200, "login-submit")
	// It ends by itself, too.
	s.clock.Advance(10 * time.Second)
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "factor-submit")
	s.clock.Advance(6 * time.Minute)
	b.Get(page.URL.RequestURI()).Want(t, 200, "login-submit")
}

func TestTriesOfAnAttemptAreFew(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	first := s.browser()
	secret := first.enrolled("ada@example.com")
	s.clock.Advance(time.Minute)
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword)
	ended := false
	for range 6 {
		page := b.Submit("factor-submit", "code=000000")
		if page.Status != http.StatusOK {
			ended = true
			break
		}
	}
	if !ended {
		t.Fatal("six wrong codes did not end the attempt")
	}
	_ = secret
}

func TestTD2_TrustedDeviceSparesTheFactorAndSaysSo(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.RequireMFA, c.TrustDevices = true, true }})
	s.person("ada@example.com")
	b := s.browser()
	secret := b.enrolled("ada@example.com")
	b.Submit("recovery-continue")
	s.clock.Advance(25 * time.Hour) // the session is over
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "trust_device")
	b.Submit("factor-submit", "code="+s.code(secret), "trust_device=1").Want(t, 200, "acr=aal2")
	s.clock.Advance(25 * time.Hour)
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "acr=aal1 amr=pwd")
	b.start("").Want(t, 200, "acr=aal1 amr=pwd") // the session goes on
	b.start(`{"client_id":"wiki","scopes":["openid"],"acr_values":["aal2"]}`).Want(t, 200, "factor-submit")
}

func TestSignUpByCode(t *testing.T) {
	s := newSite(t, siteOptions{})
	b := s.browser()
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["create"]}`).Want(t, 200, "signup-submit")
	b.Submit("signup-submit", "email=new@example.com", "username=newbie", "name=New Person", "password="+goodPassword).Want(t, 200, "verify-submit")
	if _, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com"); err == nil {
		t.Error("the account exists before its address is confirmed")
	}
	mail := s.inbox()
	if len(mail) != 1 || mail[0].Code == "" {
		t.Fatalf("messages are %+v", mail)
	}
	if page := b.Submit("verify-submit", "code=00000000"); page.Text("code-error") == "" {
		t.Fatalf("a wrong code says nothing:\n%s", page.Body)
	}
	b.Submit("verify-submit", "code="+mail[0].Code).Want(t, 200, "code for ")
	u, err := s.store.Users().ByIdentifier(t.Context(), "newbie")
	check(t, err)
	if !u.EmailVerified || u.Profile.Name != "New Person" {
		t.Errorf("account is %+v", u)
	}
}

func TestEN1_SignUpAnswersAlike(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("known@example.com")
	answers := map[string]*testbrowser.Page{}
	for _, email := range []string{"known@example.com", "fresh@example.com"} {
		b := s.browser()
		b.Get("/signup")
		page := b.Submit("signup-submit", "email="+email, "password="+goodPassword)
		answers[email] = page
	}
	known, fresh := answers["known@example.com"], answers["fresh@example.com"]
	if known.Status != fresh.Status || known.URL.Path != fresh.URL.Path || known.Has("verify-submit") != fresh.Has("verify-submit") {
		t.Errorf("known: %d %s; fresh: %d %s", known.Status, known.URL.Path, fresh.Status, fresh.URL.Path)
	}
	for _, m := range s.inbox() {
		if (m.To == "known@example.com") == (m.Code != "") {
			t.Errorf("to %s went a message with code %q", m.To, m.Code)
		}
	}
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

// TestFE4_ASignUpLinkElsewhereAsksForThePassword has an intruder sign up with
// the address of somebody who presses the link.
func TestFE4_ASignUpLinkElsewhereAsksForThePassword(t *testing.T) {
	const own = "another long passphrase entirely"
	for name, tt := range map[string]struct {
		here     bool
		field    string
		fails    string
		password string
	}{
		"here":                {here: true, password: goodPassword},
		"no password":         {fails: "password-error"},
		"wrong password":      {field: "password=" + own, fails: "password-error"},
		"the chosen password": {field: "password=" + goodPassword, password: goodPassword},
		"a weak new password": {field: "new_password=password", fails: "new_password-error"},
		"a new password":      {field: "new_password=" + own, password: own},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{})
			asker := s.browser()
			asker.Get("/signup")
			asker.Submit("signup-submit", "email=new@example.com", "password="+goodPassword, "name=Intruder")
			b := s.browser()
			if tt.here {
				b = asker
			}
			page := b.Get(linkIn(t, s.inbox()[0].Text))
			page.Want(t, 200, "verify-submit")
			if page.Has("password") == tt.here {
				t.Errorf("asks for the password: %t", !tt.here)
			}
			var fields []string
			if tt.field != "" {
				fields = append(fields, tt.field)
			}
			page = b.Submit("verify-submit", fields...)
			user, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com")
			if tt.fails != "" {
				if err == nil || page.Text(tt.fails) == "" {
					t.Errorf("account is %v (%v), page:\n%s", user, err, page.Body)
				}
				return
			}
			check(t, err)
			if got := user.Profile.Name; (got == "") != (tt.password == own) {
				t.Errorf("the account is named %q", got)
			}
			for _, password := range []string{goodPassword, own} {
				fresh := s.browser()
				fresh.start("")
				works := fresh.signIn("new@example.com", password).Text("password-error") == ""
				if works != (password == tt.password) {
					t.Errorf("%q works: %t", password, works)
				}
			}
		})
	}
}

// linkIn returns the path and query of the first link in a text.
func linkIn(t *testing.T, text string) string {
	t.Helper()
	for _, word := range strings.Fields(text) {
		if u, err := url.Parse(word); err == nil && u.Scheme == "http" && u.RawQuery != "" {
			return u.RequestURI()
		}
	}
	t.Fatalf("no link in:\n%s", text)
	return ""
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

func TestAbilitiesOfPolicyReachTheDocument(t *testing.T) {
	s := newSite(t, siteOptions{policy: func(p *mfa.Policy) { p.CountEmail = true }})
	got := strings.Join(s.pages.ACRValues(), " ")
	if got != "aal1 mfa aal2" { // an address has no passkeys
		t.Errorf("acr values are %q", got)
	}
}

func TestSignUpByInvitation(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.SignUp.Mode = account.SignUpInvitation }})
	const token = "an-invitation-of-more-than-128-bits-of-secret"
	now := s.clock.Now()
	check(t, s.store.Invitations().Create(t.Context(), &storage.Invitation{
		ID: s.parts.ID(), TokenHash: s.parts.Hasher.Sum("invitation", token), Email: "guest@example.com",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, s.event(storage.EventInvitationCreated)))

	s.browser().Get("/signup").Want(t, http.StatusForbidden, "error-title")
	s.browser().Get("/signup?invitation=another").Want(t, http.StatusGone, "error-title")
	b := s.browser()
	b.Get("/signup?invitation="+token).Want(t, 200, "guest@example.com")
	// Whatever the form says, the invitation is for one address.
	b.Submit("signup-submit", "email=eve@example.com", "username=guest", "password="+goodPassword).Want(t, 200, "verify-submit")
	mail := s.inbox()
	if len(mail) != 1 || mail[0].To != "guest@example.com" {
		t.Fatalf("messages are %+v", mail)
	}
	b.Submit("verify-submit", "code="+mail[0].Code).Want(t, 200, "account of ")
	u, err := s.store.Users().ByIdentifier(t.Context(), "guest@example.com")
	check(t, err)
	if !u.EmailVerified || u.Username != "guest" {
		t.Errorf("account is %+v", u)
	}
	s.browser().Get("/signup?invitation="+token).Want(t, http.StatusGone, "error-title") // it was used
}

// TestAnOfficeIsInvitedOnOneDay: any number of invited people sign up from one address,
// and what strangers spent of its budgets keeps none of them out; one invitation does not
// send without end.
func TestAnOfficeIsInvitedOnOneDay(t *testing.T) {
	tight := storage.Backoff{Free: 1, Base: time.Minute, Max: time.Hour, Window: time.Hour}
	s := newSite(t, siteOptions{
		accounts: func(c *account.Config) { c.SignUp.Mode = account.SignUpInvitation },
		limits: func(l *limits.Bounds) {
			l.SignUp.Address, l.Resend.Address, l.Messages.Address, l.Messages.AnonymousPerHour = tight, tight, tight, 1
			l.SignUp.Account = storage.Backoff{Free: 3, Base: time.Minute, Max: time.Hour, Window: time.Hour}
		},
	})
	now := s.clock.Now()
	invite := func(i int) string {
		token := fmt.Sprintf("an-invitation-of-more-than-128-bits-of-secret-%c", 'a'+i)
		check(t, s.store.Invitations().Create(t.Context(), &storage.Invitation{
			ID: s.parts.ID(), TokenHash: s.parts.Hasher.Sum("invitation", token), Email: fmt.Sprintf("guest%d@example.com", i),
			CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}, s.event(storage.EventInvitationCreated)))
		return "/signup?invitation=" + token
	}
	for i := range 25 {
		b := s.browser()
		b.Get(invite(i))
		b.Submit("signup-submit", "password="+goodPassword).Want(t, http.StatusOK, "verify-submit")
	}
	b := s.browser()
	b.Get(invite(25))
	sent := 0
	for page := b.Submit("signup-submit", "password="+goodPassword); page.Status == http.StatusOK && sent < 20; sent++ {
		s.clock.Advance(6 * time.Second) // no double click
		page = b.Submit("verify-resend")
	}
	if sent != 4 {
		t.Errorf("one invitation sent %d messages, want 4", sent)
	}
}

func TestSignUpIsOff(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.SignUp.Mode = account.SignUpOff }})
	s.browser().Get("/signup").Want(t, http.StatusForbidden, "error-title")
	b := s.browser()
	if page := b.start(""); page.Has("signup-link") {
		t.Error("the sign-in page offers what is off")
	}
}

func TestSignUpByNameAlone(t *testing.T) {
	s := newSite(t, siteOptions{accounts: func(c *account.Config) { c.SignUp.Email = account.PresenceOptional }})
	b := s.browser()
	b.start("")
	b.Get(strings.Replace(b.Page.URL.RequestURI(), "/login?", "/signup?", 1)).Want(t, 200, "signup-submit")
	if page := b.Submit("signup-submit", "email=", "password="+goodPassword); page.Text("username-error") == "" {
		t.Fatalf("an account without any name:\n%s", page.Body)
	}
	b.Submit("signup-submit", "email=", "username=newbie", "password="+goodPassword).Want(t, 200, "code for ")
	other := s.browser()
	other.Get("/signup")
	if page := other.Submit("signup-submit", "email=", "username=Newbie", "password="+goodPassword); page.Text("username-error") == "" {
		t.Errorf("a name that is taken says nothing:\n%s", page.Body)
	}
	if len(s.inbox()) != 0 {
		t.Error("a message was sent")
	}
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

// TestPolicyGraceRunsForWhoNeverLooks: the time to enroll is not won by leaving the
// page out that tells of it.
func TestPolicyGraceRunsForWhoNeverLooks(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor, policy: func(p *mfa.Policy) { p.EnrollGrace = time.Hour }})
	ada := s.person("ada@example.com")
	putOff := func() *testbrowser.Page {
		b := s.browser()
		b.start("")
		csrf := b.Page.Value("csrf")
		at := url.Values{interaction.Param: {b.Page.URL.Query().Get(interaction.Param)}}.Encode()
		b.Follow(false)
		b.signIn("ada@example.com", goodPassword)
		b.Follow(true)
		return b.Post("/enroll?"+at, url.Values{"csrf": {csrf}, "later": {"1"}})
	}
	putOff().Want(t, http.StatusOK, "code for "+string(ada.ID))
	s.clock.Advance(2 * time.Hour)
	if page := putOff(); !page.Has("enroll-submit") {
		t.Errorf("enrollment is put off for good by who never opens its page:\n%s", page.Body)
	}
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
