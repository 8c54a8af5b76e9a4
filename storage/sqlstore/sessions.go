package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Sessions keeps signed-in browsers.
type Sessions struct{ s *Store }

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	SID           string    `bun:"sid,pk"`
	UserID        string    `bun:"user_id"`
	SecretHash    string    `bun:"secret_hash"`
	AuthTime      sqlTime   `bun:"auth_time"`
	ACR           string    `bun:"acr"`
	AMR           spaceList `bun:"amr"`
	CreatedAt     sqlTime   `bun:"created_at"`
	LastSeenAt    sqlTime   `bun:"last_seen_at"`
	IdleExpiresAt sqlTime   `bun:"idle_expires_at"`
	ExpiresAt     sqlTime   `bun:"expires_at"`
	UserAgent     string    `bun:"user_agent"`
	Address       string    `bun:"address"`

	Proofs document[[]storage.Proof] `bun:"proofs"`

	TrustedDevice string `bun:"trusted_device"`
	TrustACR      string `bun:"trust_acr"`

	Remembered bool `bun:"remembered"`
}

func (r *sessionRow) session() storage.Session {
	return storage.Session{
		SID: storage.ID(r.SID), UserID: storage.ID(r.UserID), SecretHash: r.SecretHash,
		Authentication: storage.Authentication{Time: r.AuthTime.Time, ACR: r.ACR, AMR: r.AMR},
		CreatedAt:      r.CreatedAt.Time, LastSeenAt: r.LastSeenAt.Time,
		IdleExpiresAt: r.IdleExpiresAt.Time, ExpiresAt: r.ExpiresAt.Time,
		UserAgent: r.UserAgent, Address: r.Address, Proofs: r.Proofs.Is,
		TrustedDevice: storage.ID(r.TrustedDevice), TrustACR: r.TrustACR, Remembered: r.Remembered,
	}
}

func rowOfSession(s *storage.Session) *sessionRow {
	return &sessionRow{
		SID: string(s.SID), UserID: string(s.UserID), SecretHash: s.SecretHash,
		AuthTime: sqlTime{s.Authentication.Time}, ACR: s.Authentication.ACR, AMR: s.Authentication.AMR,
		CreatedAt: sqlTime{s.CreatedAt}, LastSeenAt: sqlTime{s.LastSeenAt},
		IdleExpiresAt: sqlTime{s.IdleExpiresAt}, ExpiresAt: sqlTime{s.ExpiresAt},
		UserAgent: s.UserAgent, Address: s.Address, Proofs: document[[]storage.Proof]{s.Proofs},
		TrustedDevice: string(s.TrustedDevice), TrustACR: s.TrustACR, Remembered: s.Remembered,
	}
}

var insertSessionRow = insertInto[sessionRow]()

// Create inserts a session, its event and its messages, and in the same transaction ends the
// session that it takes the place of in its browser. Where the new session
// keeps the sid of the old one, the grants of the old one go on; otherwise
// those that are not offline end with it. It answers storage.ErrConflict when the
// person is gone, disabled, or has another password than the sign-in began with,
// and when the session that it renews has ended: whoever ended that does not see
// it come back.
func (r *Sessions) Create(ctx context.Context, s *storage.Session, start storage.SessionStart, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		// Lock order: users, sessions.
		if err := r.holdPerson(ctx, tx, s, start); err != nil {
			return err
		}
		if err := r.replace(ctx, tx, s, start); err != nil {
			return err
		}
		_, err := r.s.exec(ctx, tx, insertSessionRow, values(rowOfSession(s))...)
		return err
	})
	return conflictIfNone(wrap("create session", err))
}

// holdPerson answers sql.ErrNoRows unless the person may still begin the session,
// and keeps it so until the transaction ends. The first time it notes when that is.
func (r *Sessions) holdPerson(ctx context.Context, tx bun.Tx, s *storage.Session, start storage.SessionStart) error {
	const may = ` WHERE id = $1 AND password_epoch = $2 AND disabled_at IS NULL`
	args := []any{string(s.UserID), start.PasswordEpoch}
	if start.First {
		return must(r.s.exec(ctx, tx, `UPDATE users SET signed_in_at = COALESCE(signed_in_at, $3)`+may, append(args, sqlTime{s.CreatedAt})...))
	}
	var found string
	return r.s.row(ctx, tx, `SELECT id FROM users`+may+r.s.dialect.lock("SHARE"), args, &found)
}

// replace ends the session that s takes the place of.
func (r *Sessions) replace(ctx context.Context, tx bun.Tx, s *storage.Session, start storage.SessionStart) error {
	if len(start.Replaces) == 0 {
		return nil
	}
	end := sessionsEnd{keepGrants: s.SID, now: s.CreatedAt, reason: storage.RevokedSignOut}
	end.where = `secret_hash IN ` + anyOf(&end.args, start.Replaces)
	old, err := r.s.endSessions(ctx, tx, end)
	if err == nil && start.Renews && !slices.Contains(old, s.SID) {
		err = sql.ErrNoRows
	}
	return err
}

var sessionBySecret = `SELECT ` + columnsOf[sessionRow]() + `, ` + columnsOf[userRow]() + `
	FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.secret_hash = $1 AND s.ends_at > $2 AND u.disabled_at IS NULL`

// BySecret returns the live session whose secret has one of the hashes, with
// its person, in one round trip. It answers storage.ErrNotFound when there is
// none, it has expired, or its person is disabled.
func (r *Sessions) BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.SignedIn, error) {
	for _, hash := range hashes {
		var session sessionRow
		var user userRow
		err := r.s.row(ctx, r.s.read, sessionBySecret, []any{hash, sqlTime{now}}, &session, &user)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, wrap("read session", err)
		}
		return &storage.SignedIn{Session: session.session(), User: user.user()}, nil
	}
	return nil, wrap("read session", sql.ErrNoRows)
}

// Clients returns the clients that a session signed in to.
func (r *Sessions) Clients(ctx context.Context, sid storage.ID) ([]storage.SessionClient, error) {
	rows, err := list[sessionClientRow](ctx, r.s, r.s.read, `SELECT c.sid, c.client_id, c.sub FROM session_clients c WHERE c.sid = $1 ORDER BY c.client_id`,
		string(sid))
	if err != nil {
		return nil, wrap("list clients of a session", err)
	}
	clients := make([]storage.SessionClient, len(rows))
	for i, row := range rows {
		clients[i] = storage.SessionClient{ClientID: row.ClientID, Subject: row.Subject}
	}
	return clients, nil
}

// List returns sessions in the order of their sids, which is that in which they began,
// those too whose time is over and that were not swept yet; with a client only those
// that signed in to it.
func (r *Sessions) List(ctx context.Context, f storage.SessionFilter) ([]storage.Session, error) {
	text, args := `SELECT `+columnsOf[sessionRow]()+` FROM sessions s WHERE s.sid > $1 ORDER BY s.sid LIMIT $2`, []any{string(f.After), f.Limit}
	if f.ClientID != "" {
		args = append(args, f.ClientID)
		text = `SELECT ` + columnsOf[sessionRow]() + ` FROM sessions s WHERE s.sid IN (SELECT DISTINCT c.sid FROM session_clients c
			WHERE c.client_id = $3 AND c.sid > $1 ORDER BY c.sid LIMIT $2) ORDER BY s.sid`
	}
	rows, err := list[sessionRow](ctx, r.s, r.s.read, text, args...)
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	sessions := make([]storage.Session, len(rows))
	for i := range rows {
		sessions[i] = rows[i].session()
	}
	return sessions, nil
}

// Touch moves a session's idle deadline on.
func (r *Sessions) Touch(ctx context.Context, sid storage.ID, now, idleExpiresAt time.Time) error {
	err := must(r.s.exec(ctx, r.s.write, `UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2 WHERE sid = $3 AND idle_expires_at > $1`,
		sqlTime{now}, sqlTime{idleExpiresAt}, string(sid)))
	return wrap("touch session", err)
}

// End removes a session, revokes its grants that are not offline and writes the
// event, in one transaction. It answers storage.ErrNotFound when it has ended.
func (r *Sessions) End(ctx context.Context, sid storage.ID, now time.Time, e storage.Event) error {
	return r.end(ctx, sessionsEnd{where: `sid = $1`, args: []any{string(sid)}, now: now, reason: storage.RevokedSignOut}, e, nil)
}

// EndOf ends one of a person's own sessions, with its grants that are not
// offline. It answers storage.ErrNotFound for one that has ended or is another's.
func (r *Sessions) EndOf(ctx context.Context, userID, sid storage.ID, now time.Time, e storage.Event, m ...storage.Message) error {
	return r.end(ctx, sessionsEnd{
		where: `sid = $1 AND user_id = $2`, args: []any{string(sid), string(userID)}, now: now, reason: storage.RevokedSignOut,
	}, e, m)
}

func (r *Sessions) end(ctx context.Context, end sessionsEnd, e storage.Event, m []storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		ended, err := r.s.endSessions(ctx, tx, end)
		if err == nil && len(ended) == 0 {
			err = sql.ErrNoRows
		}
		return err
	})
	return wrap("end session", err)
}

// EndAll ends a person's sessions except for one (or none, ""), with the grants
// that are not offline, and where endGrants says so with those that are. Ending
// all of them voids pending changes as well (requirement FE3).
func (r *Sessions) EndAll(ctx context.Context, userID, except storage.ID, now time.Time, endGrants bool, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if except == "" { // what was asked for in one of them is void too
			_, err := r.s.exec(ctx, tx, `UPDATE users SET password_epoch = password_epoch + 1 WHERE id = $1`, string(userID))
			if err != nil {
				return err
			}
		}
		return r.s.endAccess(ctx, tx, accessEnd{userID: userID, except: except, offline: endGrants, now: now, reason: storage.RevokedByUser})
	})
	return wrap("end sessions", err)
}

// ListByUser returns a person's live sessions, the one used last first.
func (r *Sessions) ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountSession, error) {
	rows, err := list[sessionRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[sessionRow]()+` FROM sessions s
		WHERE s.user_id = $1 AND s.ends_at > $2 ORDER BY s.last_seen_at DESC, s.sid DESC`, string(userID), sqlTime{now})
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
