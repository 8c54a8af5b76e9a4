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
// signed in to. Until then they may sign in and cancel. It answers storage.ErrConflict when a deletion is planned
// already, or the person is gone.
func (r *Users) PlanDeletion(ctx context.Context, id storage.ID, at time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		err := changed(updateUser(tx, id, e.At).Set("delete_at = ?", sqlTime{at}).Where("delete_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		return endAccess(ctx, tx, endStatement{id, "", true, e.At, storage.RevokedByUser})
	})
	return conflictIfNone(wrap("plan deletion", err))
}

// CancelDeletion takes a plan back. It answers storage.ErrNotFound when there is
// none, or its time has come.
func (r *Users) CancelDeletion(ctx context.Context, id storage.ID, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return changed(updateUser(tx, id, now).Set("delete_at = NULL").Where("delete_at > ?", sqlTime{now}).Exec(ctx))
	})
	return wrap("cancel deletion", err)
}

// DeletionNotice makes what is written when a person is deleted: the event, and the
// messages that tell them.
type DeletionNotice = func(storage.User) (storage.Event, []storage.Message, error)

// DeleteDue deletes people whose deletion is due, at most limit of them, each in
// a transaction of their own, and returns them. Everything that hangs on them
// goes too; their events stay, without what is personal in them.
func (r *Users) DeleteDue(ctx context.Context, now time.Time, limit int, farewell DeletionNotice) ([]storage.User, error) {
	var gone []storage.User
	for len(gone) < limit {
		u, err := r.deleteOne(ctx, now, farewell)
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

func (r *Users) deleteOne(ctx context.Context, now time.Time, farewell DeletionNotice) (*storage.User, error) {
	due := `SELECT id FROM users WHERE delete_at <= ? ORDER BY delete_at LIMIT 1`
	if r.s.dialect == postgres {
		due += ` FOR UPDATE SKIP LOCKED`
	}
	var row userRow
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewRaw(`WITH due AS MATERIALIZED (`+due+`) DELETE FROM users WHERE id IN (SELECT id FROM due) RETURNING *`,
			sqlTime{now}).Scan(ctx, &row)
		if err != nil {
			return err
		}
		if err := eraseTraces(ctx, tx, &row); err != nil {
			return err
		}
		e, m, err := farewell(row.user())
		if err != nil {
			return err
		}
		if err := insertMessages(ctx, tx, m); err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	if err != nil {
		return nil, err
	}
	u := row.user()
	return &u, nil
}

// eraseTraces removes what is personal from the rows that outlive a person.
func eraseTraces(ctx context.Context, tx bun.Tx, u *userRow) error {
	if err := eraseEvents(ctx, tx, u.ID); err != nil {
		return err
	}
	if u.EmailCanonical == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE email_canonical = ?`, string(u.EmailCanonical))
	return err
}
