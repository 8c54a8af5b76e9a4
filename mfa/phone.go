package mfa

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
)

// Phone proves that a number is a person's own, before it becomes that of
// their account: by a code, under limits of its own. It is no
// factor, and what proves a number proves nobody's identity.
type Phone struct{ code *sentCode }

func newPhone(cfg Config, g *attemptLimiter) *Phone {
	code := newPhoneCode(cfg, g, smsConfirmation, storage.MessagePhoneVerify, cfg.SMS.Confirmation)
	code.to = func(u *storage.User) string {
		if cfg.SMS.country(u.Phone) == "" {
			return ""
		}
		return u.Phone
	}
	return &Phone{code: code}
}

// Begin sends a code to the number, which is in E.164; [ErrNotOffered] where no
// message goes there.
func (p *Phone) Begin(ctx context.Context, a Attempt, number string) (Challenge, error) {
	return p.code.Begin(ctx, withNumber(a, number))
}

// Confirm checks the code that was sent to this very number in this attempt, so
// that a page may carry the number along.
func (p *Phone) Confirm(ctx context.Context, a Attempt, number string, r Response) error {
	checked, err := p.code.check(ctx, withNumber(a, number), r)
	if err != nil {
		return err
	}
	if err := p.code.cfg.Lockouts.Succeeded(ctx, a.Person.User.ID, checked.kind, a.Now); err != nil {
		return fmt.Errorf("forget failures with %s: %w", checked.kind, err)
	}
	return nil
}

// withNumber is the attempt of the person as they would be with the number.
func withNumber(a Attempt, number string) Attempt {
	u := *a.Person.User
	u.Phone, u.PhoneVerified = number, false
	a.Person.User = &u
	return a
}
