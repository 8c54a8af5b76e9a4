package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// access is a live grant or a remembered consent: what lets a client at an account.
type access struct {
	bun.BaseModel `bun:"table:grants,alias:g"`

	ClientID  string    `bun:"client_id"`
	Scopes    spaceList `bun:"scopes"`
	Offline   bool      `bun:"offline"`
	GrantedAt sqlTime   `bun:"granted_at"`
	UsedAt    sqlTime   `bun:"used_at"` // NULL for a consent
}

// ApplicationsOf returns the clients that have access to a person's account,
// the one used last first.
func (r *Grants) ApplicationsOf(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountApplication, error) {
	rows, err := list[access](ctx, r.s, r.s.read, `SELECT g.client_id, g.scopes, g.offline, g.created_at, g.rotated_at FROM grants g
			WHERE g.user_id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND (NOT g.refreshable OR g.idle_expires_at > $2)
		UNION ALL SELECT c.client_id, c.scope, FALSE, c.granted_at, NULL FROM consents c WHERE c.user_id = $1`, string(userID), sqlTime{now})
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
		grants, err := r.s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE user_id = $3 AND client_id = $4 AND revoked_at IS NULL`,
			sqlTime{now}, reason, string(userID), clientID)
		if err != nil {
			return err
		}
		consents, err := r.s.exec(ctx, tx, `DELETE FROM consents WHERE user_id = $1 AND client_id = $2`, string(userID), clientID)
		return must(grants+consents, err)
	})
	return wrap("revoke access of a client", err)
}

// CountLiveByClient counts the live grants of a client, as far as most.
func (r *Grants) CountLiveByClient(ctx context.Context, clientID string, now time.Time, most int) (n int, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT count(*) FROM (SELECT g.id FROM grants g WHERE g.client_id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 LIMIT $3) live`,
		[]any{clientID, sqlTime{now}, most}, &n)
	return n, wrap("count grants of a client", err)
}
