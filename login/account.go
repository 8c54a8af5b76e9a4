package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// This file is what the account pages ask of the flow, besides its session: to
// bring evidence, and to show what is shown once.

// ConfirmPassword reports whether it is the person's current password, as a proof
// of now. The attempt is counted and throttled like a sign-in.
func (p *Pages) ConfirmPassword(r *http.Request, user *storage.User, password string) (storage.Proof, bool, error) {
	attempt, err := p.cfg.Limits.SignIn(r, identifierOf(user), user)
	if err != nil {
		return storage.Proof{}, false, err
	}
	verdict, err := p.verifyPassword(r.Context(), identifierOf(user), user, password)
	if err != nil {
		return storage.Proof{}, false, err
	}
	if !verdict.Fits {
		p.cfg.Metrics.SignInFailed()
		return storage.Proof{}, false, p.cfg.Journal.Record(r, storage.EventSignInFailed, user.ID, storage.Failure, "password")
	}
	return storage.Proof{Kind: storage.FactorPassword, At: p.cfg.Now()}, true, p.cfg.Limits.Succeeded(r.Context(), attempt)
}

// ShowRecoveryCodes shows new recovery codes of whoever is signed in, once, and
// brings the browser back to the path.
func (p *Pages) ShowRecoveryCodes(w http.ResponseWriter, r *http.Request, signedIn *storage.SignedIn, codes []string, returnTo string) error {
	in, err := p.ask(w, r, Asked{ReturnTo: returnTo})
	if err != nil {
		return err
	}
	sealed, err := p.sealRecoveryCodes(in, codes)
	if err != nil {
		return err
	}
	waiting := func(a *interaction.Answers) { a.RecoveryCodes = sealed }
	if err := p.answer(r.Context(), in, signedIn.User.ID, waiting); err != nil {
		return err
	}
	return p.again(w, r, in, nil)
}

// AllowMessage refuses the request where too many messages were sent to whoever
// is signed in, or to the destination.
func (p *Pages) AllowMessage(r *http.Request, userID storage.ID, destination string) error {
	return p.cfg.Limits.MemberMessage(r, userID, destination)
}

// DisplayName is how a page speaks of a person.
func DisplayName(u *storage.User) string { return displayName(u) }
