package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Addresses keeps email addresses; storage/sqlstore.Users in the binary.
type Addresses interface {
	// VerifyEmail answers storage.ErrConflict when it is not their address any more.
	VerifyEmail(ctx context.Context, id storage.ID, email string, now time.Time, e storage.Event, m ...storage.Message) error
	// ChangeEmail answers storage.ErrConflict when the address was changed
	// meanwhile, or the new one is another's.
	ChangeEmail(ctx context.Context, c storage.EmailChange, e storage.Event, m ...storage.Message) error
	// Recover answers storage.ErrNotFound when the right to the account is gone,
	// and storage.ErrConflict when the address is another's.
	Recover(ctx context.Context, c storage.Recovery, e storage.Event, m ...storage.Message) error
}

// RequestEmailChange asks the owner of a new address to confirm it; until they
// do, the old one stays (requirement RE4). What it does is the same for an
// address that has an account already: its owner alone is told (enumeration,
// requirement EN1). The current address is told of it, with a link that stops it
// (requirement RE3). It returns the address as it is spelled, and answers a
// [FieldError] for field email.
func (s *Service) RequestEmailChange(ctx context.Context, by Actor, id storage.ID, typed string) (to string, err error) {
	c, err := s.begin(ctx, by, askEmail, id)
	if err != nil {
		return "", err
	}
	if to, err = newEmail(c.user, typed); err != nil {
		return "", err
	}
	if err := s.tell(c, message.EmailChange{UserID: id, From: c.user.Email, To: to, PasswordEpoch: c.user.PasswordEpoch}); err != nil {
		return "", err
	}
	if c.user.Email != "" {
		asked := message.EmailChangeAsked{UserID: id, From: c.user.Email, To: to, PasswordEpoch: c.user.PasswordEpoch}
		if c.user.EmailVerified {
			asked.Epoch, asked.Since = c.user.EmailEpoch, s.Sitting(by)
		}
		if err := s.tell(c, asked); err != nil {
			return "", err
		}
	}
	return to, s.written(c, "ask for a change of address", s.cfg.Outbox.Add(ctx, &c.event, c.messages...))
}

// CheckNewEmail says what is wrong with another address of the person: a
// [FieldError] for field email.
func (s *Service) CheckNewEmail(user *storage.User, typed string) error {
	_, err := newEmail(user, typed)
	return err
}

// newEmail is another address of the person as it is kept.
func newEmail(user *storage.User, typed string) (string, error) {
	email, err := spellEmail(typed)
	if err == nil && ident.Canonical(email) == ident.Canonical(user.Email) {
		return "", &FieldError{Field: "email", Problem: Same}
	}
	return email, err
}

// ConfirmEmail spends the link that was sent to a new address, which makes it
// the account's. It answers ErrSignIn unless the person whose account it is is
// signed in: the mailbox alone moves nobody's account (requirement FE4); and
// ErrVoid.
func (s *Service) ConfirmEmail(ctx context.Context, by Actor, token string) (message.EmailUpdate, error) {
	u, err := peek[message.EmailUpdate](ctx, s, onetime.EmailChange, token)
	if err != nil {
		return u, err
	}
	c, err := s.begin(ctx, by, moveEmail, u.UserID)
	if err != nil {
		return u, voidIfNobody(err)
	}
	if _, err := s.cfg.Tokens.Redeem(ctx, onetime.EmailChange, token); err != nil {
		return u, tokenError(err)
	}
	return u, s.moveEmail(ctx, c, u)
}

// ConfirmEmailByCode is [Service.ConfirmEmail] by the code that stands beside the
// link. It answers ErrVoid, and onetime.ErrExhausted after too many wrong codes.
func (s *Service) ConfirmEmailByCode(ctx context.Context, by Actor, id storage.ID, code string) (message.EmailUpdate, error) {
	var u message.EmailUpdate
	c, err := s.begin(ctx, by, moveEmail, id)
	if err != nil {
		return u, err
	}
	entry, err := s.cfg.Tokens.RedeemCode(ctx, onetime.EmailChange, string(id), code)
	if err != nil {
		return u, tokenError(err)
	}
	if err := entry.Decode(&u); err != nil {
		return u, err
	}
	return u, s.moveEmail(ctx, c, u)
}

// moveEmail makes the proven address the account's, and tells the old one, with
// a link that undoes it.
func (s *Service) moveEmail(ctx context.Context, c *change, u message.EmailUpdate) error {
	if u.From != "" {
		changed := message.EmailChanged{UserID: u.UserID, From: u.From, To: u.To, Epoch: c.user.EmailEpoch}
		if c.user.EmailVerified {
			changed.Since = s.Sitting(c.by)
		}
		if err := s.tell(c, changed); err != nil {
			return err
		}
	}
	return s.changeEmail(ctx, c, storage.EmailChange{
		UserID: u.UserID, PasswordEpoch: u.PasswordEpoch, From: u.From, To: u.To, Verified: true, Now: c.now,
	})
}

func (s *Service) changeEmail(ctx context.Context, c *change, e storage.EmailChange) error {
	err := s.cfg.Addresses.ChangeEmail(ctx, e, c.event, c.messages...)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: change address: %w", ErrVoid, err)
	}
	return s.written(c, "change address", err)
}

// StopEmailChange spends the link that stops a change of address which waits for
// its proof. Whoever presses it did not ask for the change, so that somebody else
// has a session. Where the address is known to be the owner's, the account is
// recovered as by [Service.Disown]. Where it is not, nothing is taken away: every
// session and grant ends, which voids the change by its password epoch, and a link to
// set a new password goes to the address, which stays. It reports what it did, and
// answers ErrVoid, also where the change has happened already: for that there is
// [Service.UndoEmail].
func (s *Service) StopEmailChange(ctx context.Context, by Actor, token string) (TakenBack, error) {
	u, err := redeem[message.EmailUpdate](ctx, s, onetime.EmailStop, token)
	if err != nil {
		return TakenBack{}, err
	}
	done := TakenBack{Email: u.From, Recovers: !u.Since.IsZero()}
	c, err := s.begin(ctx, by.holding(u.UserID), stopEmail, u.UserID)
	if err != nil {
		return done, voidIfNobody(err)
	}
	if c.user.PasswordEpoch != u.PasswordEpoch || ident.Canonical(c.user.Email) != ident.Canonical(u.From) {
		return done, fmt.Errorf("%w: the change does not wait any more", ErrVoid)
	}
	if done.Recovers {
		return done, s.recover(ctx, by, stopEmail, message.Disowned{UserID: u.UserID, Email: u.From, Epoch: u.Epoch, Since: u.Since})
	}
	c.detail("stopped before it happened, every session is ended")
	if err := s.tell(c, message.PasswordReset{Identifier: u.From}); err != nil {
		return done, err
	}
	return done, s.written(c, "stop change of address", s.cfg.Sessions.EndAll(ctx, u.UserID, "", c.now, true, c.event, c.messages...))
}

// PeekStop says what a link does that stops a change. It answers ErrVoid.
func (s *Service) PeekStop(ctx context.Context, token string) (TakenBack, error) {
	u, err := peek[message.EmailUpdate](ctx, s, onetime.EmailStop, token)
	return TakenBack{Email: u.From, Recovers: !u.Since.IsZero()}, err
}

// RequestVerification has a link and a code sent that confirm the address of the
// account.
func (s *Service) RequestVerification(ctx context.Context, by Actor, id storage.ID, to message.Return) error {
	c, err := s.begin(ctx, by, askProof, id)
	if err != nil {
		return err
	}
	if err := s.tell(c, message.VerifyEmail{UserID: id, Email: c.user.Email, Return: to}); err != nil {
		return err
	}
	return s.written(c, "ask for a confirmation", s.cfg.Outbox.Add(ctx, nil, c.messages...))
}

// VerifyEmail spends the link that confirms the address of an account. It
// answers ErrVoid.
func (s *Service) VerifyEmail(ctx context.Context, by Actor, token string) (message.Verification, error) {
	v, err := redeem[message.Verification](ctx, s, onetime.VerifyEmail, token)
	if err != nil {
		return v, err
	}
	return v, s.verifyEmail(ctx, by.holding(v.UserID), v.UserID, v.Email)
}

// VerifyEmailByCode is [Service.VerifyEmail] by the code that stands beside the
// link. It answers ErrVoid, and onetime.ErrExhausted after too many wrong codes.
func (s *Service) VerifyEmailByCode(ctx context.Context, by Actor, id storage.ID, code string) error {
	entry, err := s.cfg.Tokens.RedeemCode(ctx, onetime.VerifyEmail, string(id), code)
	if err != nil {
		return tokenError(err)
	}
	var v message.Verification
	if err := entry.Decode(&v); err != nil {
		return err
	}
	return s.verifyEmail(ctx, by.holding(id), id, v.Email)
}

// MarkEmailVerified notes that the address is known to be the person's, by an
// operator's word.
func (s *Service) MarkEmailVerified(ctx context.Context, by Actor, id storage.ID) error {
	user, err := s.cfg.Users.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	return s.verifyEmail(ctx, by, id, user.Email)
}

// verifyEmail notes that the address is the person's; ErrVoid where it is not
// any more.
func (s *Service) verifyEmail(ctx context.Context, by Actor, id storage.ID, email string) error {
	c, err := s.begin(ctx, by, proveEmail, id)
	if err != nil {
		return voidIfNobody(err)
	}
	err = s.cfg.Addresses.VerifyEmail(ctx, id, email, c.now, c.event)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: verify address: %w", ErrVoid, err)
	}
	return s.written(c, "verify address", err)
}
