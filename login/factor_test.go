package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// TestEO3_ALimitOnWhatIsSentKeepsThePage: the code that was sent before works.
func TestEO3_ALimitOnWhatIsSentKeepsThePage(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor, policy: func(p *mfa.Policy) { p.CountEmail = true }})
	ada := s.person("ada@example.com", func(u *storage.User) { u.EmailVerified = true })
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "a•••@example.com")
	again := b.Submit("factor-resend")
	again.Want(t, http.StatusOK, "factor-submit")
	if !strings.Contains(again.Body, "30 seconds") {
		t.Errorf("the page does not say how long to wait:\n%s", again.Body)
	}
	mails := s.inbox()
	if len(mails) != 1 {
		t.Fatalf("%d codes were sent", len(mails))
	}
	b.Submit("factor-submit", "code="+mails[0].Code).Want(t, http.StatusOK, "code for "+string(ada.ID)+" acr=mfa amr=mfa,otp,pwd")
}

// TestTH2_ALockedFactorSaysWhenToComeBack: it is no fault of ours.
func TestTH2_ALockedFactorSaysWhenToComeBack(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor, policy: func(p *mfa.Policy) { p.Lockout.Free = 1 }})
	s.person("ada@example.com")
	secret := s.browser().enrolled("ada@example.com")
	s.clock.Advance(time.Minute)
	b := s.browser()
	b.start("")
	page := b.signIn("ada@example.com", goodPassword)
	at := strings.ReplaceAll(page.URL.RequestURI(), "/factor?", "/factor?factor=totp&")
	b.Submit("factor-submit", "code=000000")
	b.Submit("factor-submit", "code=000000").Want(t, http.StatusTooManyRequests, "error-title")
	b.Get(at).Want(t, http.StatusTooManyRequests, "error-title")
	s.clock.Advance(time.Minute)
	b.Get(at).Want(t, http.StatusOK, "factor-submit")
	b.Submit("factor-submit", "code="+s.code(secret)).Want(t, http.StatusOK, "acr=aal2")
}
