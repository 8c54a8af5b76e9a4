package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/storage"
)

// This file is what the provider and the account's own pages ask of the flow.

// Check says whether the browser's session satisfies the interaction, and if not,
// which step is missing. Partial sign-ins are ignored.
func (p *Pages) Check(r *http.Request, in *interaction.Interaction) (interaction.Outcome, error) {
	f, err := p.evaluate(r, in, nil)
	if err != nil {
		return interaction.Outcome{}, err
	}
	outcome := interaction.Outcome{
		SignedIn: f.signedIn, Missing: f.step.Name, Error: f.step.Error, Reason: f.step.Reason, Fatal: f.step.Fatal,
		Refused: f.step.Name == flow.StepAccess, Cause: f.state.Access.By,
	}
	if f.signedIn != nil && f.step.Name == flow.StepDone {
		reported := *f.signedIn
		reported.Session.Authentication = f.state.Reported()
		outcome.SignedIn = &reported
	}
	return outcome, nil
}

// Begin sends the browser to the page of what the interaction is missing.
func (p *Pages) Begin(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) {
	f, err := p.flowOf(w, r, in)
	if err == nil {
		err = p.advance(w, r, f)
	}
	if err != nil {
		p.errors.Show(w, r, err)
	}
}

// Asked is what a page of the account asks of the flow.
type Asked = interaction.PageRequest

// Ask sends the browser into the flow for what a page of the account asks; it
// comes back to the page with that.
func (p *Pages) Ask(w http.ResponseWriter, r *http.Request, asked Asked) error {
	in, err := p.startInteraction(w, r, asked)
	if err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, &flowContext{interaction: in})
}

// Session returns who is signed in in this browser; nil is nobody.
func (p *Pages) Session(r *http.Request) (*storage.SignedIn, error) { return p.sessions.Read(r) }

// SignOut ends the browser's session, its grants that are not offline, and its
// cookie. Where nobody is signed in it does nothing (idempotent).
func (p *Pages) SignOut(w http.ResponseWriter, r *http.Request) error { return p.sessions.End(w, r) }

// Actor is whoever is signed in, on a page of the account. shown is what the very
// request shows beside the session.
func (p *Pages) Actor(r *http.Request, signedIn *storage.SignedIn, shown ...storage.Proof) account.Actor {
	return p.sessions.Actor(r, signedIn, shown...)
}

// ConfirmPassword reports whether it is the person's current password, as a proof
// of now. The attempt is counted and throttled like a sign-in.
func (p *Pages) ConfirmPassword(r *http.Request, user *storage.User, password string) (storage.Proof, bool, error) {
	return p.cfg.Methods.Password.Confirm(r, user, password)
}

// ShowRecoveryCodes shows new recovery codes of whoever is signed in, once, and
// brings the browser back to the path.
func (p *Pages) ShowRecoveryCodes(w http.ResponseWriter, r *http.Request, signedIn *storage.SignedIn, codes []string, returnTo string) error {
	in, err := p.startInteraction(w, r, Asked{ReturnTo: returnTo})
	if err != nil {
		return err
	}
	sealed, err := sealed(p.cfg.Sealer, in, recoveryColumn, codes)
	if err != nil {
		return err
	}
	waiting := func(a *interaction.Answers) { a.RecoveryCodes = sealed }
	if err := p.answer(r.Context(), in, signedIn.User.ID, waiting); err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, &flowContext{interaction: in})
}

// AllowMessage refuses the request where too many messages were sent to whoever
// is signed in, or to the destination (rate limit).
func (p *Pages) AllowMessage(r *http.Request, userID storage.ID, destination string) error {
	return p.limits.MemberMessage(r, userID, destination)
}

// VerifyForm reports whether a POST was made by a form of ours in this browser (CSRF),
// or that this node cannot tell.
func (p *Pages) VerifyForm(r *http.Request) (bool, error) { return p.ui.VerifyForm(r) }
