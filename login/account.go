package login

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// This file is what the account pages ask of the flow: evidence, and the changes
// that are made of evidence.

// Fresh reports whether a session shows all that [Pages.Ask] would ask its person
// for, and showed it within the time: only then a page may change how people sign
// in (requirements RE3, PK3). An enrolled second factor is part of that; one that
// the person may still put off enrolling is not.
func (p *Pages) Fresh(ctx context.Context, signedIn *storage.SignedIn, within time.Duration) (bool, error) {
	now := p.cfg.Now()
	in := interaction.ForPage(interaction.PageRequest{Fresh: within}, now)
	in.Answers = interaction.Answers{By: signedIn.User.ID, EnrollSkipped: true}
	s := &standing{in: in, state: flow.State{
		Now: now, Interaction: in, User: &signedIn.User, Proofs: signedIn.Session.Proofs,
		Policy: &p.policy, Enrollable: len(p.allEnrollable()) > 0,
	}}
	if err := p.addFactors(ctx, s); err != nil {
		return false, err
	}
	return flow.Next(s.state).Name == flow.StepDone, nil
}

// PasswordWillDo reports whether the current password is all that the person
// could be asked for, so that a page may ask for it itself.
func (p *Pages) PasswordWillDo(user *storage.User) bool {
	return user.PasswordHash != "" && p.policy.Wants(user, nil) == mfa.ACRPassword && p.policy.Guards(user) == mfa.ACRPassword
}

// ConfirmPassword reports whether it is the person's current password. The
// attempt is counted and throttled like a sign-in.
func (p *Pages) ConfirmPassword(r *http.Request, user *storage.User, password string) (bool, error) {
	limits := p.signInLimits(r, identifierOf(user), user)
	if err := p.throttle(r, user.ID, limits...); err != nil {
		return false, err
	}
	verdict, err := p.verifyPassword(r.Context(), identifierOf(user), user, password)
	if err != nil {
		return false, err
	}
	if !verdict.Fits {
		p.cfg.Metrics.SignInFailed()
		return false, p.note(r, storage.EventSignInFailed, user.ID, storage.Failure, "password")
	}
	return true, p.relax(r.Context(), limits)
}

// SetPassword sets a new password of whoever is signed in. Every other session
// ends, the one of this browser gets a new secret (requirement SE1), no device
// is trusted any more, and where endOffline says so no grant goes on.
func (p *Pages) SetPassword(w http.ResponseWriter, r *http.Request, signedIn *storage.SignedIn, chosen string, endOffline bool) error {
	verifier, err := p.cfg.Password.Hash(r.Context(), chosen)
	if err != nil {
		return busy(err)
	}
	secret := web.NewSecret()
	change := storage.PasswordChange{
		UserID: signedIn.User.ID, Epoch: signedIn.User.PasswordEpoch, Hash: verifier, Now: p.cfg.Now(),
		ByEmail: signedIn.User.ResetByEmail && onlyByPassword(signedIn.Session.Proofs),
		KeepSID: signedIn.Session.SID, KeepSecretHash: p.cfg.Hasher.Sum(sessionPurpose, secret), EndOffline: endOffline,
	}
	if err := p.ChangePassword(r, &signedIn.User, change); err != nil {
		return err
	}
	p.cfg.Cookies.Set(w, web.CookieSession, secret, 0)
	p.cfg.Cookies.Clear(w, web.CookieTrust)
	return nil
}

// onlyByPassword reports whether nothing was shown but a password and what is
// sent to the mailbox. Where a link in that mailbox set the password, another one
// that was set by nothing more is worth no more: the mailbox is still all that
// it rests on (requirement RE1).
func onlyByPassword(proofs []storage.Proof) bool {
	return !slices.ContainsFunc(proofs, func(p storage.Proof) bool {
		return p.Kind != storage.FactorPassword && p.Kind != storage.FactorEmail
	})
}

// ForgetSession makes the browser forget a session that has ended.
func (p *Pages) ForgetSession(w http.ResponseWriter) { p.cfg.Cookies.Clear(w, web.CookieSession) }

// MinPassword is how long a new password of the person must be.
func (p *Pages) MinPassword(user *storage.User) int { return p.minPassword(user) }

// PasswordProblem is the key of the text that says what is wrong with a new
// password, and how long it must be; empty where nothing is.
func (p *Pages) PasswordProblem(ctx context.Context, user *storage.User, chosen string) string {
	for _, problem := range p.CheckPassword(ctx, user, chosen) {
		return problemText(problem)
	}
	return ""
}

// ReplaceRecoveryCodes makes a new set of recovery codes for whoever is signed
// in, shows it once, and brings the browser back to the path.
func (p *Pages) ReplaceRecoveryCodes(w http.ResponseWriter, r *http.Request, signedIn *storage.SignedIn, returnTo string) error {
	in, err := p.ask(w, r, Asked{ReturnTo: returnTo})
	if err != nil {
		return err
	}
	attempt, err := p.Attempt(r, signedIn, in.ID)
	if err != nil {
		return err
	}
	codes, err := p.cfg.Factors.Recovery().Generate(r.Context(), attempt)
	if err != nil {
		return unavailable("make recovery codes", err)
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

// Attempt is what factors are told of a visit of whoever is signed in to a page
// that changes them; the visit is named by something that only it knows.
func (p *Pages) Attempt(r *http.Request, signedIn *storage.SignedIn, visit string) (mfa.Attempt, error) {
	person, err := p.cfg.Factors.Person(r.Context(), &signedIn.User)
	if err != nil {
		return mfa.Attempt{}, unavailable("read factors", err)
	}
	source, err := p.Event(r, signedIn, storage.EventFactorPassed)
	if err != nil {
		return mfa.Attempt{}, err
	}
	return mfa.Attempt{
		ID: p.cfg.Hasher.Sum(partialPurpose, "visit", visit), Person: person, Now: p.cfg.Now(),
		AddressBucket: addressBucket(r.Context()), Locale: p.cfg.UI.Locale(r, nil), Source: source,
	}, nil
}

// Event starts a security event of whoever is signed in.
func (p *Pages) Event(r *http.Request, signedIn *storage.SignedIn, typ storage.EventType) (storage.Event, error) {
	event, err := p.event(r, typ, signedIn.User.ID)
	event.SID = signedIn.Session.SID
	return event, err
}

// ConfirmEmailCode makes the address that the code was sent to the person's, as
// the link beside the code would. It reports false where the code is not valid.
func (p *Pages) ConfirmEmailCode(r *http.Request, user *storage.User, code string) (bool, error) {
	entry, err := p.cfg.Tokens.RedeemCode(r.Context(), onetime.EmailChange, string(user.ID), code)
	switch {
	case errors.Is(err, onetime.ErrInvalid):
		return false, nil
	case errors.Is(err, onetime.ErrExhausted):
		return false, tooMany(codePause, err)
	case err != nil:
		return false, unavailable("spend code", err)
	}
	_, err = p.moveEmail(r, entry)
	return err == nil, err
}

// Send queues a message that whoever is signed in asks for, together with its
// event, unless too many were sent.
func (p *Pages) Send(r *http.Request, event storage.Event, destination string, body message.Body) error {
	if err := p.allowMessage(r, event.UserID, destination); err != nil {
		return err
	}
	return p.queue(r, nil, &event, body)
}

// Enrollable are the kinds of factors that people can add.
func (p *Pages) Enrollable() []storage.FactorKind { return p.allEnrollable() }

// FactorRequired reports whether policy asks the person for a second factor.
func (p *Pages) FactorRequired(user *storage.User) bool { return p.policy.Requires(user, nil) }

// RecoveryCounts reports whether recovery codes are of use.
func (p *Pages) RecoveryCounts() bool { return p.policy.Reaches(storage.FactorRecovery) != "" }

// DisplayName is how a page speaks of a person.
func DisplayName(u *storage.User) string { return displayName(u) }

// TooMany refuses an attempt until the wait is over.
func TooMany(wait time.Duration, cause error) error { return tooMany(wait, cause) }
