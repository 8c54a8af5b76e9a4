package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
)

// The statements below share their first arguments.
const (
	argSID = iota + 1
	argUserID
	argPasswordEpoch
	argClock
	argClientID
	argSubject
	firstGrantArg
)

// basis is what a grant rests on, as it was when it was allowed: its session,
// where it has one, and its person under the same password.
func (d dialect) basis(withSession bool) string {
	from, which, lock := `users u`, `u.id = $2`, `SHARE OF u`
	if withSession {
		from, which, lock = `sessions s JOIN users u ON u.id = s.user_id`, `s.sid = $1 AND u.id = $2`, `SHARE OF u FOR KEY SHARE OF s`
	}
	return `SELECT u.*, ` + d.now(argClock) + ` AS now, $1 AS sid, $5 AS client_id, $6 AS sub FROM ` + from + `
		WHERE ` + which + ` AND u.password_epoch = $3 AND u.disabled_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM locked_clients l WHERE l.client_id = $5 AND l.lifted_at IS NULL)` + d.lock(lock)
}

// grantValues are the values of a new row. Its times are moved to the database's
// clock: what a node says is only how long the grant lives.
func grantValues() string {
	names := strings.Split(tableColumnsOf[grantRow](), ", ")
	created := ""
	for i, name := range names {
		if name == "created_at" {
			created = "$" + strconv.Itoa(firstGrantArg+i)
		}
	}
	for i, name := range names {
		arg := "$" + strconv.Itoa(firstGrantArg+i)
		switch name {
		case "rotated_at", "created_at", "idle_expires_at", "expires_at":
			arg = `basis.now + (CAST(` + arg + ` AS BIGINT) - CAST(` + created + ` AS BIGINT))`
		}
		names[i] = arg
	}
	return strings.Join(names, ", ")
}

var (
	insertGrant = `INSERT INTO grants (` + tableColumnsOf[grantRow]() + `) SELECT ` + grantValues() + ` FROM `

	// createGrant of PostgreSQL: the event, the client of the session and the person
	// ride along in the same round trip. What ends sessions or changes a password
	// waits until the grant is there to be ended with them, or has the grant wait and
	// find nothing to rest on: it locks the same rows in the same order (users,
	// sessions, grants), so that there is no deadlock.
	createGrant = map[bool]string{true: createGrantPostgres(true), false: createGrantPostgres(false)}
	// createGrantSQLite is the grant alone.
	createGrantSQLite = map[bool]string{true: createGrantIf(true), false: createGrantIf(false)}
)

const recordClient = `INSERT INTO session_clients (sid, client_id, sub, created_at) `

func createGrantPostgres(withSession bool) string {
	firstEventArg := firstGrantArg + width[grantRow]()
	return `WITH basis AS MATERIALIZED (` + postgres.basis(withSession) + `),
		event AS (INSERT INTO audit_events (` + tableColumnsOf[eventRow]() + `)
			SELECT ` + placeholders(firstEventArg, width[eventRow]()) + ` FROM basis RETURNING id),
		queued AS (INSERT INTO audit_queue (id) SELECT id FROM event),
		client AS (` + recordClient + `SELECT sid, client_id, sub, now FROM basis WHERE sid <> '' AND sub <> '' ON CONFLICT DO NOTHING),
		made AS (` + insertGrant + `basis) SELECT ` + columnsOf[subjectRow]() + `, u.now FROM basis u`
}

func createGrantIf(withSession bool) string {
	return insertGrant + `(` + sqliteDB.basis(withSession) + `) AS basis WHERE TRUE RETURNING created_at`
}

// Create inserts a grant and its event, notes the client with its session, and
// returns the grant with its person. The grant's times are moved to the database's
// clock. It answers storage.ErrConsumed when a grant was made for the same code
// before, and storage.ErrNotFound when the session that it comes from has ended,
// its person is disabled, or the password was changed since: a code outlives none
// of these (requirement SE5). So it does when the client is locked down. With PostgreSQL it is one round trip; SQLite reads
// the person with a second statement.
func (r *Grants) Create(ctx context.Context, g *storage.Grant, start storage.GrantStart, e storage.Event) (*storage.GrantUser, error) {
	event := r.s.rowOfEvent(e)
	row := rowOfGrant(g)
	withSession := g.SID != ""
	args := append([]any{string(row.SID), row.UserID, start.PasswordEpoch, r.s.clock(), row.ClientID, start.Subject}, values(row)...)
	var user subjectRow
	var now sqlTime
	var err error
	if r.s.dialect == postgres {
		err = r.s.row(ctx, r.s.write, createGrant[withSession], append(args, values(event)...), &user, &now)
	} else {
		writes := []write{{text: createGrantSQLite[withSession], args: args, dst: []any{&now}}}
		if withSession && start.Subject != "" {
			writes = append(writes, write{text: recordClient + `VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
				args: []any{row.SID, row.ClientID, start.Subject, r.s.clock()}})
		}
		writes = append(writes, write{text: insertEventRow, args: values(event)}, write{text: queueEvent, args: []any{event.ID}})
		if err = r.s.writeGrouped(ctx, writes...); err == nil {
			err = r.s.row(ctx, r.s.read, selectSubject, []any{row.UserID}, &user)
		}
	}
	if isUniqueViolation(err) {
		return nil, errConsumedCode(err)
	}
	if err != nil {
		return nil, wrap("create grant", err)
	}
	return &storage.GrantUser{Grant: movedTo(*g, row, now), User: user.user(), Now: now.Time}, nil
}

// movedTo is the grant as it was written.
func movedTo(g storage.Grant, row *grantRow, now sqlTime) storage.Grant {
	by := now.Sub(g.CreatedAt)
	g.Origin = storage.GrantOrigin(row.Origin)
	g.CreatedAt, g.RotatedAt = g.CreatedAt.Add(by), g.RotatedAt.Add(by)
	g.IdleExpiresAt, g.ExpiresAt = g.IdleExpiresAt.Add(by), g.ExpiresAt.Add(by)
	return g
}
