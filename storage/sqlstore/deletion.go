package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// PlanDeletion notes when a person's account is to go, and ends all that they are
// signed in to. Until then they may sign in and cancel. It answers
// storage.ErrConflict when a deletion is planned already, or the person is gone, and
// storage.ErrConsumed when the password epoch is another.
func (r *Users) PlanDeletion(ctx context.Context, p storage.DeletionPlan, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if _, err := r.s.holdPerson(ctx, tx, p.UserID, p.PasswordEpoch, p.If); err != nil {
			return err
		}
		err := must(r.s.exec(ctx, tx, `UPDATE users SET delete_at = $1, updated_at = $2 WHERE id = $3 AND delete_at IS NULL`,
			sqlTime{p.At}, sqlTime{e.At}, string(p.UserID)))
		if err != nil {
			return err
		}
		return r.s.endAccess(ctx, tx, accessEnd{userID: p.UserID, offline: true, now: e.At, reason: storage.RevokedByUser})
	})
	return conflictIfNone(wrap("plan deletion", err))
}

const cancelDeletion = `UPDATE users SET delete_at = NULL, updated_at = $1 WHERE id = $2 AND delete_at > $1`

// CancelDeletion takes a plan back. It answers storage.ErrNotFound when there is
// none, or its time has come.
func (r *Users) CancelDeletion(ctx context.Context, id storage.ID, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, cancelDeletion, sqlTime{now}, string(id)))
	})
	return wrap("cancel deletion", err)
}

// DeletionNotice makes what is written when a person is deleted: the event, and
// the messages that tell them.
type DeletionNotice = func(storage.User) (storage.Event, []storage.Message, error)

// DeleteDue deletes people whose deletion is due, at most limit of them, each in
// a transaction of their own, and returns them. Everything that hangs on them
// goes too; their events stay, without what is personal in them.
func (r *Users) DeleteDue(ctx context.Context, now time.Time, limit int, notice DeletionNotice) ([]storage.User, error) {
	var gone []storage.User
	for len(gone) < limit {
		u, err := r.deleteOne(ctx, now, notice)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return gone, wrap("delete user", err)
		}
		gone = append(gone, *u)
	}
	return gone, nil
}

func (r *Users) deleteOne(ctx context.Context, now time.Time, notice DeletionNotice) (*storage.User, error) {
	var u storage.User
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var row userRow
		err := r.s.row(ctx, tx, `SELECT `+userColumns+` FROM users u WHERE u.delete_at <= $1 ORDER BY u.delete_at LIMIT 1`+r.s.dialect.lock("UPDATE SKIP LOCKED"),
			[]any{sqlTime{now}}, &row)
		if err != nil {
			return err
		}
		u = row.user()
		if err := r.s.endAccess(ctx, tx, accessEnd{userID: u.ID, offline: true, now: now, reason: storage.RevokedByUser}); err != nil {
			return err
		}
		if err := must(r.s.exec(ctx, tx, `DELETE FROM users WHERE id = $1`, row.ID)); err != nil {
			return err
		}
		if err := r.s.eraseTraces(ctx, tx, &row); err != nil {
			return err
		}
		e, m, err := notice(u)
		if err != nil {
			return err
		}
		if err := r.s.insertMessages(ctx, tx, m); err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	return &u, err
}

// eraseTraces removes what is personal from the rows that outlive a person.
func (s *Store) eraseTraces(ctx context.Context, tx bun.Tx, u *userRow) error {
	if err := s.eraseEvents(ctx, tx, u.ID); err != nil {
		return err
	}
	if u.EmailCanonical == "" {
		return nil
	}
	_, err := s.exec(ctx, tx, `DELETE FROM invitations WHERE email_canonical = $1`, string(u.EmailCanonical))
	return err
}
