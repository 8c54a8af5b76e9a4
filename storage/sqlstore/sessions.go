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
}

const sessionColumns = `s.sid, s.user_id, s.secret_hash, s.auth_time, s.acr, s.amr, s.created_at, s.last_seen_at,
	s.idle_expires_at, s.expires_at, s.user_agent, s.address, s.proofs, s.trusted_device, s.trust_acr`

func (r *sessionRow) dst() []any {
	return []any{
		&r.SID, &r.UserID, &r.SecretHash, &r.AuthTime, &r.ACR, &r.AMR, &r.CreatedAt, &r.LastSeenAt,
		&r.IdleExpiresAt, &r.ExpiresAt, &r.UserAgent, &r.Address, &r.Proofs,
		&r.TrustedDevice, &r.TrustACR,
	}
}

func (r *sessionRow) session() storage.Session {
	return storage.Session{
		SID: storage.ID(r.SID), UserID: storage.ID(r.UserID), SecretHash: r.SecretHash,
		Authentication: storage.Authentication{Time: r.AuthTime.Time, ACR: r.ACR, AMR: r.AMR},
		CreatedAt:      r.CreatedAt.Time, LastSeenAt: r.LastSeenAt.Time,
		IdleExpiresAt: r.IdleExpiresAt.Time, ExpiresAt: r.ExpiresAt.Time,
		UserAgent: r.UserAgent, Address: r.Address, Proofs: r.Proofs.Is,
		TrustedDevice: storage.ID(r.TrustedDevice), TrustACR: r.TrustACR,
	}
}

func rowOfSession(s *storage.Session) *sessionRow {
	return &sessionRow{
		SID: string(s.SID), UserID: string(s.UserID), SecretHash: s.SecretHash,
		AuthTime: sqlTime{s.Authentication.Time}, ACR: s.Authentication.ACR, AMR: s.Authentication.AMR,
		CreatedAt: sqlTime{s.CreatedAt}, LastSeenAt: sqlTime{s.LastSeenAt},
		IdleExpiresAt: sqlTime{s.IdleExpiresAt}, ExpiresAt: sqlTime{s.ExpiresAt},
		UserAgent: s.UserAgent, Address: s.Address, Proofs: document[[]storage.Proof]{s.Proofs},
		TrustedDevice: string(s.TrustedDevice), TrustACR: s.TrustACR,
	}
}

// Create inserts a session and its event, and in the same transaction ends the
// session that it takes the place of in its browser. Where the new session
// keeps the sid of the old one, the grants of the old one go on; otherwise
// those that are not offline end with it. It answers storage.ErrConflict when the
// person is gone, disabled, or has another password than the sign-in began with,
// and when the session that it renews has ended: whoever ended that does not see
// it come back.
func (r *Sessions) Create(ctx context.Context, s *storage.Session, replaces []string, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := r.holdPassword(ctx, tx, s); err != nil {
			return err
		}
		if err := replaceSession(ctx, tx, replaces, s); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(rowOfSession(s)).Exec(ctx)
		return err
	})
	return conflictIfNone(wrap("create session", err))
}

// holdPassword answers sql.ErrNoRows unless the session's person may sign in
// with the password that they showed, and keeps it so until the transaction ends.
func (r *Sessions) holdPassword(ctx context.Context, tx bun.Tx, s *storage.Session) error {
	query := `SELECT id FROM users WHERE id = ? AND password_epoch = ? AND disabled_at IS NULL`
	if r.s.dialect == postgres {
		query += ` FOR SHARE`
	}
	var found string
	return tx.QueryRowContext(ctx, query, string(s.UserID), s.PasswordEpoch).Scan(&found)
}

func replaceSession(ctx context.Context, tx bun.Tx, hashes []string, s *storage.Session) error {
	if len(hashes) == 0 {
		return nil
	}
	var old []string
	err := tx.NewDelete().Model((*sessionRow)(nil)).Where("secret_hash IN ?", bun.Tuple(hashes)).
		Returning("sid").Scan(ctx, &old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if s.Renews && !slices.Contains(old, string(s.SID)) {
		return sql.ErrNoRows
	}
	for _, sid := range old {
		if sid == string(s.SID) {
			continue
		}
		if err := endGrantsOf(ctx, tx, sid, s.CreatedAt); err != nil {
			return err
		}
	}
	return nil
}

// endGrantsOf revokes the grants of an ended session, except for those that
// were made to outlive it.
func endGrantsOf(ctx context.Context, tx bun.Tx, sid string, now time.Time) error {
	_, err := tx.NewUpdate().Model((*grantRow)(nil)).
		Set("revoked_at = ?", sqlTime{now}).Set("revoked_reason = ?", storage.RevokedSignOut).
		Where("sid = ?", sid).Where("revoked_at IS NULL").Where("offline = ?", false).Exec(ctx)
	return err
}

// BySecret returns the live session whose secret has one of the hashes, with
// its person, in one round trip. It answers storage.ErrNotFound when there is
// none, it has expired, or its person is disabled.
func (r *Sessions) BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.SignedIn, error) {
	for _, hash := range hashes {
		var session sessionRow
		var user userRow
		err := r.s.row(ctx, r.s.read, `SELECT `+sessionColumns+`, `+userColumns+`
			FROM sessions s JOIN users u ON u.id = s.user_id
			WHERE s.secret_hash = $1 AND s.idle_expires_at > $2 AND s.expires_at > $2 AND u.disabled_at IS NULL`,
			[]any{hash, sqlTime{now}}, append(session.dst(), user.dst()...)...)
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

// Touch moves a session's idle deadline on.
func (r *Sessions) Touch(ctx context.Context, sid storage.ID, now, idleExpiresAt time.Time) error {
	err := changed(r.s.write.NewUpdate().Model((*sessionRow)(nil)).
		Set("last_seen_at = ?", sqlTime{now}).Set("idle_expires_at = ?", sqlTime{idleExpiresAt}).
		Where("sid = ?", string(sid)).Where("idle_expires_at > ?", sqlTime{now}).Exec(ctx))
	return wrap("touch session", err)
}

// End removes a session, revokes its grants that are not offline and writes the
// event, in one transaction. It answers storage.ErrNotFound when it has ended.
func (r *Sessions) End(ctx context.Context, sid storage.ID, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := changed(tx.NewDelete().Model((*sessionRow)(nil)).Where("sid = ?", string(sid)).Exec(ctx))
		if err != nil {
			return err
		}
		return endGrantsOf(ctx, tx, string(sid), now)
	})
	return wrap("end session", err)
}
