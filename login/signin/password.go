package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	pass "github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// maxPassword bounds what is hashed, in bytes: far beyond the 128 characters
// that must be taken, in any script.
const maxPassword = 1024

// Password signs in by a name and a password.
type Password struct{ cfg Config }

func newPassword(cfg Config) *Password { return &Password{cfg} }

// Routes implements [Method].
func (*Password) Routes() []string { return []string{"POST /login"} }

// Begin implements [Method]: the page has the fields, and gets the way out for whoever
// forgot their password.
func (*Password) Begin(_ *http.Request, a Attempt, page *ui.SignIn) error {
	page.Forgot = a.Interaction.Address(message.PathForgotPassword)
	return nil
}

// Complete implements [Method]. The answer, its time and its headers are the same for
// a wrong password, a person who does not exist and one who may not sign in (user
// enumeration, requirements EN1, EN2).
func (p *Password) Complete(r *http.Request, a Attempt) (Result, error) {
	username, typed := r.PostForm.Get("username"), r.PostForm.Get("password")
	user, err := p.cfg.Users.ByIdentifier(r.Context(), username)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return Result{}, pageerror.Unavailable("read user", err)
	}
	attempt, err := p.cfg.Limits.SignIn(r, username, user)
	if err != nil {
		return Result{}, err
	}
	verdict, err := p.verify(r.Context(), username, user, typed)
	if err != nil {
		return Result{}, err
	}
	if !verdict.Fits {
		p.cfg.Metrics.SignInFailed()
		failed := Result{Problem: Problem{Field: "password", Text: "signin.wrong"}}
		return failed, p.cfg.Journal.RecordFailure(r, a.Interaction, idOf(user), username, "password")
	}
	if err := p.cfg.Limits.Succeeded(r.Context(), attempt); err != nil {
		return Result{}, err
	}
	if verdict.Outdated {
		p.upgrade(r, user, typed)
	}
	return Result{Evidence: p.Shown(user)}, nil
}

// Shown is the evidence of somebody whose password was shown just now: also of whoever
// chose it in this browser a moment ago.
func (p *Password) Shown(user *storage.User) *Evidence {
	proof := storage.Proof{Kind: storage.FactorPassword, At: p.cfg.Now()}
	return evidence(user, proof, p.cfg.Factors.Policy())
}

// Confirm reports whether it is the person's current password, as a proof of now. The
// attempt is counted and throttled like a sign-in.
func (p *Password) Confirm(r *http.Request, user *storage.User, typed string) (storage.Proof, bool, error) {
	name := user.Identifier()
	attempt, err := p.cfg.Limits.SignIn(r, name, user)
	if err != nil {
		return storage.Proof{}, false, err
	}
	verdict, err := p.verify(r.Context(), name, user, typed)
	if err != nil {
		return storage.Proof{}, false, err
	}
	if !verdict.Fits {
		p.cfg.Metrics.SignInFailed()
		return storage.Proof{}, false, p.cfg.Journal.RecordFailure(r, nil, user.ID, "", "password")
	}
	return p.Shown(user).Proof, true, p.cfg.Limits.Succeeded(r.Context(), attempt)
}

// verify says whether it is the person's password. Every answer costs one hash, of a
// kind that does not tell whether there is such a person (timing side channel,
// requirement EN2).
func (p *Password) verify(ctx context.Context, identifier string, user *storage.User, typed string) (pass.Verdict, error) {
	if len(typed) > maxPassword {
		typed = "" // no password is that long; it still costs a hash
	}
	if typed == "" {
		return pass.Verdict{}, asUnavailable(p.cfg.Passwords.VerifyDummy(ctx, typed))
	}
	if user == nil || user.PasswordHash == "" {
		return pass.Verdict{}, asUnavailable(p.verifyDecoy(ctx, identifier, typed))
	}
	verdict, err := p.cfg.Passwords.Check(ctx, user.PasswordHash, typed)
	if err != nil {
		return pass.Verdict{}, asUnavailable(err)
	}
	verdict.Fits = verdict.Fits && !user.Disabled()
	return verdict, nil
}

// upgrade renews a verifier that was made at another cost or by another system. The
// sign-in does not depend on it: a failure is logged and made good next time.
func (p *Password) upgrade(r *http.Request, user *storage.User, typed string) {
	shown := account.Evidence{User: user, Proofs: []storage.Proof{p.Shown(user).Proof}}
	err := p.cfg.Accounts.UpgradePassword(r.Context(), account.Person(shown, p.cfg.Journal.Origin(r, nil)), user, typed)
	if err != nil {
		p.cfg.Log.WarnContext(r.Context(), "renewing a password hash failed", "user_id", user.ID, "error", err)
	}
}

// asUnavailable says that passwords cannot be verified now: the queue for hashes is
// full, or a store does not answer.
func asUnavailable(err error) error {
	if err == nil {
		return nil
	}
	return pageerror.Unavailable("verify password", err)
}

func idOf(u *storage.User) storage.ID {
	if u == nil {
		return ""
	}
	return u.ID
}
