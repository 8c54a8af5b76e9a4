package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Consents keeps what people were asked and allowed: one row a scope, so that
// two consents at once add up.
type Consents struct{ s *Store }

// Get returns the scopes that a person allowed a client, or storage.ErrNotFound.
func (r *Consents) Get(ctx context.Context, userID storage.ID, clientID string) ([]string, error) {
	var scopes nullString
	err := r.s.row(ctx, r.s.read, `SELECT string_agg(c.scope, ' ' ORDER BY c.scope) FROM consents c WHERE c.user_id = $1 AND c.client_id = $2`,
		[]any{string(userID), clientID}, &scopes)
	if err == nil && scopes == "" {
		err = sql.ErrNoRows
	}
	return strings.Fields(string(scopes)), wrap("read consent", err)
}

// Put adds scopes to what a person allows a client, and writes the event.
func (r *Consents) Put(ctx context.Context, userID storage.ID, clientID string, scopes []string, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		for _, scope := range scopes {
			_, err := r.s.exec(ctx, tx, `INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
				string(userID), clientID, scope, sqlTime{now})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("write consent", err)
}

type consentRow struct {
	bun.BaseModel `bun:"table:consents,alias:c"`

	ClientID  string    `bun:"client_id"`
	Scopes    spaceList `bun:"scopes"`
	UpdatedAt sqlTime   `bun:"updated_at"`
}

// ListByUser returns what a person allowed clients.
func (r *Consents) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Consent, error) {
	rows, err := list[consentRow](ctx, r.s, r.s.read, `SELECT c.client_id, string_agg(c.scope, ' ' ORDER BY c.scope), max(c.granted_at)
		FROM consents c WHERE c.user_id = $1 GROUP BY c.client_id ORDER BY c.client_id`, string(userID))
	if err != nil {
		return nil, wrap("list consents", err)
	}
	consents := make([]storage.Consent, len(rows))
	for i, row := range rows {
		consents[i] = storage.Consent{ClientID: row.ClientID, Scopes: row.Scopes, UpdatedAt: row.UpdatedAt.Time}
	}
	return consents, nil
}
