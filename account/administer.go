package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// SetEmail gives a person another address by an administrator's word, verified where
// they know it to be the person's. The old address is told, with a link that undoes it.
// It answers a [FieldError] for field email, and ErrTaken where the address has an
// account or was changed meanwhile.
func (s *Service) SetEmail(ctx context.Context, by Actor, id storage.ID, typed string, verified bool) error {
	user, err := s.cfg.Users.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	c, to, err := s.anotherEmail(ctx, by, user, typed)
	if err != nil {
		return err
	}
	err = s.changeEmail(ctx, c, storage.EmailChange{
		UserID: id, PasswordEpoch: c.user.PasswordEpoch, From: c.user.Email, To: to, Verified: verified, Now: c.now,
	})
	if errors.Is(err, ErrVoid) {
		return fmt.Errorf("set address: %w: %w", ErrTaken, err)
	}
	return err
}

// anotherEmail begins the change of a person's address by an administrator's word. The
// old address is told, with a link that undoes it.
func (s *Service) anotherEmail(ctx context.Context, by Actor, user *storage.User, typed string) (c *change, to string, err error) {
	if c, err = s.start(ctx, by, setEmail, user); err != nil {
		return nil, "", err
	}
	if to, err = newEmail(user, typed); err != nil {
		return nil, "", err
	}
	if user.Email != "" {
		err = s.tell(c, message.EmailChanged{UserID: user.ID, From: user.Email, To: to, Epoch: user.EmailEpoch})
	}
	return c, to, err
}

// SendReset has a link to set a new password sent to the person's address, by an
// administrator's word. It answers ErrForbidden for who is disabled, and a [FieldError]
// for field email where there is no address. reason is recorded.
func (s *Service) SendReset(ctx context.Context, by Actor, id storage.ID, reason string) error {
	c, err := s.begin(ctx, by, issueReset, id)
	switch {
	case err != nil:
		return err
	case c.user.Disabled():
		return fmt.Errorf("send reset: the account is disabled: %w", ErrForbidden)
	case c.user.Email == "":
		return &FieldError{Field: "email", Problem: Required, Cause: errors.New("the account has no address")}
	}
	c.detail(reason)
	if err := s.tell(c, message.PasswordReset{Identifier: c.user.Email}); err != nil {
		return err
	}
	return s.written(c, "send reset", s.cfg.Outbox.Add(ctx, &c.event, c.messages...))
}
