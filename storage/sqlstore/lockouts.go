package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Lockouts counts people's consecutive failures with each kind of factor.
type Lockouts struct{ s *Store }

type lockoutRow struct {
	bun.BaseModel `bun:"table:lockouts,alias:l"`

	UserID      string  `bun:"user_id,pk"`
	Kind        string  `bun:"kind,pk"`
	Failures    int64   `bun:"failures"`
	LockedUntil sqlTime `bun:"locked_until"`
	DisabledAt  sqlTime `bun:"disabled_at"`
	UpdatedAt   sqlTime `bun:"updated_at"`
}

// lockoutColumns are what [lockoutRow.dst] scans.
const lockoutColumns = `user_id, kind, failures, locked_until, disabled_at, updated_at`

func (r *lockoutRow) dst() []any {
	return []any{&r.UserID, &r.Kind, &r.Failures, &r.LockedUntil, &r.DisabledAt, &r.UpdatedAt}
}

func (r *lockoutRow) lockout() storage.Lockout {
	return storage.Lockout{
		UserID: storage.ID(r.UserID), Kind: storage.FactorKind(r.Kind), Failures: r.Failures,
		LockedUntil: r.LockedUntil.Time, DisabledAt: r.DisabledAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

// countFailure counts one more, unless a wait is running or the factor is
// disabled: then it changes nothing.
var countFailure = `INSERT INTO lockouts (` + lockoutColumns + `) VALUES ($1, $2, 1, $4, $5, $3)
	ON CONFLICT (user_id, kind) DO UPDATE SET (failures, locked_until, disabled_at, updated_at) = (
		SELECT n, CASE WHEN wait > 0 THEN CAST($3 AS BIGINT) + wait END,
			CASE WHEN n >= CAST($6 AS BIGINT) THEN CAST($3 AS BIGINT) END, CAST($3 AS BIGINT)
		FROM (SELECT n, ` + waitAfter("$7", "$8", "$9", "$10") + ` AS wait
			FROM (SELECT lockouts.failures + 1 AS n) AS counted) AS waiting)
	WHERE lockouts.disabled_at IS NULL AND (lockouts.locked_until IS NULL OR lockouts.locked_until <= $3)
	RETURNING ` + lockoutColumns

// Attempt counts a failure before anything is compared, and answers the row.
// Where a wait is running or the factor is disabled it counts nothing and
// answers storage.ErrLocked with the row. The count lasts until a success:
// b.Window is not regarded. With the failure that reaches disableAfter (zero is
// never) the factor is disabled, unless that attempt succeeds.
func (r *Lockouts) Attempt(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time, b storage.Backoff, disableAfter int64) (storage.Lockout, error) {
	if disableAfter <= 0 {
		disableAfter = math.MaxInt64
	}
	var firstUntil, firstDisabled sqlTime
	if wait := b.Wait(1); wait > 0 {
		firstUntil = sqlTime{now.Add(wait)}
	}
	if disableAfter == 1 {
		firstDisabled = sqlTime{now}
	}
	args := append([]any{string(userID), string(kind), sqlTime{now}, firstUntil, firstDisabled, disableAfter}, backoffArgs(b)...)
	for {
		var row lockoutRow
		err := r.s.row(ctx, r.s.write, countFailure, args, row.dst()...)
		if !errors.Is(err, sql.ErrNoRows) {
			return row.lockout(), wrap("count attempt", err)
		}
		err = r.s.row(ctx, r.s.write, `SELECT `+lockoutColumns+` FROM lockouts WHERE user_id = $1 AND kind = $2`,
			[]any{string(userID), string(kind)}, row.dst()...)
		switch {
		case errors.Is(err, sql.ErrNoRows): // it was forgotten meanwhile
		case err != nil:
			return storage.Lockout{}, wrap("read lockout", err)
		default:
			return row.lockout(), fmt.Errorf("attempt with %s: %w", kind, storage.ErrLocked)
		}
	}
}

// Succeeded forgets the failures with a kind of factor.
func (r *Lockouts) Succeeded(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time) error {
	_, err := forgetFailures(r.s.write, userID, now).Where("kind = ?", string(kind)).Exec(ctx)
	return wrap("forget failures", err)
}

// Unlock forgets the failures with a kind of factor, or with all for "". It
// answers storage.ErrNotFound when there were none.
func (r *Lockouts) Unlock(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		query := forgetFailures(tx, userID, now).Where("failures > 0")
		if kind != "" {
			query = query.Where("kind = ?", string(kind))
		}
		return changed(query.Exec(ctx))
	})
	return wrap("unlock", err)
}

func forgetFailures(db bun.IDB, userID storage.ID, now time.Time) *bun.UpdateQuery {
	return db.NewUpdate().Model((*lockoutRow)(nil)).
		Set("failures = 0").Set("locked_until = NULL").Set("disabled_at = NULL").Set("updated_at = ?", sqlTime{now}).
		Where("user_id = ?", string(userID))
}

// ListByUser returns the kinds of factors that a person failed with last.
func (r *Lockouts) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Lockout, error) {
	var rows []lockoutRow
	err := r.s.read.NewSelect().Model(&rows).Where("user_id = ?", string(userID)).Where("failures > 0").OrderExpr("kind").Scan(ctx)
	if err != nil {
		return nil, wrap("list lockouts", err)
	}
	lockouts := make([]storage.Lockout, len(rows))
	for i := range rows {
		lockouts[i] = rows[i].lockout()
	}
	return lockouts, nil
}
