package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Grants keeps what people allowed clients.
type Grants struct{ s *Store }

// rotate is the whole of a refresh: whoever presents the live generation with
// the row's own salt moves it on. The conditions are those of [storage.Rotation].
// The times are those of the database's clock as it writes: a statement that was
// held up, or a node whose clock is wrong, makes no retry look late.
func (d dialect) rotate() string {
	tables, enabled := ` FROM users u`, `u.id = g.user_id AND u.disabled_at IS NULL`
	returned := columnsOf[grantRow]() + `, ` + columnsOf[subjectRow]()
	if d == sqliteDB { // returns columns of the updated table alone, and without its alias
		tables, enabled = ``, `EXISTS (SELECT 1 FROM users u WHERE u.id = g.user_id AND u.disabled_at IS NULL)`
		returned = tableColumnsOf[grantRow]()
	}
	now := d.now(5)
	// Without offline access a grant ends with its session, however that ends.
	session := `(g.offline OR g.sid IS NULL OR EXISTS (SELECT 1 FROM sessions s WHERE s.sid = g.sid
		AND s.expires_at > ` + now + ` AND s.idle_expires_at > ` + now + `))`
	return `UPDATE grants AS g SET generation = generation + 1, rotated_at = ` + now + `, idle_expires_at = ` + now + ` + $6, cnf = $7` + tables + `
		WHERE g.id = $1 AND g.client_id = $2 AND g.generation = $3 AND g.salt = $4 AND (g.cnf = '' OR g.cnf = $7) AND g.refreshable AND g.revoked_at IS NULL
			AND g.expires_at > ` + now + ` AND g.idle_expires_at > ` + now + ` AND ` + enabled + ` AND ` + session + ` RETURNING ` + returned
}

var rotateGrant = map[dialect]string{postgres: postgres.rotate(), sqliteDB: sqliteDB.rotate()}

// Rotate moves a grant to its next generation in one conditional write and
// returns it as it is then, with its person. It answers storage.ErrNotFound when
// no live grant of an enabled person fits every field. With PostgreSQL it is one
// round trip; SQLite reads the person with a second statement.
func (r *Grants) Rotate(ctx context.Context, t storage.Rotation) (*storage.GrantUser, error) {
	args := []any{string(t.GrantID), t.ClientID, int64(t.Generation), t.Salt, r.s.clock(), t.IdleLifetime.Microseconds(), t.Confirmation}
	var grant grantRow
	var user subjectRow
	var err error
	if r.s.dialect == postgres {
		err = r.s.row(ctx, r.s.write, rotateGrant[postgres], args, &grant, &user)
	} else if err = r.s.writeGrouped(ctx, write{text: rotateGrant[sqliteDB], args: args, dst: []any{&grant}}); err == nil {
		err = r.s.row(ctx, r.s.read, selectSubject, []any{grant.UserID}, &user)
	}
	if err != nil {
		return nil, wrap("rotate grant", err)
	}
	return &storage.GrantUser{Grant: grant.grant(), User: user.user(), Now: grant.RotatedAt.Time}, nil
}

// ByID returns the grant, revoked or not, with its person and the time of the
// database's clock.
func (r *Grants) ByID(ctx context.Context, id storage.ID) (*storage.GrantUser, error) {
	var grant grantRow
	var user subjectRow
	var now sqlTime
	err := r.s.row(ctx, r.s.read, `SELECT `+columnsOf[grantRow]()+`, `+columnsOf[subjectRow]()+`, `+r.s.dialect.now(2)+`
		FROM grants g JOIN users u ON u.id = g.user_id WHERE g.id = $1`, []any{string(id), r.s.clock()}, &grant, &user, &now)
	if err != nil {
		return nil, wrap("read grant", err)
	}
	return &storage.GrantUser{Grant: grant.grant(), User: user.user(), Now: now.Time}, nil
}

// ByCodeHash returns the grant that was made for a code with one of the hashes.
func (r *Grants) ByCodeHash(ctx context.Context, hashes []string) (*storage.Grant, error) {
	for _, hash := range hashes {
		var row grantRow
		err := r.s.row(ctx, r.s.write, `SELECT `+columnsOf[grantRow]()+` FROM grants g WHERE g.code_hash = $1`, []any{hash}, &row)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, wrap("read grant of a code", err)
		}
		g := row.grant()
		return &g, nil
	}
	return nil, wrap("read grant of a code", sql.ErrNoRows)
}

// Revoke ends a live grant and writes the event with it. It answers
// storage.ErrNotFound when there was nothing left to end.
func (r *Grants) Revoke(ctx context.Context, id storage.ID, now time.Time, reason string, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE id = $3 AND revoked_at IS NULL`,
			sqlTime{now}, reason, string(id)))
	})
	return wrap("revoke grant", err)
}

// ListByUser returns all grants of a person that are still kept, revoked ones
// too, oldest first.
func (r *Grants) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Grant, error) {
	return r.list(ctx, `SELECT `+columnsOf[grantRow]()+` FROM grants g WHERE g.user_id = $1 ORDER BY g.id`, string(userID))
}

// ListByClient returns the grants of a client that are still kept, revoked ones
// too, in the order of their ids, at most limit of them, from after the id on.
func (r *Grants) ListByClient(ctx context.Context, clientID string, after storage.ID, limit int) ([]storage.Grant, error) {
	return r.list(ctx, `SELECT `+columnsOf[grantRow]()+` FROM grants g WHERE g.client_id = $1 AND g.id > $2 ORDER BY g.id LIMIT $3`,
		clientID, string(after), limit)
}

// List returns all grants that are still kept, revoked ones too, in the order of their
// ids, at most limit of them, from after the id on.
func (r *Grants) List(ctx context.Context, after storage.ID, limit int) ([]storage.Grant, error) {
	return r.list(ctx, `SELECT `+columnsOf[grantRow]()+` FROM grants g WHERE g.id > $1 ORDER BY g.id LIMIT $2`, string(after), limit)
}

func (r *Grants) list(ctx context.Context, text string, args ...any) ([]storage.Grant, error) {
	rows, err := list[grantRow](ctx, r.s, r.s.read, text, args...)
	if err != nil {
		return nil, wrap("list grants", err)
	}
	grants := make([]storage.Grant, len(rows))
	for i := range rows {
		grants[i] = rows[i].grant()
	}
	return grants, nil
}

// errConsumedCode says that a code was exchanged before.
func errConsumedCode(err error) error {
	return fmt.Errorf("create grant: %w: %w", storage.ErrConsumed, err)
}
