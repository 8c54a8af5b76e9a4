package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// AccessTokens answers for access tokens: by their grants, and by a list of
// those that were revoked one by one.
type AccessTokens struct{ s *Store }

var checkAccessToken = selectGrantUser + ` WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND u.disabled_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM revoked_access_tokens t WHERE t.jti = $3)`

// Check returns the grant of an access token with its person, in one round
// trip. It answers storage.ErrNotFound when the grant is gone or has ended, the
// person is disabled, or this very token was revoked.
func (r *AccessTokens) Check(ctx context.Context, grantID storage.ID, jti string, now time.Time) (*storage.GrantUser, error) {
	return r.s.grantUser(ctx, r.s.read, "check access token", checkAccessToken, string(grantID), sqlTime{now}, jti)
}

// Revoked reports whether a token was revoked by its jti.
func (r *AccessTokens) Revoked(ctx context.Context, jti string) (bool, error) {
	var found bool
	err := r.s.row(ctx, r.s.read, `SELECT EXISTS (SELECT 1 FROM revoked_access_tokens t WHERE t.jti = $1)`, []any{jti}, &found)
	return found, wrap("look up revoked access token", err)
}

// Revoke makes one access token stop working until it expires anyway, and
// writes the event with it. It is idempotent.
func (r *AccessTokens) Revoke(ctx context.Context, jti string, expiresAt time.Time, e storage.Event) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := r.s.exec(ctx, tx, `INSERT INTO revoked_access_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, jti, sqlTime{expiresAt})
		if err != nil || n == 0 {
			return err
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	return wrap("revoke access token", err)
}
