package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Edit changes several things of a person in one transaction. It answers
// storage.ErrConflict when a name is another's, storage.ErrConsumed when the person was
// changed meanwhile, and the error of its condition.
func (r *Users) Edit(ctx context.Context, edit storage.PersonEdit, events []storage.Event, m ...storage.Message) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		was, err := r.s.holdPerson(ctx, tx, edit.UserID, edit.PasswordEpoch, edit.If)
		if err != nil {
			return err
		}
		for _, part := range []func(context.Context, bun.Tx, *storage.PersonEdit, *storage.User) error{
			r.s.editNames, r.s.editProfile, r.s.editDisabled,
		} {
			if err := part(ctx, tx, &edit, was); err != nil {
				return err
			}
		}
		if err := r.s.insertMessages(ctx, tx, m); err != nil {
			return err
		}
		return r.s.insertEvents(ctx, tx, events)
	})
	return wrap("edit user", err)
}

// holdPerson lets one transaction at a time change what hangs on a person, under the
// password epoch that the change was allowed under, and has the condition judge them as
// they are then: between what is compared and what is written nobody comes.
func (s *Store) holdPerson(ctx context.Context, tx bun.Tx, id storage.ID, epoch int64, condition func(*storage.User) error) (*storage.User, error) {
	if err := s.underPassword(ctx, tx, id, epoch); err != nil {
		return nil, err
	}
	var row userRow
	if err := s.row(ctx, tx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, []any{string(id)}, &row); err != nil {
		return nil, err
	}
	u := row.user()
	if condition == nil {
		return &u, nil
	}
	return &u, condition(&u)
}

func (s *Store) editNames(ctx context.Context, tx bun.Tx, edit *storage.PersonEdit, _ *storage.User) error {
	if edit.Email != nil {
		if err := s.changeEmail(ctx, tx, *edit.Email); err != nil {
			return changedMeanwhile(err)
		}
	}
	if edit.VerifyEmail != "" {
		if err := s.verifyEmail(ctx, tx, edit.UserID, edit.VerifyEmail, edit.Now); err != nil {
			return changedMeanwhile(err)
		}
	}
	return nil
}

func (s *Store) editProfile(ctx context.Context, tx bun.Tx, edit *storage.PersonEdit, _ *storage.User) error {
	if edit.Profile != nil {
		if err := s.updateProfile(ctx, tx, *edit.Profile); err != nil {
			return err
		}
	}
	if edit.Attributes != nil {
		if err := s.setAttributes(ctx, tx, *edit.Attributes); err != nil {
			return changedMeanwhile(err)
		}
	}
	if edit.Roles != nil {
		return s.setRoles(ctx, tx, edit.UserID, *edit.Roles, edit.Now)
	}
	return nil
}

// editDisabled says who may sign in, and notes by whose word.
func (s *Store) editDisabled(ctx context.Context, tx bun.Tx, edit *storage.PersonEdit, was *storage.User) error {
	if edit.Keep && !was.DeleteAt.IsZero() {
		if err := must(s.exec(ctx, tx, cancelDeletion, sqlTime{edit.Now}, string(edit.UserID))); err != nil {
			return changedMeanwhile(err)
		}
	}
	if edit.Enable {
		if err := s.enable(ctx, tx, edit.UserID, edit.Now); err != nil {
			return changedMeanwhile(err)
		}
	}
	if edit.Disable {
		if err := s.disable(ctx, tx, edit.UserID, edit.Now); err != nil {
			return changedMeanwhile(err)
		}
	}
	p := edit.Provisioned
	if p == nil {
		return nil
	}
	switch {
	case edit.Disable:
		p.DeactivatedAt = edit.Now
	case edit.Enable:
		p.DeactivatedAt = time.Time{}
	}
	if edit.Adopt {
		return s.adopt(ctx, tx, p)
	}
	return s.updateProvisioned(ctx, tx, p)
}

// changedMeanwhile says of a write that found things another way than they were read
// that it came too late; a name that is another's is told apart from that.
func changedMeanwhile(err error) error {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("%w: %w", storage.ErrConsumed, err)
	}
	return err
}
