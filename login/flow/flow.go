package flow

import (
	"net/netip"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// The steps of a sign-in: each is a page.
const (
	StepDone     = ""
	StepSignIn   = "login"
	StepSignUp   = "signup"
	StepFactor   = "factor"
	StepEnroll   = "enroll"
	StepRecovery = "recovery-codes"
	StepDeletion = "deletion"
	StepVerify   = "verify"
	StepConsent  = "consent"
	StepAccess   = "access-denied"
	StepDevice   = "device/confirm"
)

// Errors of OpenID Connect Core 3.1.2.6 and the Unmet Authentication
// Requirements specification that a step stands for where no page may be shown.
const (
	errLoginRequired       = "login_required"
	errInteractionRequired = "interaction_required"
	errConsentRequired     = "consent_required"
	errUnmet               = "unmet_authentication_requirements"
	errAccessDenied        = "access_denied"
)

// State is all that decides what is missing. It is read, never changed.
type State struct {
	Now time.Time
	// Interaction is what is asked for, when it was, and what was answered since.
	Interaction *interaction.Interaction
	// Client is who asked; nil where no client did.
	Client *client.Client
	// User is who is signing in or signed in; nil is nobody.
	User *storage.User
	// Proofs are what was shown of that, in this sign-in or in the session.
	Proofs []storage.Proof
	// TrustACR is the level for which a trusted device of the person stands in;
	// empty: none does.
	TrustACR string
	// Offer is what the person could show or enroll, where [State.FactorsMatter].
	Offer mfa.Offer
	// Enrollable says that there is a kind of factor that people enroll.
	Enrollable bool
	// Consented is what the person allowed the client on earlier days.
	Consented []string
	Policy    *mfa.Policy
	// Access is what the client's rules say of the person, where nothing counts as
	// reached: a class that they want is in it. The zero value allows.
	Access access.Decision
	// SignUp says that people may make accounts.
	SignUp bool
}

// Step is the answer of [Next].
type Step struct {
	// Name is the page to show; StepDone when nothing is missing.
	Name string
	// Error is what a client that allows no page is told, with a Reason that
	// tells nothing of the person.
	Error, Reason string
	// Fatal says that no page could provide what is missing.
	Fatal bool
}

// ProvesIdentity reports whether the step belongs to proving who somebody is:
// until none of these is missing there is no session.
func (s Step) ProvesIdentity() bool {
	switch s.Name {
	case StepSignIn, StepSignUp, StepFactor, StepEnroll:
		return true
	}
	return s.Fatal
}

// prompt is one thing that a request may lack. The first that does is the step.
type prompt struct {
	lacks func(State) bool
	step  Step
}

// prompts are in the order in which people are asked: who they are, whether
// that is proof enough, and what they allow.
var prompts = []prompt{
	{accountAsked, Step{Name: StepSignUp, Error: errInteractionRequired, Reason: "the request asks for a new account"}},
	{nobodyThere, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "nobody is signed in"}},
	{anotherWanted, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "another account is wanted"}},
	{identityStale, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "the request asks for a newer sign-in"}},
	{somebodyElse, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "somebody else is signed in than the hint says"}},
	{levelUnreachable, Step{Name: StepSignIn, Error: errUnmet, Reason: "the required authentication cannot be reached", Fatal: true}},
	{firstFactorStale, Step{Name: StepSignIn, Error: errInteractionRequired, Reason: "what comes next asks for a newer sign-in"}},
	{factorMissing, Step{Name: StepFactor, Error: errInteractionRequired, Reason: "a second factor is required"}},
	{enrollmentMissing, Step{Name: StepEnroll, Error: errInteractionRequired, Reason: "a second factor must be set up"}},
	{accessRefused, Step{Name: StepAccess, Error: errAccessDenied, Reason: "the person may not use this client"}},
	{codesUnseen, Step{Name: StepRecovery, Error: errInteractionRequired, Reason: "recovery codes are waiting"}},
	{deletionUnseen, Step{Name: StepDeletion, Error: errInteractionRequired, Reason: "the account needs attention"}},
	{addressUnproven, Step{Name: StepVerify, Error: errInteractionRequired, Reason: "the email address is not confirmed"}},
	{deviceUnconfirmed, Step{Name: StepDevice, Error: errConsentRequired, Reason: "the person has not said that the device is theirs"}},
	{consentMissing, Step{Name: StepConsent, Error: errConsentRequired, Reason: "the person has not allowed all scopes"}},
}

// Next says which step is missing (requirement PA5). It has no memory: the same
// evidence gives the same step, in whatever order it came.
func Next(s State) Step {
	for _, p := range prompts {
		if p.lacks(s) {
			return p.step
		}
	}
	return Step{Name: StepDone}
}

// accountAsked: prompt=create goes to sign-up first (Initiating User
// Registration via OpenID Connect 1.0), and no further than any new proof.
func accountAsked(s State) bool {
	return s.SignUp && s.Interaction.HasPrompt(interaction.PromptCreate) && !s.provedHere()
}

// provedHere reports whether anything was shown in this very interaction.
func (s State) provedHere() bool {
	return slices.ContainsFunc(s.Proofs, func(p storage.Proof) bool { return !p.At.Before(s.Interaction.CreatedAt) })
}

func nobodyThere(s State) bool { return s.User == nil || s.User.Disabled() }

// identityStale: none of the proofs that count says who it is.
func identityStale(s State) bool { return s.counted(s.since()).ACR == "" }

// anotherWanted: the person came with an account that they do not want to use here, and
// have not said since that they do after all.
func anotherWanted(s State) bool {
	another := s.Interaction.Another
	return another != nil && another.Than == s.User.ID &&
		!slices.ContainsFunc(s.Proofs, func(p storage.Proof) bool { return p.At.After(another.At) })
}

// AccessOf is the one decision whether somebody may go on to a client, from where their
// browser is. What has to be reached besides is for the flow to ask for: here nothing
// counts as reached, so that the decision names it.
func AccessOf(catalog *access.Catalog, c *client.Client, u *storage.User, at netip.Addr) access.Decision {
	nothing := func(string, string) bool { return false }
	return catalog.Policy(c.Access).Decide(access.SubjectOf(u), access.Request{Address: at}, nothing)
}

// accessRefused: the client's rules do not let the person in (requirement AC1). They
// are told once it is certain who they are.
func accessRefused(s State) bool { return s.Access.Outcome == access.Refused }

func somebodyElse(s State) bool {
	request := s.Interaction.Request
	return request != nil && request.HintSubject != "" && request.HintSubject != client.Subject(s.Client, s.User.ID)
}

// answers are what the person answered in the interaction.
func (s State) answers() interaction.Answers { return s.Interaction.AnswersOf(s.User.ID) }

// codesUnseen: new recovery codes are shown until the person says to have kept them.
func codesUnseen(s State) bool { return s.answers().RecoveryCodes != "" }

// deletionUnseen: whoever signs in on the way to a client, while their account
// waits to be deleted, is told, and can keep it. The account's own pages say so all
// the time.
func deletionUnseen(s State) bool {
	return s.Interaction.ForClient() && s.User.DeleteAt.After(s.Now) && !s.answers().DeletionSeen && s.provedHere()
}

func addressUnproven(s State) bool {
	page := s.Interaction.Page
	asked := page != nil && page.Verify || s.Client != nil && s.Client.RequireVerifiedEmail
	return asked && !s.User.EmailVerified
}

// deviceUnconfirmed: whatever the client's policy of consent, somebody says each time of
// each device that they started this, and what it may have (requirement DC1).
func deviceUnconfirmed(s State) bool {
	answers := s.answers()
	return s.Interaction.Purpose == interaction.ApproveDevice &&
		(answers.ConsentedAt.IsZero() || !covers(answers.Consented, s.Interaction.Request.ConsentScopes()))
}

func consentMissing(s State) bool {
	request, answers := s.Interaction.Request, s.answers()
	if request == nil || s.Client == nil {
		return false
	}
	asked := request.ConsentScopes()
	if !answers.ConsentedAt.IsZero() && covers(answers.Consented, asked) {
		return false
	}
	switch {
	case request.HasPrompt(interaction.PromptConsent), s.Client.ConsentFor(request.RedirectURI) == client.ConsentAlways:
		return true
	case s.Client.ConsentFor(request.RedirectURI) == client.ConsentRemember:
		return !covers(s.Consented, asked)
	}
	return false
}

func covers(allowed, asked []string) bool {
	return !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(allowed, scope) })
}
