package login

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// The steps of a sign-in: each is a page.
const (
	StepDone    = ""
	StepSignIn  = "login"
	StepConsent = "consent"
)

// Errors of OpenID Connect Core 3.1.2.6 and the Unmet Authentication
// Requirements specification that a step stands for where no page may be shown.
const (
	errLoginRequired   = "login_required"
	errConsentRequired = "consent_required"
	errUnmetACR        = "unmet_authentication_requirements"
)

// State is all that decides what is missing. It is read, never changed.
type State struct {
	Now time.Time
	// Interaction is the request, when it was made, and what was consented to
	// since.
	Interaction *storage.Interaction
	Client      *storage.Client
	// SignedIn is who the browser's session says is there; nil is nobody.
	SignedIn *storage.SignedIn
	// Consented is what the person allowed the client on earlier days.
	Consented []string
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

// prompt is one thing that a request may lack. The first that does is the step.
type prompt struct {
	lacks func(State) bool
	step  Step
}

// prompts are in the order in which people are asked: who they are, whether
// that is proof enough, and what they allow.
var prompts = []prompt{
	{nobodySignedIn, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "nobody is signed in"}},
	{signInAsked, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "the request asks for a new sign-in"}},
	{tooOld, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "the sign-in is older than max_age"}},
	{somebodyElse, Step{Name: StepSignIn, Error: errLoginRequired, Reason: "somebody else is signed in than the hint says"}},
	{acrUnreachable, Step{Name: StepSignIn, Error: errUnmetACR, Reason: "the essential acr cannot be reached", Fatal: true}},
	{consentAsked, Step{Name: StepConsent, Error: errConsentRequired, Reason: "the person has not allowed all scopes"}},
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

func nobodySignedIn(s State) bool {
	return s.SignedIn == nil || !s.SignedIn.Session.Live(s.Now) || s.SignedIn.User.Disabled()
}

// signInAsked: prompt=login and select_account want a proof that was given
// after the request was made, in this interaction.
func signInAsked(s State) bool {
	r := &s.Interaction.Request
	if !r.HasPrompt(storage.PromptLogin) && !r.HasPrompt(storage.PromptSelectAccount) {
		return false
	}
	return s.SignedIn.Session.Authentication.Time.Before(s.Interaction.CreatedAt)
}

// tooOld: max_age bounds the age of the proof at the time of the request, so
// that one given since is always young enough, even for max_age=0.
func tooOld(s State) bool {
	maxAge, ok := maxAge(s)
	if !ok {
		return false
	}
	at := s.SignedIn.Session.Authentication.Time
	if !at.Before(s.Interaction.CreatedAt) {
		return false
	}
	// Both ends are told to the client in whole seconds.
	return s.Interaction.CreatedAt.Truncate(time.Second).Sub(at.Truncate(time.Second)) > maxAge || maxAge == 0
}

func maxAge(s State) (time.Duration, bool) {
	if seconds := s.Interaction.Request.MaxAge; seconds != nil {
		return time.Duration(*seconds) * time.Second, true
	}
	if s.Client.DefaultMaxAge != nil {
		return *s.Client.DefaultMaxAge, true
	}
	return 0, false
}

func somebodyElse(s State) bool {
	hint := s.Interaction.Request.HintSubject
	return hint != "" && hint != string(s.SignedIn.User.ID)
}

func acrUnreachable(s State) bool {
	essential := s.Interaction.Request.EssentialACR
	return len(essential) > 0 && !slices.Contains(essential, s.SignedIn.Session.Authentication.ACR)
}

func consentAsked(s State) bool {
	in := s.Interaction
	answered := !in.ConsentedAt.IsZero() && covers(in.Consented, in.Request.Scopes)
	if answered {
		return false
	}
	switch {
	case in.Request.HasPrompt(storage.PromptConsent), s.Client.Consent == storage.ConsentAlways:
		return true
	case s.Client.Consent == storage.ConsentRemember:
		return !covers(s.Consented, in.Request.Scopes)
	}
	return false
}

func covers(allowed, asked []string) bool {
	return !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(allowed, scope) })
}
