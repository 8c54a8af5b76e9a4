package sqlstore

import (
	"context"
	"strconv"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Secrets keeps what is sealed in the tables, whatever it is of, so that it can be
// sealed anew under another key.
type Secrets struct{ s *Store }

// Secrets keeps what is sealed in the tables.
func (s *Store) Secrets() *Secrets { return &Secrets{s} }

// sealedColumn is where sealed values stand: a column of a table with its key, and what
// else of the row names the place that a value is sealed to.
type sealedColumn struct{ table, key, column, owner, where string }

// sealedColumns are all of them. A new one is a line here.
var sealedColumns = map[storage.SealedKind]sealedColumn{
	storage.SealedSigningKeys: {"signing_keys", "id", "private_key", `''`, `t.private_key <> ''`},
	storage.SealedFactors:     {"credentials", "id", "secret", "user_id", `t.secret <> ''`},
	storage.SealedMessages:    {"deliveries", "id", "sealed", `''`, `TRUE`},
}

// Page returns sealed values of a kind in the order of their keys, at most limit of
// them, from after a key on. Messages whose secret was forgotten are among them: one that
// is delivered has none, and most are.
func (r *Secrets) Page(ctx context.Context, kind storage.SealedKind, after string, limit int) ([]storage.SealedValue, error) {
	at := sealedColumns[kind]
	rows, err := list[sealedRow](ctx, r.s, r.s.read, `SELECT t.`+at.key+`, t.`+at.column+`, `+owner(at)+` FROM `+at.table+` t
		WHERE t.`+at.key+` > $1 AND `+at.where+` ORDER BY t.`+at.key+` LIMIT `+strconv.Itoa(limit), after)
	if err != nil {
		return nil, wrap("list sealed values", err)
	}
	values := make([]storage.SealedValue, len(rows))
	for i, row := range rows {
		values[i] = storage.SealedValue{Key: row.Key, Owner: storage.ID(row.Owner), Sealed: row.Sealed}
	}
	return values, nil
}

func owner(at sealedColumn) string {
	if at.owner == `''` {
		return at.owner
	}
	return `t.` + at.owner
}

type sealedRow struct {
	bun.BaseModel `bun:"table:sealed,alias:t"`

	Key    string `bun:"key"`
	Sealed string `bun:"sealed"`
	Owner  string `bun:"owner"`
}

// Replace puts another seal of the same value in the place of one. It answers
// storage.ErrNotFound where the value is not what it was.
func (r *Secrets) Replace(ctx context.Context, kind storage.SealedKind, key, from, to string) error {
	at := sealedColumns[kind]
	err := must(r.s.exec(ctx, r.s.write, `UPDATE `+at.table+` SET `+at.column+` = $1 WHERE `+at.key+` = $2 AND `+at.column+` = $3`, to, key, from))
	return wrap("seal anew", err)
}
