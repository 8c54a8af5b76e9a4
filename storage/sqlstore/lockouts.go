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

func (r *lockoutRow) lockout() storage.Lockout {
	return storage.Lockout{
		UserID: storage.ID(r.UserID), Kind: storage.FactorKind(r.Kind), Failures: r.Failures,
		LockedUntil: r.LockedUntil.Time, DisabledAt: r.DisabledAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

// countFailure counts one more, unless a wait is running or the factor is
// disabled: then it changes nothing.
var countFailure = `INSERT INTO lockouts (` + tableColumnsOf[lockoutRow]() + `) VALUES ($1, $2, 1, $4, $5, $3)
	ON CONFLICT (user_id, kind) DO UPDATE SET (failures, locked_until, disabled_at, updated_at) = (
		SELECT n, CASE WHEN wait > 0 THEN CAST($3 AS BIGINT) + wait END,
			CASE WHEN n >= CAST($6 AS BIGINT) THEN CAST($3 AS BIGINT) END, CAST($3 AS BIGINT)
		FROM (SELECT n, ` + waitAfter("$7", "$8", "$9", "$10") + ` AS wait
			FROM (SELECT lockouts.failures + 1 AS n) AS counted) AS waiting)
	WHERE lockouts.disabled_at IS NULL AND (lockouts.locked_until IS NULL OR lockouts.locked_until <= $3)
	RETURNING ` + tableColumnsOf[lockoutRow]()

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
		err := r.s.row(ctx, r.s.write, countFailure, args, &row)
		if !errors.Is(err, sql.ErrNoRows) {
			return row.lockout(), wrap("count attempt", err)
		}
		err = r.s.row(ctx, r.s.write, `SELECT `+columnsOf[lockoutRow]()+` FROM lockouts l WHERE l.user_id = $1 AND l.kind = $2`,
			[]any{string(userID), string(kind)}, &row)
		switch {
		case errors.Is(err, sql.ErrNoRows): // it was forgotten meanwhile
		case err != nil:
			return storage.Lockout{}, wrap("read lockout", err)
		default:
			return row.lockout(), fmt.Errorf("attempt with %s: %w", kind, storage.ErrLocked)
		}
	}
}

// forgetFailures forgets the failures with one kind of factor, or with all for "".
const forgetFailures = `UPDATE lockouts SET failures = 0, locked_until = NULL, disabled_at = NULL, updated_at = $1
	WHERE user_id = $2 AND ($3 = '' OR kind = $3)`

// Succeeded forgets the failures with a kind of factor.
func (r *Lockouts) Succeeded(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time) error {
	_, err := r.s.exec(ctx, r.s.write, forgetFailures, sqlTime{now}, string(userID), string(kind))
	return wrap("forget failures", err)
}

// Unlock forgets the failures with a kind of factor, or with all for "". It
// answers storage.ErrNotFound when there were none.
func (r *Lockouts) Unlock(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, forgetFailures+` AND failures > 0`, sqlTime{now}, string(userID), string(kind)))
	})
	return wrap("unlock", err)
}

// ListByUser returns the kinds of factors that a person failed with last.
func (r *Lockouts) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Lockout, error) {
	rows, err := list[lockoutRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[lockoutRow]()+` FROM lockouts l WHERE l.user_id = $1 AND l.failures > 0 ORDER BY l.kind`,
		string(userID))
	if err != nil {
		return nil, wrap("list lockouts", err)
	}
	lockouts := make([]storage.Lockout, len(rows))
	for i := range rows {
		lockouts[i] = rows[i].lockout()
	}
	return lockouts, nil
}
