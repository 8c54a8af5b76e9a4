package login

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// TestLG1_EventsOfPagesSayWhoDidWhatFromWhere goes through sign-in, wrong and right,
// enrollment, a trusted device, consent, a limit and a reset, and looks at every
// event: what happened and how it ended, when, from which address and browser, in
// which request; and of whom and for which client where that is known.
func TestLG1_EventsOfPagesSayWhoDidWhatFromWhere(t *testing.T) {
	s := newSite(t, siteOptions{
		client: func(c *client.Client) { c.RequireMFA, c.TrustDevices, c.Consent = true, true, client.ConsentRemember },
		policy: func(p *mfa.Policy) { p.TrustFor = 24 * time.Hour },
		limits: func(l *limits.Bounds) {
			l.SignInAccount = storage.Backoff{Free: 4, Base: time.Second, Max: time.Second, Window: time.Hour}
		},
	})
	ada := s.person("ada@example.com")
	b := s.browser()
	secret := b.enrolled("ada@example.com")
	b.Submit("recovery-continue").Want(t, http.StatusOK, "consent-allow")
	b.Submit("consent-allow").Want(t, http.StatusOK, "code for")
	s.clock.Advance(time.Minute)
	other := s.browser()
	other.start("")
	other.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "factor-submit")
	other.Submit("factor-submit", "code=000000")
	other.Submit("factor-submit", "code="+s.code(secret), "trust_device=1").Want(t, http.StatusOK, "code for")
	s.clock.Advance(time.Minute)
	other.start(`{"client_id":"wiki","scopes":["openid"],"prompt":["login"]}`)
	other.signIn("ada@example.com", goodPassword)
	other.Header.Set("User-Agent", "curl")
	other.Get(other.Page.URL.RequestURI())
	stranger := s.browser()
	for range 7 {
		stranger.start("")
		stranger.signIn("nobody@example.com", "a guess at the password")
	}
	stranger.Get("/forgot-password")
	stranger.Submit("forgot-submit", "email=ada@example.com")
	stranger.Get(linkIn(t, s.lastMail(t)))
	stranger.Submit("reset-submit", "new_password="+otherPassword)

	events, err := s.store.Events().List(t.Context(), storage.EventFilter{Limit: 1000})
	check(t, err)
	ofClient := map[storage.EventType]bool{
		storage.EventSignIn: true, storage.EventConsentGranted: true, storage.EventFactorAdded: true, storage.EventFactorPassed: true,
		storage.EventFactorFailed: true, storage.EventDeviceTrusted: true, storage.EventRecoveryReplaced: true,
	}
	ofNobody := map[storage.EventType]bool{
		storage.EventSignInFailed: true, storage.EventThrottled: true, storage.EventResetRequested: true,
	}
	seen := map[storage.EventType]bool{}
	for _, e := range events {
		if e.Type == storage.EventUserCreated {
			continue // by the test itself
		}
		seen[e.Type] = true
		if e.ID == "" || e.At.IsZero() || e.At.Location() != time.UTC || e.Outcome == "" || e.Address != "127.0.0.1" || e.UserAgent == "" || e.RequestID == "" {
			t.Errorf("%s lacks what every event has: %+v", e.Type, e)
		}
		if ofClient[e.Type] && e.ClientID != "wiki" {
			t.Errorf("%s does not say for which client: %+v", e.Type, e)
		}
		if !ofNobody[e.Type] && e.UserID != ada.ID {
			t.Errorf("%s does not say of whom: %+v", e.Type, e)
		}
	}
	for _, typ := range []storage.EventType{
		storage.EventSignIn, storage.EventSignInFailed, storage.EventThrottled, storage.EventFactorAdded, storage.EventFactorPassed,
		storage.EventFactorFailed, storage.EventRecoveryReplaced, storage.EventDeviceTrusted, storage.EventConsentGranted,
		storage.EventAttemptRefused, storage.EventResetRequested, storage.EventPasswordChanged,
	} {
		if !seen[typ] {
			t.Errorf("there is no event %s", typ)
		}
	}
}

// lastMail is the text of the newest message.
func (s *site) lastMail(t *testing.T) string {
	t.Helper()
	mails := s.inbox()
	if len(mails) == 0 {
		t.Fatal("no message")
	}
	return mails[len(mails)-1].Text
}
