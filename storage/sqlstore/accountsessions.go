package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// ListByUser returns a person's live sessions, the one used last first.
func (r *Sessions) ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountSession, error) {
	var rows []sessionRow
	err := r.s.read.NewSelect().Model(&rows).Where("user_id = ?", string(userID)).
		Where("idle_expires_at > ?", sqlTime{now}).Where("expires_at > ?", sqlTime{now}).
		OrderExpr("last_seen_at DESC, sid DESC").Scan(ctx)
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	sessions := make([]storage.AccountSession, len(rows))
	for i, row := range rows {
		sessions[i] = storage.AccountSession{
			SID: storage.ID(row.SID), CreatedAt: row.CreatedAt.Time, LastSeenAt: row.LastSeenAt.Time,
			UserAgent: row.UserAgent, Address: row.Address,
		}
	}
	return sessions, nil
}

// EndOf ends one of a person's own sessions, with its grants that are not
// offline. It answers storage.ErrNotFound for one that has ended or is another's.
func (r *Sessions) EndOf(ctx context.Context, userID, sid storage.ID, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		err := changed(tx.NewDelete().Model((*sessionRow)(nil)).
			Where("sid = ?", string(sid)).Where("user_id = ?", string(userID)).Exec(ctx))
		if err != nil {
			return err
		}
		return endGrantsOf(ctx, tx, string(sid), now)
	})
	return wrap("end session", err)
}

// EndAll ends a person's sessions except for one (or none, ""), with the grants
// that are not offline, and where endGrants says so with those that are.
func (r *Sessions) EndAll(ctx context.Context, userID, except storage.ID, now time.Time, endGrants bool, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return endAccess(ctx, tx, endStatement{userID, except, endGrants, now, storage.RevokedByUser})
	})
	return wrap("end sessions", err)
}
