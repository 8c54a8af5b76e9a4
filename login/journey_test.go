package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

func TestSignInWithAPassword(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("").want(t, 200, `id="login-submit"`)
	if wrong := b.signIn("ada@example.com", "not her password"); wrong.text("password-error") == "" {
		t.Fatalf("a wrong password says nothing:\n%s", wrong.body)
	}
	b.signIn("ADA@example.com", goodPassword).want(t, 200, "code for "+string(ada.ID)+" acr=aal1 amr=pwd")
	b.start("").want(t, 200, "code for "+string(ada.ID)) // the session is enough
	s.clock.Advance(time.Second)
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`).want(t, 200, "login-submit")
}

// requireFactor is a client that asks everyone for a second factor.
func requireFactor(c *client.Client) { c.RequireMFA = true }

// enrolled signs in and adds an authenticator app; it returns its secret.
func (b *browser) enrolled(username string) string {
	b.s.t.Helper()
	b.start("")
	page := b.signIn(username, goodPassword)
	if page.has("enroll-later") || strings.Contains(page.body, `data-factor="totp"`) {
		page = b.get(strings.ReplaceAll(page.url.RequestURI(), "/enroll?", "/enroll?factor=totp&"))
	}
	secret := page.text("totp-secret")
	if secret == "" {
		b.s.t.Fatalf("no secret on %s:\n%s", page.url, page.body)
	}
	page = b.submit("enroll-submit", "code="+b.s.code(secret), "name=Phone")
	page.want(b.s.t, 200, "recovery-code")
	return secret
}

func TestTP4_EnrolmentIsConfirmedAndShownOnce(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	ada := s.person("ada@example.com")
	b := s.browser()
	secret := b.enrolled("ada@example.com")
	codes := strings.Count(b.page.body, `class="recovery-code"`)
	if codes != 10 {
		t.Errorf("%d recovery codes, want 10", codes)
	}
	at := b.page.url.RequestURI()
	b.submit("recovery-continue").want(t, 200, "code for "+string(ada.ID)+" acr=aal2 amr=mfa,otp,pwd")
	if again := b.get(at); strings.Contains(again.body, "recovery-code\"") {
		t.Error("recovery codes are shown again")
	}
	// The code that confirmed the enrolment is spent.
	other := s.browser()
	other.start("")
	other.signIn("ada@example.com", goodPassword).want(t, 200, "factor-submit")
	if page := other.submit("factor-submit", "code="+s.code(secret)); page.text("code-error") == "" {
		t.Errorf("the enrolment's code was taken again:\n%s", page.body)
	}
	s.clock.Advance(31 * time.Second)
	other.submit("factor-submit", "code="+s.code(secret)).want(t, 200, "acr=aal2")
}

func TestRecoveryCodeForcesEnrolment(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	b := s.browser()
	b.enrolled("ada@example.com")
	code := regexpCode(b.page.body)
	b.submit("recovery-continue")
	s.clock.Advance(time.Minute)
	other := s.browser()
	other.start("")
	page := other.signIn("ada@example.com", goodPassword)
	other.get(page.url.RequestURI()+"&factor=recovery").want(t, 200, "factor-submit")
	other.submit("factor-submit", "code="+code).want(t, 200, "/enroll?")
	if page := other.get("/account"); strings.Contains(page.body, "account of") {
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
	b.signIn("ada@example.com", goodPassword).want(t, 200, "acr=aal1")
	s.clock.Advance(time.Minute)
	stepUp := `{"client_id":"wiki","scopes":["openid"],"essential_acr":["aal2"]}`
	page := b.start(stepUp)
	if strings.Contains(page.body, "login-submit") {
		t.Fatal("a step-up asks for the password")
	}
	page = b.get(page.url.RequestURI() + "&factor=totp")
	secret := page.text("totp-secret")
	b.submit("enroll-submit", "code="+s.code(secret)).want(t, 200, "recovery-continue")
	b.submit("recovery-continue").want(t, 200, "code for "+string(ada.ID)+" acr=aal2")
	b.start(stepUp).want(t, 200, "acr=aal2")
}

func TestPA1_PA2_PartialSignInIsOfNoOtherUse(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	first := s.browser()
	first.enrolled("ada@example.com")
	first.submit("recovery-continue")
	s.clock.Advance(time.Minute)

	b := s.browser()
	b.start("")
	page := b.signIn("ada@example.com", goodPassword)
	page.want(t, 200, "factor-submit")
	// With that cookie alone nothing else opens.
	if account := b.get("/account"); strings.Contains(account.body, "account of") {
		t.Error("a partial sign-in opens the account")
	}
	// Another browser that knows the address gets nothing.
	thief := s.browser()
	thief.get("/login")
	thief.get(page.url.RequestURI()).want(t, 400, "error-title")
	// Another kind of browser, or another network, ends the attempt.
	b.get(page.url.RequestURI()).want(t, 200, "factor-submit")
	b.agent = "curl/8"
	b.get(page.url.RequestURI()).want(t, 200, "login-submit")
	b.agent = "Mozilla/5.0 (X11; Linux) Firefox/140.0"
	b.get(page.url.RequestURI()).want(t, 200, "login-submit")
	// It ends by itself, too.
	b.signIn("ada@example.com", goodPassword).want(t, 200, "factor-submit")
	s.clock.Advance(6 * time.Minute)
	b.get(page.url.RequestURI()).want(t, 200, "login-submit")
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
		page := b.submit("factor-submit", "code=000000")
		if page.status != http.StatusOK {
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
	b.submit("recovery-continue")
	s.clock.Advance(25 * time.Hour) // the session is over
	b.start("")
	b.signIn("ada@example.com", goodPassword).want(t, 200, "trust_device")
	b.submit("factor-submit", "code="+s.code(secret), "trust_device=1").want(t, 200, "acr=aal2")
	s.clock.Advance(25 * time.Hour)
	b.start("")
	b.signIn("ada@example.com", goodPassword).want(t, 200, "acr=aal1 amr=pwd")
	b.start("").want(t, 200, "acr=aal1 amr=pwd") // the session goes on
	b.start(`{"client_id":"wiki","scopes":["openid"],"acr_values":["aal2"]}`).want(t, 200, "factor-submit")
}

func TestSignUpByCode(t *testing.T) {
	s := newSite(t, siteOptions{})
	b := s.browser()
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["create"]}`).want(t, 200, "signup-submit")
	b.submit("signup-submit", "email=new@example.com", "username=newbie", "name=New Person", "password="+goodPassword).want(t, 200, "verify-submit")
	if _, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com"); err == nil {
		t.Error("the account exists before its address is confirmed")
	}
	mail := s.inbox()
	if len(mail) != 1 || mail[0].Code == "" {
		t.Fatalf("messages are %+v", mail)
	}
	if page := b.submit("verify-submit", "code=00000000"); page.text("code-error") == "" {
		t.Fatalf("a wrong code says nothing:\n%s", page.body)
	}
	b.submit("verify-submit", "code="+mail[0].Code).want(t, 200, "code for ")
	u, err := s.store.Users().ByIdentifier(t.Context(), "newbie")
	check(t, err)
	if !u.EmailVerified || u.Profile.Name != "New Person" {
		t.Errorf("account is %+v", u)
	}
}

func TestEN1_SignUpAnswersAlike(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("known@example.com")
	answers := map[string]*shown{}
	for _, email := range []string{"known@example.com", "fresh@example.com"} {
		b := s.browser()
		b.get("/signup")
		page := b.submit("signup-submit", "email="+email, "password="+goodPassword)
		answers[email] = page
	}
	known, fresh := answers["known@example.com"], answers["fresh@example.com"]
	if known.status != fresh.status || known.url.Path != fresh.url.Path || known.has("verify-submit") != fresh.has("verify-submit") {
		t.Errorf("known: %d %s; fresh: %d %s", known.status, known.url.Path, fresh.status, fresh.url.Path)
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
	b.get("/signup")
	b.submit("signup-submit", "email=new@example.com", "password="+goodPassword)
	link := linkIn(t, s.inbox()[0].Text)
	phone := s.browser()
	for range 3 {
		phone.get(link).want(t, 200, "verify-submit")
	}
	// A scanner that submits by script has nobody's click behind it.
	phone.header.Set("Sec-Fetch-Mode", "navigate")
	phone.submit("verify-submit").want(t, 200, "verify-submit")
	phone.header.Set("Sec-Fetch-User", "?1")
	phone.submit("verify-submit")
	if _, err := s.store.Users().ByIdentifier(t.Context(), "new@example.com"); err != nil {
		t.Fatalf("no account: %v\n%s", err, phone.page.body)
	}
	phone.get(link).want(t, 410, "error-title")
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
	first.submit("recovery-continue").want(t, 200, "code for")
	s.inbox()

	b := s.browser()
	b.get("/forgot-password")
	b.submit("forgot-submit", "email=ada@example.com").want(t, 200, "")
	link := linkIn(t, s.inbox()[0].Text)
	b.get(link).want(t, 200, "reset-submit")
	if page := b.submit("reset-submit", "new_password=password"); page.text("new_password-error") == "" {
		t.Fatalf("a bad password is taken:\n%s", page.body)
	}
	const next = "another long passphrase entirely"
	b.submit("reset-submit", "new_password="+next)
	if page := b.get("/account"); strings.Contains(page.body, "account of") {
		t.Error("a reset signs in")
	}
	if page := first.get("/account"); strings.Contains(page.body, "account of") {
		t.Error("a reset leaves sessions")
	}
	b.get(link).want(t, 410, "error-title")
	s.clock.Advance(time.Minute)
	b.start("")
	if page := b.signIn("ada@example.com", goodPassword); page.text("password-error") == "" {
		t.Error("the old password still works")
	}
	b.signIn("ada@example.com", next).want(t, 200, "factor-submit")
	b.submit("factor-submit", "code="+s.code(secret)).want(t, 200, "code for "+string(ada.ID))
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
	b.signIn("ada@example.com", goodPassword).want(t, 200, "verify-submit")
	mail := s.inbox()
	b.submit("verify-submit", "code="+mail[0].Code).want(t, 200, "code for "+string(ada.ID))
}

func TestAZ8_ConsentIsAskedRememberedAndTakenBack(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.Consent = client.ConsentRemember }})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).want(t, 200, "consent-allow")
	b.submit("consent-deny").want(t, 200, "denied")
	b.start("").want(t, 200, "consent-allow")
	b.submit("consent-allow").want(t, 200, "code for "+string(ada.ID))
	b.start("").want(t, 200, "code for")
	b.start(`{"client_id":"wiki","scopes":["openid","email"]}`).want(t, 200, "consent-allow")
	// What the person took back on their account page is asked for again.
	check(t, s.store.Grants().RevokeClient(t.Context(), ada.ID, "wiki", s.clock.Now(), storage.RevokedByUser, s.event(storage.EventApplicationRevoked)))
	b.start("").want(t, 200, "consent-allow")
}

// TestAZ6_MaxAgeAsksForWhatIsTooOld: of a password and a code, the one that is
// older than the request allows is asked for, and the other one is not.
func TestAZ6_MaxAgeAsksForWhatIsTooOld(t *testing.T) {
	const tenMinutes = `{"client_id":"wiki","scopes":["openid"],"essential_acr":["aal2"],"max_age":600}`
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).want(t, 200, "acr=aal1")
	s.clock.Advance(8 * time.Minute)
	page := b.start(tenMinutes)
	page = b.get(page.url.RequestURI() + "&factor=totp")
	secret := page.text("totp-secret")
	b.submit("enroll-submit", "code="+s.code(secret))
	b.submit("recovery-continue").want(t, 200, "acr=aal2")

	s.clock.Advance(3 * time.Minute) // the password is 11 minutes old, the code 3
	b.start(tenMinutes).want(t, 200, "login-submit")
	b.signIn("ada@example.com", goodPassword).want(t, 200, "code for "+string(ada.ID)+" acr=aal2")

	s.clock.Advance(8 * time.Minute) // the password is 8 minutes old, the code 11
	page = b.start(tenMinutes)
	page.want(t, 200, "factor-submit")
	if page.has("password") {
		t.Error("a password that is young enough is asked for")
	}
	b.submit("factor-submit", "code="+s.code(secret)).want(t, 200, "acr=aal2")
	b.start(`{"client_id":"wiki","scopes":["openid"],"max_age":0}`).want(t, 200, "login-submit")
}

func TestSE1_APlantedCookieIsWorthNothing(t *testing.T) {
	s := newSite(t, siteOptions{})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	before := b.client.Jar.Cookies(s.url)
	b.signIn("ada@example.com", goodPassword).want(t, 200, "code for")
	var old string
	for _, c := range b.client.Jar.Cookies(s.url) {
		if strings.HasSuffix(c.Name, "session") {
			old = c.Value
		}
	}
	s.clock.Advance(time.Minute)
	b.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`)
	b.signIn("ada@example.com", goodPassword).want(t, 200, "code for")
	thief := s.browser()
	thief.client.Jar.SetCookies(s.url, append(before, &http.Cookie{Name: "latchkey-session", Value: old}))
	if page := thief.get("/account"); strings.Contains(page.body, "account of") {
		t.Error("the secret of before a new sign-in still works")
	}
}

func TestTH3_StrangersCannotLockAnOwnerOut(t *testing.T) {
	s := newSite(t, siteOptions{config: func(c *Config) {
		tight := storage.Backoff{Free: 3, Base: time.Minute, Max: time.Hour, Window: time.Hour}
		c.Limits.SignInAccount, c.Limits.SignInPair, c.Limits.SignInKnown = tight, tight, tight
	}})
	ada := s.person("ada@example.com")
	known := s.browser()
	known.start("")
	known.signIn("ada@example.com", goodPassword).want(t, 200, "code for")
	stranger := s.browser()
	stranger.start("")
	limited := false
	for range 6 {
		if page := stranger.signInIfPossible("ada@example.com", "guess"); page.status == http.StatusTooManyRequests {
			if page.header.Get("Retry-After") == "" {
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
	known.signIn("ada@example.com", goodPassword).want(t, 200, "code for "+string(ada.ID))
}

func (b *browser) signInIfPossible(username, password string) *shown {
	b.s.t.Helper()
	if !b.page.has("login-submit") {
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
	s := newSite(t, siteOptions{config: func(c *Config) { c.SignUp = SignUpInvitation }})
	const token = "an-invitation-of-more-than-128-bits-of-secret"
	now := s.clock.Now()
	check(t, s.store.Invitations().Create(t.Context(), &storage.Invitation{
		ID: s.parts.ID(), TokenHash: s.pages.cfg.Hasher.Sum("invitation", token), Email: "guest@example.com",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, s.event(storage.EventInvitationCreated)))

	s.browser().get("/signup").want(t, http.StatusForbidden, "error-title")
	s.browser().get("/signup?invitation=another").want(t, http.StatusGone, "error-title")
	b := s.browser()
	b.get("/signup?invitation="+token).want(t, 200, "guest@example.com")
	// Whatever the form says, the invitation is for one address.
	b.submit("signup-submit", "email=eve@example.com", "username=guest", "password="+goodPassword).want(t, 200, "verify-submit")
	mail := s.inbox()
	if len(mail) != 1 || mail[0].To != "guest@example.com" {
		t.Fatalf("messages are %+v", mail)
	}
	b.submit("verify-submit", "code="+mail[0].Code).want(t, 200, "account of ")
	u, err := s.store.Users().ByIdentifier(t.Context(), "guest@example.com")
	check(t, err)
	if !u.EmailVerified || u.Username != "guest" {
		t.Errorf("account is %+v", u)
	}
	s.browser().get("/signup?invitation="+token).want(t, http.StatusGone, "error-title") // it was used
}

func TestSignUpIsOff(t *testing.T) {
	s := newSite(t, siteOptions{config: func(c *Config) { c.SignUp = SignUpOff }})
	s.browser().get("/signup").want(t, http.StatusForbidden, "error-title")
	b := s.browser()
	if page := b.start(""); page.has("signup-link") {
		t.Error("the sign-in page offers what is off")
	}
}

func TestSignUpByNameAlone(t *testing.T) {
	s := newSite(t, siteOptions{config: func(c *Config) { c.SignUpEmail = "optional" }})
	b := s.browser()
	b.start("")
	b.get(strings.Replace(b.page.url.RequestURI(), "/login?", "/signup?", 1)).want(t, 200, "signup-submit")
	if page := b.submit("signup-submit", "email=", "password="+goodPassword); page.text("username-error") == "" {
		t.Fatalf("an account without any name:\n%s", page.body)
	}
	b.submit("signup-submit", "email=", "username=newbie", "password="+goodPassword).want(t, 200, "code for ")
	other := s.browser()
	other.get("/signup")
	if page := other.submit("signup-submit", "email=", "username=Newbie", "password="+goodPassword); page.text("username-error") == "" {
		t.Errorf("a name that is taken says nothing:\n%s", page.body)
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
	b.get("/account")
	b.signIn("ada@example.com", goodPassword).want(t, http.StatusForbidden, "error-title")
	b.start("")
	b.signIn("ada@example.com", goodPassword).want(t, 200, "error unmet_authentication_requirements")
}

// TestPolicyGraceRunsForWhoNeverLooks: the time to enrol is not won by leaving the
// page out that tells of it.
func TestPolicyGraceRunsForWhoNeverLooks(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor, policy: func(p *mfa.Policy) { p.EnrolGrace = time.Hour }})
	ada := s.person("ada@example.com")
	putOff := func() *shown {
		b := s.browser()
		b.start("")
		csrf := b.page.formOf("login-submit").values.Get("csrf")
		at := url.Values{interactionParam: {b.page.url.Query().Get(interactionParam)}}.Encode()
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.signIn("ada@example.com", goodPassword)
		b.client.CheckRedirect = nil
		return b.post("/enroll?"+at, url.Values{"csrf": {csrf}, "later": {"1"}})
	}
	putOff().want(t, http.StatusOK, "code for "+string(ada.ID))
	s.clock.Advance(2 * time.Hour)
	if page := putOff(); !page.has("enroll-submit") {
		t.Errorf("enrolment is put off for good by who never opens its page:\n%s", page.body)
	}
}

func TestAResetLeadsBackToASignInThatSaysSo(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.get(strings.Replace(b.page.url.RequestURI(), "/login?", "/forgot-password?", 1)).want(t, 200, "forgot-submit")
	b.submit("forgot-submit", "email=ada@example.com")
	b.get(linkIn(t, s.inbox()[0].Text))
	const next = "another long passphrase entirely"
	if page := b.submit("reset-submit", "new_password="+next); !page.has("login-submit") || page.text("notice") == "" {
		t.Fatalf("nothing says that the password is set:\n%s", page.body)
	}
	b.signIn("ada@example.com", next).want(t, 200, "code for "+string(ada.ID))
}
