package mfa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// The results that are counted for the metrics.
const (
	resultPassed   = "passed"
	resultFailed   = "failed"
	resultLocked   = "locked"   // a failure began a lock
	resultDisabled = "disabled" // a failure disabled the kind
	resultRefused  = "refused"  // locked, disabled or out of tries: nothing was compared
	resultSent     = "sent"
	resultLimited  = "limited" // no code was sent
	resultCloned   = "cloned"  // a passkey's counter did not rise
)

// triesWindow is longer than any attempt lives, so that its tries never start anew.
const triesWindow = 24 * time.Hour

// attemptLimiter is the rate limit of guesses: every response to a factor is counted
// before it is looked at.
type attemptLimiter struct{ cfg Config }

// entry is an attempt that was counted. It ends in pass or in fail.
type entry struct {
	*attemptLimiter
	attempt   Attempt
	kind      storage.FactorKind
	triesLeft int
	lockout   storage.Lockout
}

// enter counts a response to a kind of factor, in the attempt and durably, or
// refuses it (requirement TH2). What follows can take nothing back but by
// passing.
func (g *attemptLimiter) enter(ctx context.Context, a Attempt, k storage.FactorKind) (*entry, error) {
	n, err := g.cfg.Ephemeral.Count(ctx, "mfa:tries:"+string(k)+":"+a.ID, triesWindow)
	if err != nil {
		return nil, fmt.Errorf("count tries of an attempt: %w", err)
	}
	if n > int64(g.cfg.Policy.Tries) {
		g.cfg.Counter.Factor(k, resultRefused)
		return nil, ErrSpent
	}
	lockout, err := g.cfg.Lockouts.Attempt(ctx, a.Person.User.ID, k, a.Now, g.cfg.Policy.Lockout, g.cfg.Policy.DisableAfter)
	if errors.Is(err, storage.ErrLocked) {
		g.cfg.Counter.Factor(k, resultRefused)
		return nil, closed(lockout, a.Now)
	}
	if err != nil {
		return nil, fmt.Errorf("count attempt with %s: %w", k, err)
	}
	return &entry{attemptLimiter: g, attempt: a, kind: k, triesLeft: g.cfg.Policy.Tries - int(n), lockout: lockout}, nil
}

// closed says why a lockout refuses attempts at now; nil where it does not.
func closed(l storage.Lockout, now time.Time) error {
	switch {
	case !l.DisabledAt.IsZero():
		return ErrDisabled
	case now.Before(l.LockedUntil):
		return &LockedError{Until: l.LockedUntil}
	}
	return nil
}

// pass ends a right response: it forgets the failures and keeps the event.
func (e *entry) pass(ctx context.Context, proof storage.Proof) (storage.Proof, error) {
	proof.Kind, proof.At = e.kind, e.attempt.Now
	if err := e.cfg.Lockouts.Succeeded(ctx, e.attempt.Person.User.ID, e.kind, e.attempt.Now); err != nil {
		return storage.Proof{}, fmt.Errorf("forget failures with %s: %w", e.kind, err)
	}
	if err := e.tell(ctx, e.attempt, storage.EventFactorPassed, storage.Success, string(e.kind)); err != nil {
		return storage.Proof{}, err
	}
	e.cfg.Counter.Factor(e.kind, resultPassed)
	return proof, nil
}

// fail ends a wrong response. Where it begins a lock, the person is told, once.
func (e *entry) fail(ctx context.Context, cause error) error {
	detail := string(e.kind) + ": " + cause.Error()
	if err := e.tell(ctx, e.attempt, storage.EventFactorFailed, storage.Failure, detail); err != nil {
		return err
	}
	refusal := closed(e.lockout, e.attempt.Now)
	switch {
	case refusal == nil:
		e.cfg.Counter.Factor(e.kind, resultFailed)
		return &WrongError{TriesLeft: e.triesLeft, Cause: cause}
	case errors.Is(refusal, ErrDisabled):
		e.cfg.Counter.Factor(e.kind, resultDisabled)
	default:
		e.cfg.Counter.Factor(e.kind, resultLocked)
	}
	detail = fmt.Sprintf("%s: %d consecutive failures", e.kind, e.lockout.Failures)
	if err := e.tell(ctx, e.attempt, storage.EventFactorLocked, storage.Failure, detail, Notice{Kind: storage.MessageFactorLocked, Factor: e.kind}); err != nil {
		return err
	}
	return refusal
}

// expire ends a response to something that is not live any more: it fails, and
// says so.
func (e *entry) expire(ctx context.Context, cause string) error {
	err := e.fail(ctx, errors.New(cause))
	if wrong := (*WrongError)(nil); errors.As(err, &wrong) {
		return ErrExpired
	}
	return err
}

// tell keeps an event of the attempt, and queues the notices that go with it.
func (g *attemptLimiter) tell(ctx context.Context, a Attempt, typ storage.EventType, outcome, detail string, notices ...Notice) error {
	e, err := g.event(a, typ, outcome, detail)
	if err != nil {
		return err
	}
	messages, err := g.notices(a, notices...)
	if err != nil {
		return err
	}
	if err := g.cfg.Outbox.Add(ctx, &e, messages...); err != nil {
		return fmt.Errorf("keep event %s: %w", typ, err)
	}
	return nil
}

// event makes an event of the attempt.
func (g *attemptLimiter) event(a Attempt, typ storage.EventType, outcome, detail string) (storage.Event, error) {
	e, err := storage.NewEvent(a.Now, g.cfg.Random, typ)
	if err != nil {
		return storage.Event{}, err
	}
	e.UserID, e.Outcome, e.Detail = a.Person.User.ID, outcome, detail
	e.ActorKind, e.ActorID = a.Source.ActorKind, a.Source.ActorID
	e.ClientID, e.SID = a.Source.ClientID, a.Source.SID
	e.Address, e.UserAgent, e.RequestID = a.Source.Address, a.Source.UserAgent, a.Source.RequestID
	return e, nil
}

// notices makes messages that tell the person of what happened in the attempt:
// none where no address is known to be theirs.
func (g *attemptLimiter) notices(a Attempt, notices ...Notice) ([]storage.Message, error) {
	u := a.Person.User
	if !u.EmailVerified {
		return nil, nil
	}
	messages := make([]storage.Message, 0, len(notices))
	for _, n := range notices {
		n.User, n.Locale, n.At, n.Address, n.UserAgent = u, a.Locale, a.Now, a.Source.Address, a.Source.UserAgent
		if n.Since = a.Began; n.Since.IsZero() {
			n.Since = a.Now
		}
		m, err := g.cfg.Sender.Notice(n)
		if err != nil {
			return nil, fmt.Errorf("make notice %s: %w", n.Kind, err)
		}
		messages = append(messages, m)
	}
	return messages, nil
}
