package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// access is a live grant or a remembered consent: what lets a client at an account.
type access struct {
	ClientID  string    `bun:"client_id"`
	Scopes    spaceList `bun:"scopes"`
	Offline   bool      `bun:"offline"`
	GrantedAt sqlTime   `bun:"granted_at"`
	UsedAt    sqlTime   `bun:"used_at"` // NULL for a consent
}

// ApplicationsOf returns the clients that have access to a person's account,
// the one used last first.
func (r *Grants) ApplicationsOf(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountApplication, error) {
	var rows []access
	err := r.s.read.NewRaw(`SELECT client_id, scopes, offline, created_at AS granted_at, rotated_at AS used_at FROM grants
			WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ? AND (NOT refreshable OR idle_expires_at > ?)
		UNION ALL SELECT client_id, scope, FALSE, granted_at, NULL FROM consents WHERE user_id = ?`,
		string(userID), sqlTime{now}, sqlTime{now}, string(userID)).Scan(ctx, &rows)
	if err != nil {
		return nil, wrap("list applications", err)
	}
	return applications(rows), nil
}

// applications gathers by client what lets it at an account.
func applications(rows []access) []storage.AccountApplication {
	byClient := map[string]*storage.AccountApplication{}
	for _, row := range rows {
		a := byClient[row.ClientID]
		if a == nil {
			a = &storage.AccountApplication{ClientID: row.ClientID, GrantedAt: row.GrantedAt.Time}
			byClient[row.ClientID] = a
		}
		a.Offline = a.Offline || row.Offline
		if row.GrantedAt.Before(a.GrantedAt) {
			a.GrantedAt = row.GrantedAt.Time
		}
		if row.UsedAt.After(a.UsedAt) {
			a.UsedAt = row.UsedAt.Time
		}
		for _, scope := range row.Scopes {
			if !slices.Contains(a.Scopes, scope) {
				a.Scopes = append(a.Scopes, scope)
			}
		}
	}
	list := make([]storage.AccountApplication, 0, len(byClient))
	for _, a := range byClient {
		slices.Sort(a.Scopes)
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b storage.AccountApplication) int {
		return cmp.Or(b.UsedAt.Compare(a.UsedAt), cmp.Compare(a.ClientID, b.ClientID))
	})
	return list
}

// RevokeClient takes away a client's access to a person's account: its grants,
// offline ones too, and the consent. It answers storage.ErrNotFound when it had none.
func (r *Grants) RevokeClient(ctx context.Context, userID storage.ID, clientID string, now time.Time, reason string, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		grants, err := affected(revokeGrants(tx, now, reason).
			Where("user_id = ?", string(userID)).Where("client_id = ?", clientID).Exec(ctx))
		if err != nil {
			return err
		}
		consents, err := affected(tx.ExecContext(ctx, `DELETE FROM consents WHERE user_id = ? AND client_id = ?`, string(userID), clientID))
		if err == nil && grants+consents == 0 {
			err = sql.ErrNoRows
		}
		return err
	})
	return wrap("revoke access of a client", err)
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// ListByUser returns all grants of a person that are still kept, revoked ones
// too, oldest first.
func (r *Grants) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Grant, error) {
	var rows []grantRow
	if err := r.s.read.NewSelect().Model(&rows).Where("user_id = ?", string(userID)).OrderExpr("id").Scan(ctx); err != nil {
		return nil, wrap("list grants", err)
	}
	grants := make([]storage.Grant, len(rows))
	for i := range rows {
		grants[i] = rows[i].grant()
	}
	return grants, nil
}
