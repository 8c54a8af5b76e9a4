package flow

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// This file puts the decision into every situation that its parts can make, and
// holds it to what the requirements say of all of them, in words of its own.

// The world in which situations are made. Asked is when the interaction was made.
var (
	asked = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	// now is late in it, so that what was shown in it may be older than FreshFor.
	now = asked.Add(40 * time.Minute)
)

// choice is one of the ways that a part of a situation can be.
type choice struct {
	name  string
	apply func(*State, *mfa.Person)
}

// choices of one part of a situation.
type choices []choice

// ages are when something may have been shown: in the interaction (though longer ago
// than evidence is fresh), before it, and on another day.
var ages = map[string]time.Time{"here": asked.Add(time.Second), "earlier": asked.Add(-time.Hour), "yesterday": now.Add(-25 * time.Hour)}

// shown is when something was shown: never, or at one of the times.
func shown(kind storage.FactorKind, when ...string) choices {
	all := choices{{"no " + string(kind), func(*State, *mfa.Person) {}}}
	for _, name := range when {
		at := ages[name]
		all = append(all, choice{string(kind) + " " + name, func(s *State, _ *mfa.Person) {
			s.Proofs = append(s.Proofs, storage.Proof{Kind: kind, At: at, UserVerified: kind == storage.FactorPasskey})
		}})
	}
	return all
}

func has(kinds ...storage.FactorKind) func(*State, *mfa.Person) {
	return func(s *State, p *mfa.Person) {
		for _, kind := range kinds {
			p.Credentials = append(p.Credentials, storage.Credential{Kind: kind})
		}
		s.User.Credentials, s.User.FactorAddedAt = len(kinds), asked.Add(-48*time.Hour)
		if len(kinds) > 0 {
			p.Recovery.Remaining = 10
		}
	}
}

func wants(change func(*interaction.AuthorizationRequest, *client.Client)) func(*State, *mfa.Person) {
	return func(s *State, _ *mfa.Person) {
		request := interaction.AuthorizationRequest{ClientID: "wiki", Scopes: []string{"openid"}}
		s.Client = &client.Client{ID: "wiki", Metadata: client.Metadata{Consent: client.ConsentImplied}}
		change(&request, s.Client)
		s.Interaction = interaction.ForRequest(request, asked)
	}
}

func pageWants(page interaction.PageRequest) func(*State, *mfa.Person) {
	return func(s *State, _ *mfa.Person) { s.Interaction = interaction.ForPage(page, asked) }
}

// situations calls visit with every combination of the parts.
func situations(visit func(name func() string, s State, p mfa.Person)) {
	zero := int64(0)
	wishes := choices{
		{"nothing", wants(func(*interaction.AuthorizationRequest, *client.Client) {})},
		{"acr_values=aal2", wants(func(r *interaction.AuthorizationRequest, _ *client.Client) { r.ACRValues = []string{"aal2"} })},
		{"acr_values=phr", wants(func(r *interaction.AuthorizationRequest, _ *client.Client) { r.ACRValues = []string{"phr"} })},
		{"essential aal2", wants(func(r *interaction.AuthorizationRequest, _ *client.Client) { r.EssentialACR = []string{"aal2"} })},
		{"essential phr", wants(func(r *interaction.AuthorizationRequest, _ *client.Client) { r.EssentialACR = []string{"phr"} })},
		{"prompt=login, phr", wants(func(r *interaction.AuthorizationRequest, _ *client.Client) {
			r.Prompt, r.ACRValues = []string{"login"}, []string{"phr"}
		})},
		{"max_age=0", wants(func(r *interaction.AuthorizationRequest, _ *client.Client) { r.MaxAge = &zero })},
		{"require_mfa", wants(func(_ *interaction.AuthorizationRequest, c *client.Client) { c.RequireMFA = true })},
		{"require_mfa by passkey", wants(func(_ *interaction.AuthorizationRequest, c *client.Client) {
			c.RequireMFA, c.Factors = true, []storage.FactorKind{storage.FactorPasskey}
		})},
		{"the account", pageWants(interaction.PageRequest{ReturnTo: "/account"})},
		{"fresh evidence", pageWants(interaction.PageRequest{ReturnTo: "/account", Fresh: 10 * time.Minute})},
		{"to add an app", pageWants(interaction.PageRequest{ReturnTo: "/account", Enroll: storage.FactorTOTP})},
		{"to add a passkey", pageWants(interaction.PageRequest{ReturnTo: "/account", Enroll: storage.FactorPasskey, Fresh: 10 * time.Minute})},
	}
	people := choices{
		{"has a password", has()}, {"has an app", has(storage.FactorTOTP)}, {"has a passkey", has(storage.FactorPasskey)},
		{"has both", has(storage.FactorTOTP, storage.FactorPasskey)},
	}
	policies := choices{
		{"by default", func(*State, *mfa.Person) {}},
		{"required, with a grace", func(s *State, _ *mfa.Person) { s.Policy.Required, s.Policy.EnrollGrace = true, time.Hour }},
		{"email counts", func(s *State, _ *mfa.Person) { s.Policy.CountEmail = true }},
	}
	answers := choices{
		{"", func(*State, *mfa.Person) {}},
		{"put off", func(s *State, _ *mfa.Person) {
			s.Interaction.Answers = interaction.Answers{By: "ada", EnrollSkipped: true}
		}},
		{"codes unseen", func(s *State, _ *mfa.Person) {
			s.Interaction.Answers = interaction.Answers{By: "ada", RecoveryCodes: "sealed"}
		}},
	}
	parts := []choices{
		wishes, people, policies, answers,
		shown(storage.FactorPassword, "here", "earlier", "yesterday"), shown(storage.FactorTOTP, "here", "yesterday"),
		shown(storage.FactorPasskey, "here", "yesterday"), shown(storage.FactorRecovery, "here", "yesterday"),
	}
	picked := make([]choice, len(parts))
	var pick func(int)
	pick = func(i int) {
		if i < len(parts) {
			for _, c := range parts[i] {
				picked[i] = c
				pick(i + 1)
			}
			return
		}
		policy := mfa.DefaultPolicy()
		policy.EnrollGrace = 0
		user := &storage.User{ID: "ada", Email: "ada@example.com", EmailVerified: true}
		s, p := State{Now: now, User: user, Policy: &policy, Enrollable: true}, mfa.Person{User: user}
		for _, c := range picked {
			c.apply(&s, &p)
		}
		visit(func() string {
			var names []string
			for _, c := range picked {
				names = append(names, c.name)
			}
			return strings.Join(names, ", ")
		}, s, p)
	}
	pick(0)
}

// offers knows what people could show, as the real factors tell it.
type offers map[[2]bool]*mfa.Factors

func (o offers) of(t *testing.T, s *State, p mfa.Person) {
	t.Helper()
	s.Offer = mfa.Offer{}
	if !s.FactorsMatter() {
		return
	}
	key := [2]bool{s.Policy.Required, s.Policy.CountEmail}
	if o[key] == nil {
		issuer, err := url.Parse("https://id.example.com")
		if err != nil {
			t.Fatal(err)
		}
		if o[key], err = mfa.New(mfa.Config{Issuer: issuer, Brand: "Latchkey", Policy: *s.Policy}); err != nil {
			t.Fatal(err)
		}
	}
	s.Offer = o[key].Offer(s.Demand(p))
}

// shownSince says whether something of the kinds was shown at or after a time.
func (s State) shownSince(since time.Time, kinds ...storage.FactorKind) bool {
	return slices.ContainsFunc(s.Proofs, func(p storage.Proof) bool { return slices.Contains(kinds, p.Kind) && !p.At.Before(since) })
}

// TestFE1_GuardsChangeOnFreshEvidenceAlone: whatever wants it, enrollment and recovery
// codes come only after what guards the account was shown, ten minutes ago at most or
// in this very interaction.
func TestFE1_GuardsChangeOnFreshEvidenceAlone(t *testing.T) {
	t.Parallel()
	known, counted, seen := offers{}, 0, map[string]int{}
	situations(func(name func() string, s State, p mfa.Person) {
		counted++
		known.of(t, &s, p)
		step := Next(s)
		seen[step.Name]++
		if step.Name != StepEnroll && step.Name != StepRecovery {
			return
		}
		since := asked // the interaction is older than ten minutes
		passkey := s.shownSince(since, storage.FactorPasskey)
		second := s.shownSince(since, storage.FactorTOTP, storage.FactorRecovery, storage.FactorEmail)
		guarded := len(p.Credentials) > 0 || s.Policy.CountEmail
		if fresh := passkey || s.shownSince(since, storage.FactorPassword) && (second || !guarded); !fresh {
			t.Errorf("%s: %s on stale evidence", name(), step.Name)
		}
	})
	for _, step := range []string{StepDone, StepSignIn, StepFactor, StepEnroll, StepRecovery} {
		if seen[step] == 0 {
			t.Errorf("no situation leads to %q: the test is blind", step)
		}
	}
	t.Logf("%d situations: %v", counted, seen)
}

// answer is what an able person does at a step.
func (s *State) answer(p *mfa.Person, step Step) {
	s.Now = s.Now.Add(10 * time.Second)
	prove := func(kind storage.FactorKind) {
		s.Proofs = Merge(append(s.Proofs, storage.Proof{Kind: kind, At: s.Now, UserVerified: kind == storage.FactorPasskey})...)
	}
	answers := s.Interaction.AnswersOf(s.User.ID)
	switch step.Name {
	case StepSignIn:
		prove(storage.FactorPassword)
	case StepFactor:
		prove(s.Offer.Default)
	case StepEnroll:
		kind := storage.FactorTOTP
		if len(s.Offer.Enroll) > 0 {
			kind = s.Offer.Enroll[0]
		}
		p.Credentials = append(p.Credentials, storage.Credential{Kind: kind})
		s.User.Credentials, s.User.FactorAddedAt = len(p.Credentials), s.Now
		answers.Enrolled = true
		if p.Recovery.Remaining == 0 {
			answers.RecoveryCodes, p.Recovery.Remaining = "sealed", 10
		}
		prove(kind)
	case StepRecovery:
		answers.RecoveryCodes = ""
	}
	s.Interaction.Answers = answers
}

// TestPA5_WhoCanShowEverythingComesToTheEnd: no situation asks in circles, or ends in
// a dead end, for a person who has what they enrolled.
func TestPA5_WhoCanShowEverythingComesToTheEnd(t *testing.T) {
	t.Parallel()
	known := offers{}
	situations(func(name func() string, s State, p mfa.Person) {
		var trail []string
		for range 8 {
			known.of(t, &s, p)
			step := Next(s)
			if step.Name == StepDone {
				return
			}
			trail = append(trail, step.Name)
			if step.Fatal {
				break
			}
			if step.Name == StepFactor && s.Offer.Default == "" {
				break
			}
			s.answer(&p, step)
		}
		t.Errorf("%s: %v", name(), trail)
	})
}

// TestAZ6_DoneIsWhatWasAsked: where nothing is missing, what was shown reaches what
// the request insists on, and no class is told that rests on yesterday's evidence.
func TestAZ6_DoneIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	known := offers{}
	situations(func(name func() string, s State, p mfa.Person) {
		known.of(t, &s, p)
		step := Next(s)
		if step.Name != StepDone && (step.Error == "" || step.Reason == "") {
			t.Errorf("%s: step %q has no error for clients that allow no page", name(), step.Name)
		}
		if step.Name != StepDone || s.Interaction.Request == nil {
			return
		}
		day := now.Add(-24 * time.Hour)
		passkey := s.shownSince(day, storage.FactorPasskey)
		two := s.shownSince(day, storage.FactorPassword) && s.shownSince(day, storage.FactorTOTP, storage.FactorRecovery)
		reported := s.Reported()
		for _, essential := range s.Interaction.Request.EssentialACR {
			if essential == "aal2" && !two && !passkey || essential == "phr" && !passkey || reported.ACR != essential {
				t.Errorf("%s: essential %s is told as %s", name(), essential, reported.ACR)
			}
		}
		if s.Client.RequireMFA && !two && !passkey && !s.enrollmentWaits() {
			t.Errorf("%s: the client requires a second factor, which is yesterday's", name())
		}
		if mfa.Ages(reported.ACR) && !two && !passkey && (!s.Policy.CountEmail || reported.ACR != mfa.ACRCode) {
			t.Errorf("%s: told as %s on yesterday's evidence", name(), reported.ACR)
		}
	})
}
