package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Numbers keeps what happened each day as numbers, so that nobody counts the record, or
// people, to look at them.
type Numbers struct{ s *Store }

// Numbers returns the repository of daily numbers.
func (s *Store) Numbers() *Numbers { return &Numbers{s} }

type numberRow struct {
	bun.BaseModel `bun:"table:daily_numbers,alias:n"`

	Day   sqlTime `bun:"day,pk"`
	Kind  string  `bun:"kind,pk"`
	Label string  `bun:"label,pk"`
	N     int64   `bun:"n"`
}

// maxNumbers bounds what is read at once.
const maxNumbers = 20_000

// Since returns the numbers of the days from one on, in their order.
func (r *Numbers) Since(ctx context.Context, day time.Time) ([]storage.DailyNumber, error) {
	rows, err := list[numberRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[numberRow]()+` FROM daily_numbers n
		WHERE n.day >= $1 ORDER BY n.day, n.kind, n.label LIMIT $2`, sqlTime{day}, maxNumbers)
	if err != nil {
		return nil, wrap("read daily numbers", err)
	}
	numbers := make([]storage.DailyNumber, len(rows))
	for i, row := range rows {
		numbers[i] = storage.DailyNumber{Day: row.Day.UTC(), Kind: storage.NumberKind(row.Kind), Label: row.Label, N: row.N}
	}
	return numbers, nil
}

// Place returns up to which place of the chain events were counted. It answers
// storage.ErrNotFound where none was yet.
func (r *Numbers) Place(ctx context.Context) (seq int64, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT seq FROM daily_numbers_place`, nil, &seq)
	return seq, wrap("read place of daily numbers", err)
}

// Count adds to the numbers and moves their place on, in one transaction: each event
// counts once, whatever fails. It answers storage.ErrConflict where another node moved it
// meanwhile.
func (r *Numbers) Count(ctx context.Context, step storage.NumbersStep) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := r.s.exec(ctx, tx, `UPDATE daily_numbers_place SET seq = $1 WHERE id = 1 AND seq = $2`, step.To, step.From)
		if err == nil && n == 0 {
			n, err = r.s.exec(ctx, tx, `INSERT INTO daily_numbers_place (id, seq) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`, step.To)
		}
		if err == nil && n == 0 {
			err = sql.ErrNoRows
		}
		for i := 0; err == nil && i < len(step.Added); i++ {
			err = r.set(ctx, tx, step.Added[i], `n.n + excluded.n`)
		}
		return err
	})
	return conflictIfNone(wrap("count events", err))
}

func (r *Numbers) set(ctx context.Context, tx bun.IDB, d storage.DailyNumber, to string) error {
	_, err := r.s.exec(ctx, tx, `INSERT INTO daily_numbers AS n (day, kind, label, n) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, kind, label) DO UPDATE SET n = `+to, sqlTime{d.Day}, string(d.Kind), d.Label, d.N)
	return err
}

type adoptionRow struct {
	bun.BaseModel `bun:"table:credentials,alias:c"`

	Kind   string `bun:"kind"`
	People int64  `bun:"people"`
}

// Adopt counts how many people there are and how many of them have which factor, which
// reads all of both, and notes it for the day.
func (r *Numbers) Adopt(ctx context.Context, day time.Time) error {
	ctx = patiently(ctx, removeTimeout)
	var people, some int64
	err := errors.Join(
		r.s.row(ctx, r.s.read, `SELECT count(*) FROM users`, nil, &people),
		r.s.row(ctx, r.s.read, `SELECT count(DISTINCT user_id) FROM credentials`, nil, &some))
	if err != nil {
		return wrap("count people", err)
	}
	kinds, err := list[adoptionRow](ctx, r.s, r.s.read, `SELECT c.kind, count(DISTINCT c.user_id) FROM credentials c GROUP BY c.kind ORDER BY c.kind`)
	if err != nil {
		return wrap("count factors", err)
	}
	numbers := []storage.DailyNumber{{Day: day, Kind: storage.NumberPeople, N: people}, {Day: day, Kind: storage.NumberEnrolled, N: some}}
	for _, k := range kinds {
		numbers = append(numbers, storage.DailyNumber{Day: day, Kind: storage.NumberEnrolled, Label: k.Kind, N: k.People})
	}
	for _, n := range numbers {
		if err := r.set(ctx, r.s.write, n, `excluded.n`); err != nil {
			return wrap("note adoption", err)
		}
	}
	return nil
}
