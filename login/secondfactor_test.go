package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/mfa"
)

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

func TestAbilitiesOfPolicyReachTheDocument(t *testing.T) {
	s := newSite(t, siteOptions{policy: func(p *mfa.Policy) { p.CountEmail = true }})
	got := strings.Join(s.pages.ACRValues(), " ")
	if got != "aal1 mfa aal2" { // an address has no passkeys
		t.Errorf("acr values are %q", got)
	}
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
