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

// activeGrantRow is what an access token says of its grant: what each check of one
// reads.
type activeGrantRow struct {
	bun.BaseModel `bun:"table:grants,alias:g"`

	ID       string     `bun:"id,pk"`
	ClientID string     `bun:"client_id"`
	UserID   string     `bun:"user_id"`
	SID      nullString `bun:"sid"`
	// RedirectURI and Address are what consent and rules of access go by.
	RedirectURI string                          `bun:"redirect_uri"`
	Address     string                          `bun:"address"`
	Scopes      spaceList                       `bun:"scopes"`
	Resource    spaceList                       `bun:"resource"`
	Claims      document[storage.ClaimsRequest] `bun:"claims"`
	AuthTime    sqlTime                         `bun:"auth_time"`
	ACR         string                          `bun:"acr"`
	AMR         spaceList                       `bun:"amr"`
	ExpiresAt   sqlTime                         `bun:"expires_at"`
}

func (r *activeGrantRow) grant() storage.Grant {
	return storage.Grant{
		ID: storage.ID(r.ID), ClientID: r.ClientID, UserID: storage.ID(r.UserID), SID: storage.ID(r.SID),
		RedirectURI: r.RedirectURI, Address: r.Address, Scopes: r.Scopes, Resource: r.Resource, Claims: r.Claims.Is, ExpiresAt: r.ExpiresAt.Time,
		Authentication: storage.Authentication{Time: r.AuthTime.Time, ACR: r.ACR, AMR: r.AMR},
	}
}

var checkAccessToken = `SELECT ` + columnsOf[activeGrantRow]() + `, ` + columnsOf[subjectRow]() + `
	FROM grants g JOIN users u ON u.id = g.user_id WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND u.disabled_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM revoked_access_tokens t WHERE t.jti = $3)`

// Check returns the grant of an access token with its person, in one round trip: of the
// grant what tokens say of it, not what refreshes and codes need. It answers
// storage.ErrNotFound when the grant is gone or has ended, the person is disabled, or
// this very token was revoked.
func (r *AccessTokens) Check(ctx context.Context, grantID storage.ID, jti string, now time.Time) (*storage.GrantUser, error) {
	var grant activeGrantRow
	var user subjectRow
	if err := r.s.row(ctx, r.s.read, checkAccessToken, []any{string(grantID), sqlTime{now}, jti}, &grant, &user); err != nil {
		return nil, wrap("check access token", err)
	}
	return &storage.GrantUser{Grant: grant.grant(), User: user.user()}, nil
}

// Revoked reports whether a token that a client was issued for itself, without a grant,
// was revoked: by its jti, with everything that was issued before the epoch was last
// raised, or because the client is locked down, or was after it was issued.
func (r *AccessTokens) Revoked(ctx context.Context, clientID, jti string, issuedAt time.Time) (bool, error) {
	var found bool
	err := r.s.row(ctx, r.s.read, `SELECT EXISTS (SELECT 1 FROM revoked_access_tokens t WHERE t.jti = $1)
		OR EXISTS (SELECT 1 FROM installation i WHERE i.name = $2 AND i.updated_at > $3)
		OR EXISTS (SELECT 1 FROM locked_clients l WHERE l.client_id = $4 AND (l.lifted_at IS NULL OR l.lifted_at > $3))`,
		[]any{jti, epochName, sqlTime{issuedAt}, clientID}, &found)
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
