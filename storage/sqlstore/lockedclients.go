package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// LockedClients keeps which clients are in wrong hands.
type LockedClients struct{ s *Store }

// LockedClients keeps which clients are in wrong hands.
func (s *Store) LockedClients() *LockedClients { return &LockedClients{s} }

type lockedClientRow struct {
	bun.BaseModel `bun:"table:locked_clients,alias:l"`

	ClientID string  `bun:"client_id,pk"`
	LockedAt sqlTime `bun:"locked_at"`
	LiftedAt sqlTime `bun:"lifted_at"`
}

// Lock shuts a client that is in wrong hands, in one transaction: every grant of it
// ends, offline ones too, and it is told of each session that signed in to it. From
// then on no grant begins at it on any node (see [Grants.Create]), and what it was
// issued for itself is void (see [AccessTokens.Revoked]). note composes the event from
// what there was. It answers storage.ErrConflict for one that is locked already.
func (r *LockedClients) Lock(ctx context.Context, clientID string, now time.Time, note func(storage.ClientHoldings) storage.Event) (storage.ClientHoldings, error) {
	var had storage.ClientHoldings
	err := r.s.inTx(patiently(ctx, removeTimeout), func(ctx context.Context, tx bun.Tx) error {
		n, err := r.s.exec(ctx, tx, `INSERT INTO locked_clients AS l (client_id, locked_at) VALUES ($1, $2)
			ON CONFLICT (client_id) DO UPDATE SET locked_at = excluded.locked_at, lifted_at = NULL WHERE l.lifted_at IS NOT NULL`, clientID, sqlTime{now})
		if err == nil && n == 0 {
			err = storage.ErrConflict
		}
		if err != nil {
			return err
		}
		if had.Sessions, err = r.endAtClient(ctx, tx, clientID, now); err != nil {
			return err
		}
		if had.Grants, err = r.revokeAll(ctx, tx, clientID, now); err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, note(had))
	})
	return had, wrap("lock client", err)
}

func (r *LockedClients) revokeAll(ctx context.Context, tx bun.Tx, clientID string, now time.Time) (int64, error) {
	return r.s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE client_id = $3 AND revoked_at IS NULL`,
		sqlTime{now}, storage.RevokedLockdown, clientID)
}

type sessionAtClientRow struct {
	bun.BaseModel `bun:"table:session_clients,alias:c"`

	SID     string     `bun:"sid"`
	Subject string     `bun:"sub"`
	UserID  nullString `bun:"user_id"`
}

// endAtClient forgets that sessions signed in to a client, has the client told that
// they are over for it, and returns how many they were. The sessions themselves, and
// what they signed in to besides, go on.
func (r *LockedClients) endAtClient(ctx context.Context, tx bun.Tx, clientID string, now time.Time) (told int64, err error) {
	rows, err := list[sessionAtClientRow](ctx, r.s, tx, `DELETE FROM session_clients WHERE client_id = $1
		RETURNING sid, sub, (SELECT s.user_id FROM sessions s WHERE s.sid = session_clients.sid)`, clientID)
	if err != nil || r.s.cfg.SessionsEnded == nil {
		return int64(len(rows)), err
	}
	over := make([]storage.EndedSession, len(rows))
	for i, row := range rows {
		over[i] = storage.EndedSession{
			SID: storage.ID(row.SID), UserID: storage.ID(row.UserID), EndedAt: now, Reason: storage.RevokedLockdown,
			Clients: []storage.SessionClient{{ClientID: clientID, Subject: row.Subject}},
		}
	}
	after, err := r.s.cfg.SessionsEnded(ctx, over)
	if err != nil {
		return 0, err
	}
	return int64(len(rows)), r.s.insertMessages(ctx, tx, after.Deliveries)
}

// Lift opens a client again. Nothing that was issued before comes back: what a node
// was about to issue as the client was locked ends with it. It answers
// storage.ErrNotFound for one that is not locked.
func (r *LockedClients) Lift(ctx context.Context, clientID string, now time.Time, e storage.Event) error {
	err := r.s.change(patiently(ctx, removeTimeout), e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE locked_clients SET lifted_at = $1 WHERE client_id = $2 AND lifted_at IS NULL`, sqlTime{now}, clientID))
		if err != nil {
			return err
		}
		_, err = r.revokeAll(ctx, tx, clientID, now)
		return err
	})
	return wrap("lift lockdown of client", err)
}

// List returns the clients that are locked now.
func (r *LockedClients) List(ctx context.Context) ([]storage.LockedClient, error) {
	rows, err := list[lockedClientRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[lockedClientRow]()+` FROM locked_clients l WHERE l.lifted_at IS NULL ORDER BY l.client_id`)
	if err != nil {
		return nil, wrap("list locked clients", err)
	}
	locked := make([]storage.LockedClient, len(rows))
	for i, row := range rows {
		locked[i] = storage.LockedClient{ClientID: row.ClientID, LockedAt: row.LockedAt.Time}
	}
	return locked, nil
}

// Holdings counts what a client has: live grants, and sessions that signed in to it.
func (r *LockedClients) Holdings(ctx context.Context, clientID string) (h storage.ClientHoldings, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT (SELECT count(*) FROM grants g WHERE g.client_id = $1 AND g.revoked_at IS NULL),
		(SELECT count(*) FROM session_clients c WHERE c.client_id = $1)`, []any{clientID}, &h.Grants, &h.Sessions)
	return h, wrap("count what a client has", err)
}
