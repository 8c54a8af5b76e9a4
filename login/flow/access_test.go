package flow

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

func decided(d access.Decision) func(*State) { return func(s *State) { s.Access = d } }

// TestAC1_WhatARuleWantsIsAStep: the flow asks for the class that a rule wants as for
// one that the request insists on, and refuses whom no rule lets in once it is certain
// who they are.
func TestAC1_WhatARuleWantsIsAStep(t *testing.T) {
	t.Parallel()
	password, code := proof(storage.FactorPassword, time.Second), proof(storage.FactorTOTP, 2*time.Second)
	refused := decided(access.Decision{Outcome: access.Refused, Rule: access.NoRule})
	wants := decided(access.Decision{Outcome: access.StepUp, ACR: mfa.ACRTwoFactor})
	trusted := func(s *State) { s.Client.TrustDevices, s.TrustACR = true, mfa.ACRTwoFactor }
	for name, c := range map[string]struct {
		change []func(*State)
		want   string
	}{
		"nobody is refused before they are known":     {[]func(*State){refused}, StepSignIn},
		"nor before they have shown what guards them": {[]func(*State){refused, password}, StepFactor},
		"refused":                            {[]func(*State){refused, password, code}, StepAccess},
		"a class that was reached":           {[]func(*State){wants, password, code}, StepDone},
		"a class that was not":               {[]func(*State){wants, password}, StepFactor},
		"a trusted device does not stand in": {[]func(*State){wants, password, trusted}, StepFactor},
		"one that has to be enrolled first":  {[]func(*State){wants, oneFactor, password}, StepEnroll},
		"and that cannot wait": {[]func(*State){wants, oneFactor, password, func(s *State) {
			s.Policy.EnrollGrace = time.Hour
			s.Interaction.Answers = interaction.Answers{By: s.User.ID, EnrollSkipped: true}
		}}, StepEnroll},
	} {
		if got := Next(situation(c.change...)); got.Name != c.want {
			t.Errorf("%s: %q, want %q", name, got.Name, c.want)
		}
	}
	if got := Next(situation(refused, password, code)); got.Error != "access_denied" || got.Fatal {
		t.Errorf("a refusal is %+v: a page says so, and a client that allows none is told access_denied", got)
	}
	low := request(func(r *interaction.AuthorizationRequest) { r.ACRValues = []string{mfa.ACRPassword} })
	if got := situation(wants, password, code, low).Reported().ACR; got != mfa.ACRTwoFactor {
		t.Errorf("the client is told %q, less than the rule wants", got)
	}
}
