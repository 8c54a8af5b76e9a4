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

// Consents keeps what people were asked and allowed.
type Consents struct{ s *Store }

// Get returns the scopes that a person allowed a client, or storage.ErrNotFound.
func (r *Consents) Get(ctx context.Context, userID storage.ID, clientID string) ([]string, error) {
	var scopes words
	err := r.s.row(ctx, r.s.read, `SELECT c.scopes FROM consents c WHERE c.user_id = $1 AND c.client_id = $2`,
		[]any{string(userID), clientID}, &scopes)
	return scopes, wrap("read consent", err)
}

// Put adds scopes to what a person allows a client, and writes the event.
func (r *Consents) Put(ctx context.Context, userID storage.ID, clientID string, scopes []string, now time.Time, e storage.Event) error {
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		all, err := consentForUpdate(ctx, tx, r.s.dialect, userID, clientID)
		if err != nil {
			return err
		}
		for _, scope := range scopes {
			if !slices.Contains(all, scope) {
				all = append(all, scope)
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO consents (user_id, client_id, scopes, updated_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at`,
			string(userID), clientID, all, instant{now})
		if err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	return wrap("write consent", err)
}

// consentForUpdate reads a consent that nobody else changes until the
// transaction ends. SQLite's transactions exclude each other already.
func consentForUpdate(ctx context.Context, tx bun.Tx, d dialect, userID storage.ID, clientID string) (words, error) {
	query := `SELECT scopes FROM consents WHERE user_id = ? AND client_id = ?`
	if d == postgres {
		query += ` FOR UPDATE`
	}
	var scopes words
	err := tx.QueryRowContext(ctx, query, string(userID), clientID).Scan(&scopes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return scopes, err
}

// ListByUser returns what a person allowed clients.
func (r *Consents) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Consent, error) {
	var rows []struct {
		ClientID  string  `bun:"client_id"`
		Scopes    words   `bun:"scopes"`
		UpdatedAt instant `bun:"updated_at"`
	}
	err := r.s.read.NewRaw(`SELECT client_id, scopes, updated_at FROM consents WHERE user_id = ? ORDER BY client_id`, string(userID)).Scan(ctx, &rows)
	if err != nil {
		return nil, wrap("list consents", err)
	}
	consents := make([]storage.Consent, len(rows))
	for i, row := range rows {
		consents[i] = storage.Consent{ClientID: row.ClientID, Scopes: row.Scopes, UpdatedAt: row.UpdatedAt.Time}
	}
	return consents, nil
}
