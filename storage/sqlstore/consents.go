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
			_, err := tx.ExecContext(ctx, `INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				string(userID), clientID, scope, sqlTime{now})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("write consent", err)
}

// ListByUser returns what a person allowed clients.
func (r *Consents) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Consent, error) {
	var rows []struct {
		ClientID  string    `bun:"client_id"`
		Scopes    spaceList `bun:"scopes"`
		UpdatedAt sqlTime   `bun:"updated_at"`
	}
	err := r.s.read.NewRaw(`SELECT client_id, string_agg(scope, ' ' ORDER BY scope) AS scopes, max(granted_at) AS updated_at
		FROM consents WHERE user_id = ? GROUP BY client_id ORDER BY client_id`, string(userID)).Scan(ctx, &rows)
	if err != nil {
		return nil, wrap("list consents", err)
	}
	consents := make([]storage.Consent, len(rows))
	for i, row := range rows {
		consents[i] = storage.Consent{ClientID: row.ClientID, Scopes: row.Scopes, UpdatedAt: row.UpdatedAt.Time}
	}
	return consents, nil
}
