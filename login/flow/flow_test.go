package flow

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// situation is a request of the wiki, made at start, by Ada, who has an
// authenticator app, and what she showed so far.
func situation(change ...func(*State)) State {
	policy := mfa.DefaultPolicy()
	policy.EnrollGrace = 0
	s := State{
		Now:         start.Add(time.Minute),
		Interaction: interaction.ForRequest(interaction.AuthorizationRequest{ClientID: "wiki", Scopes: []string{"openid"}}, start),
		Client:      &client.Client{ID: "wiki", Metadata: client.Metadata{Consent: client.ConsentImplied}},
		User:        &storage.User{ID: "ada", EmailVerified: true, Credentials: 1, FactorAddedAt: start.Add(-24 * time.Hour)},
		Offer:       mfa.Offer{Ask: []storage.FactorKind{storage.FactorTOTP, storage.FactorRecovery}, Default: storage.FactorTOTP},
		Policy:      &policy, Enrollable: true,
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// proof adds one that was given so long before (or after) the request.
func proof(kind storage.FactorKind, since time.Duration) func(*State) {
	return func(s *State) {
		s.Proofs = append(s.Proofs, storage.Proof{Kind: kind, At: start.Add(since), UserVerified: kind == storage.FactorPasskey})
	}
}

func request(change func(*interaction.AuthorizationRequest)) func(*State) {
	return func(s *State) { change(s.Interaction.Request) }
}

func withClient(change func(*client.Client)) func(*State) { return func(s *State) { change(s.Client) } }

// oneFactor makes Ada somebody who has a password and nothing else.
func oneFactor(s *State) {
	s.User.Credentials, s.User.FactorAddedAt = 0, time.Time{}
	s.Offer = mfa.Offer{Enroll: []storage.FactorKind{storage.FactorTOTP, storage.FactorPasskey}}
}

func prompted(values ...string) func(*State) {
	return request(func(r *interaction.AuthorizationRequest) { r.Prompt = values })
}

func maxAge(seconds int64) func(*State) {
	return request(func(r *interaction.AuthorizationRequest) { r.MaxAge = &seconds })
}

func acrs(values ...string) func(*State) {
	return request(func(r *interaction.AuthorizationRequest) { r.ACRValues = values })
}

func essential(values ...string) func(*State) {
	return request(func(r *interaction.AuthorizationRequest) { r.EssentialACR = values })
}

const (
	byPassword = storage.FactorPassword
	byApp      = storage.FactorTOTP
	byPasskey  = storage.FactorPasskey
	byRecovery = storage.FactorRecovery
	byEmail    = storage.FactorEmail
)

// TestAZ6_PA5_Next is the whole of the decision: what is shown and asked, and the
// step that is missing then.
func TestAZ6_PA5_Next(t *testing.T) {
	enrolled := func(s *State) { s.User.FactorAddedAt = start.Add(30 * time.Second); s.User.Credentials = 1 }
	needed := withClient(func(c *client.Client) { c.RequireMFA = true })
	trust := func(s *State) { s.Client.TrustDevices = true; s.TrustACR = mfa.ACRTwoFactor }
	grace := func(s *State) { s.Policy.EnrollGrace = time.Hour }
	later := func(s *State) { answered(func(a *interaction.Answers) { a.EnrollSkipped = true })(s) }
	tests := []struct {
		name  string
		state State
		want  string
		fatal bool
	}{
		{"nobody", situation(func(s *State) { s.User = nil }), StepSignIn, false},
		{"disabled since", situation(proof(byPassword, 0), func(s *State) { s.User.DisabledAt = start }), StepSignIn, false},
		{"nothing shown", situation(), StepSignIn, false},
		{"a code alone proves nobody", situation(proof(byApp, 0)), StepSignIn, false},
		{"password, and a factor is enrolled", situation(proof(byPassword, 0)), StepFactor, false},
		{"password and app", situation(proof(byPassword, 0), proof(byApp, 0)), StepDone, false},
		{"passkey that verified the person", situation(proof(byPasskey, 0)), StepDone, false},
		{"email does not count", situation(proof(byPassword, 0), proof(byEmail, 0)), StepFactor, false},
		{"password is enough", situation(oneFactor, proof(byPassword, 0)), StepDone, false},

		{"client requires a factor", situation(oneFactor, needed, proof(byPassword, 0)), StepEnroll, false},
		{"role requires a factor", situation(oneFactor, proof(byPassword, 0), func(s *State) {
			s.User.Roles, s.Policy.RequiredRoles = []string{"admin"}, []string{"admin"}
		}), StepEnroll, false},
		{"enrolled just now", situation(oneFactor, needed, enrolled, proof(byPassword, 0), proof(byApp, 40*time.Second)), StepDone, false},
		{"nothing can be enrolled", situation(oneFactor, needed, proof(byPassword, 0), func(s *State) { s.Offer = mfa.Offer{} }), StepSignIn, true},
		{"put off within the grace", situation(oneFactor, needed, proof(byPassword, 0), grace, later), StepDone, false},
		{"put off without a grace", situation(oneFactor, needed, proof(byPassword, 0), later), StepEnroll, false},
		{"put off after the grace", situation(oneFactor, needed, proof(byPassword, 0), grace, later, func(s *State) {
			s.User.FactorAskedAt = start.Add(-2 * time.Hour)
		}), StepEnroll, false},
		{"put off what acr asks for", situation(oneFactor, proof(byPassword, 0), grace, later, essential("aal2")), StepEnroll, false},

		{"a kind that the client does not count", situation(needed, takes(byApp), proof(byPassword, 0), proof(byRecovery, -time.Hour)), StepFactor, false},
		{"the kind that the client counts", situation(needed, takes(byApp), proof(byPassword, 0), proof(byApp, 0)), StepDone, false},
		{"a passkey alone, where it does not count", situation(needed, takes(byApp), proof(byPasskey, 0)), StepSignIn, false},
		{"a passkey alone, where no factor is required", situation(takes(byApp), proof(byPasskey, 0)), StepDone, false},
		{"account page, an app is enrolled, and email counts", situation(sentCodes, accountPage, proof(byPassword, 0), proof(byEmail, 0)), StepFactor, false},
		{"account page, the app was shown", situation(sentCodes, accountPage, proof(byPassword, 0), proof(byApp, 0)), StepDone, false},
		{"account page, email counts and was not shown", situation(oneFactor, sentCodes, accountPage, proof(byPassword, 0), func(s *State) {
			s.Offer = mfa.Offer{Ask: []storage.FactorKind{byEmail}}
		}), StepFactor, false},
		{"account page, email was shown", situation(oneFactor, sentCodes, accountPage, proof(byPassword, 0), proof(byEmail, 0)), StepDone, false},
		{"adding a factor, email counts and was not shown", situation(oneFactor, sentCodes, proof(byPassword, 0), func(s *State) {
			page(interaction.PageRequest{Enroll: byApp})(s)
			s.Offer = mfa.Offer{Ask: []storage.FactorKind{byEmail}}
		}), StepFactor, false},
		{"account page, where email set the password", situation(oneFactor, sentCodes, accountPage, proof(byPassword, 0), func(s *State) {
			s.User.ResetByEmail = true
		}), StepDone, false},

		{"prompt=login, old proofs", situation(proof(byPassword, -time.Minute), proof(byApp, -time.Minute), prompted("login")), StepSignIn, false},
		{"prompt=login, new password", situation(proof(byPassword, time.Second), proof(byApp, -time.Minute), prompted("login")), StepFactor, false},
		{"prompt=login, both new", situation(proof(byPassword, time.Second), proof(byApp, time.Second), prompted("login")), StepDone, false},
		{"select_account", situation(oneFactor, proof(byPassword, -time.Minute), prompted("select_account")), StepSignIn, false},
		{"max_age=0", situation(oneFactor, proof(byPassword, -time.Second), maxAge(0)), StepSignIn, false},
		{"max_age=0, proven since", situation(oneFactor, proof(byPassword, 0), maxAge(0)), StepDone, false},
		{"max_age just kept", situation(oneFactor, proof(byPassword, -time.Minute), maxAge(60)), StepDone, false},
		{"max_age exceeded", situation(oneFactor, proof(byPassword, -61*time.Second), maxAge(60)), StepSignIn, false},
		{"max_age exceeded by the factor alone", situation(proof(byPassword, 0), proof(byApp, -61*time.Second), maxAge(60)), StepFactor, false},
		{"default_max_age", situation(oneFactor, proof(byPassword, -time.Hour), withClient(func(c *client.Client) {
			age := client.Seconds(time.Minute)
			c.DefaultMaxAge = &age
		})), StepSignIn, false},
		{"prompt=create", situation(prompted("create"), proof(byPassword, -time.Minute), func(s *State) { s.SignUp = true }), StepSignUp, false},
		{"prompt=create, made since", situation(oneFactor, prompted("create"), proof(byPassword, 0), func(s *State) { s.SignUp = true }), StepDone, false},
		{"hint of somebody else", situation(proof(byPasskey, 0), request(func(r *interaction.AuthorizationRequest) { r.HintSubject = "bob" })), StepSignIn, false},

		{"essential acr, one factor shown", situation(proof(byPassword, 0), essential("aal2")), StepFactor, false},
		{"essential acr, step-up done", situation(proof(byPassword, -time.Hour), proof(byApp, 0), essential("aal2")), StepDone, false},
		{"essential acr above the app", situation(proof(byPassword, 0), proof(byApp, 0), essential("phr"), func(s *State) {
			s.Offer = mfa.Offer{Enroll: []storage.FactorKind{byPasskey}}
		}), StepEnroll, false},
		{"essential acr that nothing reaches", situation(proof(byPassword, 0), proof(byApp, 0), essential("phr"), func(s *State) { s.Offer = mfa.Offer{} }), StepSignIn, true},
		{"essential acr that is not ours", situation(oneFactor, proof(byPassword, 0), essential("urn:other"), func(s *State) { s.Offer = mfa.Offer{} }), StepSignIn, true},
		{"preferred acr that is not ours", situation(oneFactor, proof(byPassword, 0), acrs("urn:other")), StepDone, false},
		{"preferred acr, the least will do", situation(oneFactor, proof(byPassword, 0), acrs("phr", "aal1")), StepDone, false},
		{"preferred acr, a factor leads there", situation(oneFactor, proof(byPassword, 0), acrs("aal2")), StepEnroll, false},
		{"preferred acr that cannot be had", situation(oneFactor, proof(byPassword, 0), acrs("aal2"), func(s *State) { s.Offer = mfa.Offer{} }), StepDone, false},

		{"trusted device", situation(needed, trust, proof(byPassword, 0)), StepDone, false},
		{"trusted device, client does not take it", situation(needed, proof(byPassword, 0), func(s *State) { s.TrustACR = mfa.ACRTwoFactor }), StepFactor, false},
		{"trusted device is no step-up", situation(trust, proof(byPassword, 0), essential("aal2")), StepFactor, false},
		{"trusted device is no preferred step-up", situation(trust, proof(byPassword, 0), acrs("aal2")), StepFactor, false},
		{"trusted device is no new sign-in", situation(trust, proof(byPassword, time.Second), prompted("login")), StepFactor, false},

		{"recovery code: replace what was lost", situation(proof(byPassword, 0), proof(byRecovery, 0)), StepEnroll, false},
		{"recovery code, replaced", situation(proof(byPassword, 0), proof(byRecovery, 0), enrolled), StepDone, false},
		{"recovery code, nothing to enroll", situation(proof(byPassword, 0), proof(byRecovery, 0), func(s *State) { s.Enrollable = false }), StepDone, false},
		{"asked to add a factor", situation(proof(byPassword, 0), proof(byApp, 0), page(interaction.PageRequest{Enroll: byApp})), StepEnroll, false},
		{"asked to add a factor, not proven", situation(proof(byPassword, 0), page(interaction.PageRequest{Enroll: byApp})), StepFactor, false},
		{"recovery codes unseen", situation(proof(byPassword, 0), proof(byApp, 0), func(s *State) { answered(func(a *interaction.Answers) { a.RecoveryCodes = "sealed" })(s) }), StepRecovery, false},

		{"address unproven", situation(oneFactor, proof(byPassword, 0), func(s *State) {
			s.User.EmailVerified, s.Client.RequireVerifiedEmail = false, true
		}), StepVerify, false},
		{"address unproven, an account page asks", situation(oneFactor, proof(byPassword, 0), func(s *State) {
			page(interaction.PageRequest{Verify: true})(s)
			s.User.EmailVerified = false
		}), StepVerify, false},
		{"about to be deleted", situation(oneFactor, dying, proof(byPassword, 0)), StepDeletion, false},
		{"about to be deleted, seen", situation(oneFactor, dying, proof(byPassword, 0), func(s *State) { answered(func(a *interaction.Answers) { a.DeletionSeen = true })(s) }), StepDone, false},
		{"about to be deleted, signed in before", situation(oneFactor, dying, proof(byPassword, -time.Minute)), StepDone, false},
		{"consent", situation(oneFactor, proof(byPassword, 0), withClient(func(c *client.Client) { c.Consent = client.ConsentRemember })), StepConsent, false},
		{"consent remembered", situation(oneFactor, proof(byPassword, 0), withClient(func(c *client.Client) { c.Consent = client.ConsentRemember }), func(s *State) {
			s.Consented = []string{"openid", "email"}
		}), StepDone, false},
		{"wider scope asks again", situation(oneFactor, proof(byPassword, 0), withClient(func(c *client.Client) { c.Consent = client.ConsentRemember }), func(s *State) {
			s.Consented, s.Interaction.Request.Scopes = []string{"openid"}, []string{"openid", "email"}
		}), StepConsent, false},
		{"claims by name, not remembered", situation(oneFactor, proof(byPassword, 0), withClient(func(c *client.Client) { c.Consent = client.ConsentRemember }), func(s *State) {
			s.Consented, s.Interaction.Request.ClaimScopes = []string{"openid"}, []string{"email"}
		}), StepConsent, false},
		{"claims by name, remembered", situation(oneFactor, proof(byPassword, 0), withClient(func(c *client.Client) { c.Consent = client.ConsentRemember }), func(s *State) {
			s.Consented, s.Interaction.Request.ClaimScopes = []string{"openid", "email"}, []string{"email"}
		}), StepDone, false},
		{"prompt=consent to claims by name, answered for less", situation(oneFactor, proof(byPassword, 0), prompted("consent"), func(s *State) {
			s.Interaction.Request.ClaimScopes = []string{"email"}
			answered(func(a *interaction.Answers) { a.Consented, a.ConsentedAt = []string{"openid"}, start })(s)
		}), StepConsent, false},
		{"prompt=consent", situation(oneFactor, proof(byPassword, 0), prompted("consent")), StepConsent, false},
		{"prompt=consent, answered", situation(oneFactor, proof(byPassword, 0), prompted("consent"), func(s *State) {
			answered(func(a *interaction.Answers) { a.Consented, a.ConsentedAt = []string{"openid"}, start })(s)
		}), StepDone, false},
		{"always asked", situation(oneFactor, proof(byPassword, 0), withClient(func(c *client.Client) { c.Consent = client.ConsentAlways }), func(s *State) {
			s.Consented = []string{"openid"}
		}), StepConsent, false},
		{"an account page asks no consent", situation(oneFactor, proof(byPassword, 0), page(interaction.PageRequest{})), StepDone, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Next(tt.state)
			if got.Name != tt.want || got.Fatal != tt.fatal {
				t.Errorf("step %q (fatal %v, %s), want %q (fatal %v)", got.Name, got.Fatal, got.Reason, tt.want, tt.fatal)
			}
			if got.Name != StepDone && (got.Error == "" || got.Reason == "") {
				t.Errorf("step %q has no error for clients that allow no page", got.Name)
			}
		})
	}
}

// takes makes the wiki count one kind of factor.
func takes(kind storage.FactorKind) func(*State) {
	return withClient(func(c *client.Client) { c.Factors = []storage.FactorKind{kind} })
}

// sentCodes lets codes by email count, and Ada has an address for them.
func sentCodes(s *State) { s.Policy.CountEmail, s.User.Email = true, "ada@example.com" }

// accountPage is one that changes how Ada signs in.
func accountPage(s *State) { page(interaction.PageRequest{Fresh: 10 * time.Minute})(s) }

// page makes it a page of the account that asks.
func page(asked interaction.PageRequest) func(*State) {
	return func(s *State) { s.Client, s.Interaction = nil, interaction.ForPage(asked, start) }
}

// answered is what Ada answered in the interaction.
func answered(change func(*interaction.Answers)) func(*State) {
	return func(s *State) {
		s.Interaction.Answers.By = s.User.ID
		change(&s.Interaction.Answers)
	}
}

func dying(s *State) { s.User.DeleteAt = s.Now.Add(time.Hour) }

// TestTD2_ReportedIsHonest shows what clients are told: what was shown, not what was trusted.
func TestTD2_ReportedIsHonest(t *testing.T) {
	trusted := situation(proof(byPassword, 0), func(s *State) { s.Client.TrustDevices, s.TrustACR = true, mfa.ACRTwoFactor })
	if reported := trusted.Reported(); reported.ACR != "aal1" || len(reported.AMR) != 1 || reported.AMR[0] != "pwd" {
		t.Errorf("a trusted device told as %+v", reported)
	}
	stepped := situation(proof(byPassword, -time.Hour), proof(byApp, 0), acrs("mfa"))
	if reported := stepped.Reported(); reported.ACR != "mfa" || !reported.Time.Equal(start.Add(-time.Hour)) {
		t.Errorf("a step-up told as %+v, want the class that was asked for and the password's time", reported)
	}
}

// TestAZ6_WhatAgedIsAskedForAgain, and nothing else: where the request or the policy
// wants a class, and not where somebody has a factor of their own accord.
func TestAZ6_WhatAgedIsAskedForAgain(t *testing.T) {
	const old, young = -25 * time.Hour, -time.Hour
	required := withClient(func(c *client.Client) { c.RequireMFA = true })
	ageless := func(s *State) { s.Policy.AssuranceAge = 0 }
	for name, test := range map[string]struct {
		state State
		want  string
	}{
		"both are young":              {situation(proof(byPassword, young), proof(byApp, young), acrs("aal2")), StepDone},
		"both aged":                   {situation(proof(byPassword, old), proof(byApp, old), acrs("aal2")), StepSignIn},
		"the factor aged":             {situation(proof(byPassword, young), proof(byApp, old), acrs("aal2")), StepFactor},
		"both aged, by the policy":    {situation(proof(byPassword, old), proof(byApp, old), required), StepSignIn},
		"the factor aged, by policy":  {situation(proof(byPassword, young), proof(byApp, old), required), StepFactor},
		"of their own accord":         {situation(proof(byPassword, old), proof(byApp, old)), StepDone},
		"where the policy has no age": {situation(proof(byPassword, old), proof(byApp, old), acrs("aal2"), ageless), StepDone},
	} {
		if got := Next(test.state).Name; got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if reported := situation(proof(byPassword, old), proof(byApp, old)).Reported(); reported.ACR != "aal1" {
		t.Errorf("what aged is told as %+v", reported)
	}
}
