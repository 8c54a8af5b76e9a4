package explain

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// The steps, in words of whoever writes expectations.
const (
	StepSignIn      = "sign_in"
	StepFactor      = "second_factor"
	StepEnroll      = "enroll_second_factor"
	StepVerify      = "verify_email"
	StepConsent     = "consent"
	StepRefused     = "refused"
	StepUnreachable = "unreachable"
)

// maxSteps is beyond any sign-in.
const maxSteps = 16

// steps goes through the sign-in flow as the person would, showing at each step what
// it asks for, and returns the steps and what the application would be told of them.
func (p *Provider) steps(q Question) (steps []string, reached storage.Authentication) {
	steps = []string{}
	person := *q.User // what the steps change is nobody's
	request := interaction.AuthorizationRequest{ClientID: q.Client.ID, Scopes: q.Scopes}
	if q.Scopes == nil {
		request.Scopes = q.Client.Scopes
	}
	if len(q.Client.RedirectURIs) > 0 {
		request.RedirectURI = q.Client.RedirectURIs[0]
	}
	if q.Resource != "" && q.Resource != p.Issuer && !slices.Contains(p.Catalog.ResourcesOf(request.Scopes), q.Resource) {
		request.PlainResources = []string{q.Resource}
	}
	state := flow.State{
		Now: p.Now, Interaction: interaction.ForRequest(request, p.Now), Client: q.Client, Policy: &p.Policy, Enrollable: true,
		Access: flow.AccessOf(p.Catalog, q.Client, q.User, q.Address),
	}
	if q.ACR != "" {
		state.User, state.Proofs = &person, proofsOf(q.ACR, p.Now)
	}
	for range maxSteps {
		state.Offer = offer(&person)
		if state.User != nil && !state.FactorsMatter() {
			state.Offer = mfa.Offer{}
		}
		step := flow.Next(state)
		switch {
		case step.Fatal:
			return append(steps, StepUnreachable), storage.Authentication{}
		case step.Name == flow.StepDone:
			return steps, state.Reported()
		case step.Name == flow.StepAccess:
			return append(steps, StepRefused), storage.Authentication{}
		}
		steps = p.take(step.Name, &state, &person, steps)
	}
	return append(steps, StepUnreachable), storage.Authentication{}
}

// take shows what a step asks for.
func (p *Provider) take(step string, state *flow.State, person *storage.User, steps []string) []string {
	answers := state.Interaction.AnswersOf(person.ID)
	defer func() { state.Interaction.Answers = answers }()
	switch step {
	case flow.StepSignIn, flow.StepSignUp:
		state.User = person
		state.Proofs = append(state.Proofs, storage.Proof{Kind: storage.FactorPassword, At: p.Now})
		return append(steps, StepSignIn)
	case flow.StepFactor, flow.StepEnroll:
		name := StepFactor
		if step == flow.StepEnroll {
			name = StepEnroll
		}
		// An authenticator app first; where that is not enough, a passkey.
		kind := storage.FactorTOTP
		for _, proof := range state.Proofs {
			if proof.Kind == kind {
				kind = storage.FactorPasskey
			}
		}
		state.Proofs = append(state.Proofs, storage.Proof{Kind: kind, At: p.Now, UserVerified: true})
		person.Credentials, person.FactorAddedAt = max(person.Credentials, 1), p.Now
		return append(steps, name)
	case flow.StepVerify:
		person.EmailVerified = true
		return append(steps, StepVerify)
	case flow.StepConsent:
		answers.Consented, answers.ConsentedAt = state.Interaction.Request.ConsentScopes(), p.Now
		return append(steps, StepConsent)
	case flow.StepDeletion:
		answers.DeletionSeen = true
	}
	return steps
}

// offer is what somebody could show, if they have a factor, or enroll, if not.
func offer(person *storage.User) mfa.Offer {
	kinds := []storage.FactorKind{storage.FactorTOTP, storage.FactorPasskey}
	if person.Credentials > 0 {
		return mfa.Offer{Ask: kinds, Default: kinds[0]}
	}
	return mfa.Offer{Enroll: kinds}
}

// proofsOf are proofs that are worth a class.
func proofsOf(acr string, now time.Time) []storage.Proof {
	proofs := []storage.Proof{{Kind: storage.FactorPassword, At: now}}
	switch acr {
	case mfa.ACRCode:
		proofs = append(proofs, storage.Proof{Kind: storage.FactorEmail, At: now})
	case mfa.ACRTwoFactor:
		proofs = append(proofs, storage.Proof{Kind: storage.FactorTOTP, At: now})
	case mfa.ACRPhishingResistant:
		proofs = append(proofs, storage.Proof{Kind: storage.FactorPasskey, At: now, UserVerified: true})
	}
	return proofs
}
