package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/storage"
)

// Lifecycles disables, enables and deletes accounts; storage/sqlstore.Users
// in the binary.
type Lifecycles interface {
	// Disable answers storage.ErrNotFound for who is disabled already, and Enable
	// for who is not.
	Disable(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error
	Enable(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error
	// PlanDeletion ends all access. It answers storage.ErrConflict when one is
	// planned, and storage.ErrConsumed when the password epoch is another.
	PlanDeletion(ctx context.Context, p storage.DeletionPlan, e storage.Event, m ...storage.Message) error
	// CancelDeletion answers storage.ErrNotFound when none is planned, or its time has come.
	CancelDeletion(ctx context.Context, id storage.ID, now time.Time, e storage.Event, m ...storage.Message) error
	// DeleteDue deletes at most limit people whose time has come; farewell makes
	// what is written with each.
	DeleteDue(ctx context.Context, now time.Time, limit int, farewell func(storage.User) (storage.Event, []storage.Message, error)) ([]storage.User, error)
}

// Disable keeps a person out, and ends everything that they hold. It answers
// ErrUnchanged.
func (s *Service) Disable(ctx context.Context, by Actor, id storage.ID, reason string) error {
	c, err := s.begin(ctx, by, disable, id)
	if err != nil {
		return err
	}
	c.detail(reason)
	return unchanged(s.written(c, "disable", s.cfg.Lifecycles.Disable(ctx, id, c.now, c.event)))
}

// Enable lets a disabled person sign in again. It answers ErrUnchanged.
func (s *Service) Enable(ctx context.Context, by Actor, id storage.ID) error {
	c, err := s.begin(ctx, by, enable, id)
	if err != nil {
		return err
	}
	return unchanged(s.written(c, "enable", s.cfg.Lifecycles.Enable(ctx, id, c.now, c.event)))
}

// unchanged is err of a change that found nothing to do.
func unchanged(err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrUnchanged, err)
	}
	return err
}

// PlanDeletion ends all access, and has the account deleted when its grace is
// over; without a grace it is deleted now. The owner is told, with a link that
// keeps it. It returns when, and answers ErrChanged when one is planned already.
func (s *Service) PlanDeletion(ctx context.Context, by Actor, id storage.ID) (time.Time, error) {
	return s.PlanDeletionIf(ctx, by, id, nil)
}

// PlanDeletionIf is [Service.PlanDeletion] where the condition takes the person as they
// are when it is written; its error is the answer.
func (s *Service) PlanDeletionIf(ctx context.Context, by Actor, id storage.ID, condition func(*storage.User) error) (time.Time, error) {
	c, err := s.begin(ctx, by, planDeletion, id)
	if err != nil {
		return time.Time{}, err
	}
	if condition != nil {
		if err := condition(c.user); err != nil {
			return time.Time{}, err
		}
	}
	at := c.now.Add(s.cfg.DeletionGrace)
	if s.cfg.DeletionGrace > 0 && c.user.Email != "" {
		if err := s.tell(c, message.DeletionPlanned{UserID: id, To: c.user.Email, DeleteAt: at}); err != nil {
			return at, err
		}
	}
	plan := storage.DeletionPlan{UserID: id, PasswordEpoch: c.user.PasswordEpoch, At: at, If: condition}
	err = s.written(c, "plan deletion", s.cfg.Lifecycles.PlanDeletion(ctx, plan, c.event, c.messages...))
	if err != nil || s.cfg.DeletionGrace > 0 {
		return at, err
	}
	_, err = s.DeleteDue(ctx, System("delete_accounts"))
	return at, err
}

// DeletionGrace is for how long a deletion can be taken back.
func (s *Service) DeletionGrace() time.Duration { return s.cfg.DeletionGrace }

// KeepAccount takes the planned deletion of the account back. That none is
// planned is as good.
func (s *Service) KeepAccount(ctx context.Context, by Actor, id storage.ID) error {
	err := s.keepAccount(ctx, by, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// KeepAccountByLink is [Service.KeepAccount] by the link of the message that
// announced the deletion. It answers ErrVoid.
func (s *Service) KeepAccountByLink(ctx context.Context, by Actor, token string) error {
	d, err := redeem[message.Deletion](ctx, s, onetime.DeletionCancel, token)
	if err != nil {
		return err
	}
	err = s.keepAccount(ctx, by.holding(d.UserID), d.UserID)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrChanged) {
		return fmt.Errorf("%w: %w", ErrVoid, err)
	}
	return voidIfNobody(err)
}

func (s *Service) keepAccount(ctx context.Context, by Actor, id storage.ID) error {
	c, err := s.begin(ctx, by, keepAccount, id)
	if err != nil {
		return err
	}
	return s.written(c, "cancel deletion", s.cfg.Lifecycles.CancelDeletion(ctx, id, c.now, c.event))
}

// deleteBatch is how many accounts are deleted in one go; the next go takes more.
const deleteBatch = 500

// DeleteDue deletes the accounts whose owners asked for it and did not take it
// back in time, and returns how many. The record keeps the id that relying
// parties know, and nothing else of the person.
func (s *Service) DeleteDue(ctx context.Context, by Actor) (int64, error) {
	gone, err := s.cfg.Lifecycles.DeleteDue(ctx, s.cfg.Now(), deleteBatch, func(u storage.User) (storage.Event, []storage.Message, error) {
		e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, storage.EventUserDeleted, u.ID)
		if err != nil {
			return e, nil, err
		}
		e.Detail = "as its owner had asked"
		c := &change{by: by, user: &u, event: e}
		err = s.notify(c, message.Notice{Kind: storage.MessageDeleted})
		return e, c.messages, err
	})
	if len(gone) > 0 {
		s.cfg.Queued()
	}
	if err != nil {
		return int64(len(gone)), fmt.Errorf("delete accounts: %w", err)
	}
	return int64(len(gone)), nil
}
