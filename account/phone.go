package account

import (
	"context"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// RequestPhone sends a code to a telephone number (E.164) that the person wants
// to be theirs, unless one of the attempt is live. It answers the errors of
// mfa.Phone, and mfa.ErrNotOffered where no message goes there.
func (s *Service) RequestPhone(ctx context.Context, by Actor, a mfa.Attempt, number string) (mfa.Challenge, error) {
	phone := s.cfg.Factors.Phone()
	if phone == nil {
		return mfa.Challenge{}, mfa.ErrNotOffered
	}
	if err := s.authorize(ctx, by, askPhone, a.Person.User); err != nil {
		return mfa.Challenge{}, err
	}
	return phone.Begin(ctx, a, number)
}

// ConfirmPhone makes the number the person's, by the code that was sent to it in
// the same attempt: that it was sent took fresh proofs. The owner is told. It
// answers the errors of mfa.Phone.
func (s *Service) ConfirmPhone(ctx context.Context, by Actor, a mfa.Attempt, number, code string) error {
	phone := s.cfg.Factors.Phone()
	if phone == nil {
		return mfa.ErrNotOffered
	}
	c, err := s.begin(ctx, by, setPhone, a.Person.User.ID)
	if err != nil {
		return err
	}
	if err := phone.Confirm(ctx, a, number, mfa.Response{Code: code}); err != nil {
		return err
	}
	return s.changePhone(ctx, c, number, storage.MessageFactorAdded)
}

// RemovePhone removes the person's number. The owner is told.
func (s *Service) RemovePhone(ctx context.Context, by Actor, id storage.ID) error {
	c, err := s.begin(ctx, by, removePhone, id)
	if err != nil {
		return err
	}
	return s.changePhone(ctx, c, "", storage.MessageFactorRemoved)
}

// changePhone writes the number. To its owner it is a factor that comes or goes:
// codes may be sent there.
func (s *Service) changePhone(ctx context.Context, c *change, number string, kind storage.MessageKind) error {
	if err := s.notify(c, message.Notice{Kind: kind, Factor: storage.FactorSMS}); err != nil {
		return err
	}
	p := storage.PhoneChange{
		UserID: c.user.ID, PasswordEpoch: c.user.PasswordEpoch, Phone: number, Verified: number != "", Now: c.now,
	}
	return s.written(c, "change phone number", s.cfg.Profiles.ChangePhone(ctx, p, c.event, c.messages...))
}
