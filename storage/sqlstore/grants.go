package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Grants keeps what people allowed clients.
type Grants struct{ s *Store }

type grantRow struct {
	bun.BaseModel `bun:"table:grants,alias:g"`

	ID            string                          `bun:"id,pk"`
	ClientID      string                          `bun:"client_id"`
	UserID        string                          `bun:"user_id"`
	SID           nullString                      `bun:"sid"`
	CodeHash      nullString                      `bun:"code_hash"`
	CodeChallenge string                          `bun:"code_challenge"`
	RedirectURI   string                          `bun:"redirect_uri"`
	Scopes        spaceList                       `bun:"scopes"`
	Nonce         string                          `bun:"nonce"`
	Claims        document[storage.ClaimsRequest] `bun:"claims"`
	AuthTime      sqlTime                         `bun:"auth_time"`
	ACR           string                          `bun:"acr"`
	AMR           spaceList                       `bun:"amr"`
	Offline       bool                            `bun:"offline"`
	Refreshable   bool                            `bun:"refreshable"`
	Generation    uint32                          `bun:"generation"`
	Salt          []byte                          `bun:"salt"`
	RotatedAt     sqlTime                         `bun:"rotated_at"`
	CreatedAt     sqlTime                         `bun:"created_at"`
	IdleExpiresAt sqlTime                         `bun:"idle_expires_at"`
	ExpiresAt     sqlTime                         `bun:"expires_at"`
	RevokedAt     sqlTime                         `bun:"revoked_at"`
	RevokedReason string                          `bun:"revoked_reason"`
}

// grantColumns, grantRow.dst and grantRow.args have one order.
var grantColumns = []string{
	"id", "client_id", "user_id", "sid", "code_hash", "code_challenge", "redirect_uri", "scopes", "nonce", "claims",
	"auth_time", "acr", "amr", "offline", "refreshable", "generation", "salt", "rotated_at", "created_at",
	"idle_expires_at", "expires_at", "revoked_at", "revoked_reason",
}

var grantSelect = "g." + strings.Join(grantColumns, ", g.")

func (r *grantRow) dst() []any {
	return []any{
		&r.ID, &r.ClientID, &r.UserID, &r.SID, &r.CodeHash, &r.CodeChallenge, &r.RedirectURI, &r.Scopes, &r.Nonce, &r.Claims,
		&r.AuthTime, &r.ACR, &r.AMR, &r.Offline, &r.Refreshable, &r.Generation, &r.Salt, &r.RotatedAt, &r.CreatedAt,
		&r.IdleExpiresAt, &r.ExpiresAt, &r.RevokedAt, &r.RevokedReason,
	}
}

func (r *grantRow) args() []any {
	return []any{
		r.ID, r.ClientID, r.UserID, r.SID, r.CodeHash, r.CodeChallenge, r.RedirectURI, r.Scopes, r.Nonce, r.Claims,
		r.AuthTime, r.ACR, r.AMR, r.Offline, r.Refreshable, int64(r.Generation), r.Salt, r.RotatedAt, r.CreatedAt,
		r.IdleExpiresAt, r.ExpiresAt, r.RevokedAt, r.RevokedReason,
	}
}

func (r *grantRow) grant() storage.Grant {
	return storage.Grant{
		ID: storage.ID(r.ID), ClientID: r.ClientID, UserID: storage.ID(r.UserID), SID: storage.ID(r.SID),
		CodeHash: string(r.CodeHash), CodeChallenge: r.CodeChallenge, RedirectURI: r.RedirectURI,
		Scopes: r.Scopes, Nonce: r.Nonce, Claims: r.Claims.Is,
		Authentication: storage.Authentication{Time: r.AuthTime.Time, ACR: r.ACR, AMR: r.AMR},
		Offline:        r.Offline, Refreshable: r.Refreshable, Generation: r.Generation, Salt: r.Salt,
		RotatedAt: r.RotatedAt.Time, CreatedAt: r.CreatedAt.Time,
		IdleExpiresAt: r.IdleExpiresAt.Time, ExpiresAt: r.ExpiresAt.Time,
		RevokedAt: r.RevokedAt.Time, RevokedReason: r.RevokedReason,
	}
}

func rowOfGrant(g *storage.Grant) *grantRow {
	return &grantRow{
		ID: string(g.ID), ClientID: g.ClientID, UserID: string(g.UserID), SID: nullString(g.SID),
		CodeHash: nullString(g.CodeHash), CodeChallenge: g.CodeChallenge, RedirectURI: g.RedirectURI,
		Scopes: g.Scopes, Nonce: g.Nonce, Claims: document[storage.ClaimsRequest]{g.Claims},
		AuthTime: sqlTime{g.Authentication.Time}, ACR: g.Authentication.ACR, AMR: g.Authentication.AMR,
		Offline: g.Offline, Refreshable: g.Refreshable, Generation: g.Generation, Salt: g.Salt,
		RotatedAt: sqlTime{g.RotatedAt}, CreatedAt: sqlTime{g.CreatedAt},
		IdleExpiresAt: sqlTime{g.IdleExpiresAt}, ExpiresAt: sqlTime{g.ExpiresAt},
		RevokedAt: sqlTime{g.RevokedAt}, RevokedReason: g.RevokedReason,
	}
}

// placeholders returns "$from, …" for n values.
func placeholders(from, n int) string {
	marks := make([]string, n)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(from+i)
	}
	return strings.Join(marks, ", ")
}

var (
	// basisOfGrant is the session that a code came from, and its person, as they
	// were then. Its columns are those of $1 to $3 in the statements below.
	basisOfGrant = `SELECT u.* FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.sid = $1 AND u.id = $2 AND u.password_epoch = $3 AND u.disabled_at IS NULL`

	insertGrant = `INSERT INTO grants (` + strings.Join(grantColumns, ", ") + `)
		SELECT ` + placeholders(4, len(grantColumns)) + ` FROM `

	insertGrantIf = insertGrant + `(` + basisOfGrant + `) AS basis RETURNING id`

	insertEventRow = `INSERT INTO audit_events (` + eventColumns + `) VALUES (` + placeholders(1, eventColumnCount) + `)`

	// With PostgreSQL the event and the person ride along in the same round trip.
	// What ends sessions or changes a password waits until the grant is there to be
	// ended with them, or has the grant wait and find nothing to rest on: it locks
	// the same rows in the same order, and ends grants last.
	createGrant = `WITH basis AS MATERIALIZED (` + basisOfGrant + ` FOR SHARE OF u FOR KEY SHARE OF s),
		event AS (INSERT INTO audit_events (` + eventColumns + `)
			SELECT ` + placeholders(len(grantColumns)+4, eventColumnCount) + ` FROM basis RETURNING id),
		queued AS (INSERT INTO audit_queue (id) SELECT id FROM event),
		made AS (` + insertGrant + `basis) SELECT ` + userColumns + ` FROM basis u`
)

// Create inserts a grant and its event, and returns it with its person. It
// answers storage.ErrConsumed when a grant was made for the same code before, and
// storage.ErrNotFound when the session that it comes from has ended, its person
// is disabled, or the password was changed since: a code outlives none of these
// (requirement SE5). With PostgreSQL it is one round trip; SQLite reads the
// person with a second statement.
func (r *Grants) Create(ctx context.Context, g *storage.Grant, e storage.Event) (*storage.GrantUser, error) {
	user, err := r.create(ctx, g, r.s.rowOfEvent(e).args())
	if isUniqueViolation(err) {
		return nil, fmt.Errorf("create grant: %w: %w", storage.ErrConsumed, err)
	}
	if err != nil {
		return nil, wrap("create grant", err)
	}
	return &storage.GrantUser{Grant: *g, User: *user}, nil
}

func (r *Grants) create(ctx context.Context, g *storage.Grant, event []any) (*storage.User, error) {
	row := rowOfGrant(g)
	args := append([]any{row.SID, row.UserID, g.PasswordEpoch}, row.args()...)
	if r.s.dialect == postgres {
		var user userRow
		if err := r.s.row(ctx, r.s.write, createGrant, append(args, event...), user.dst()...); err != nil {
			return nil, err
		}
		person := user.user()
		return &person, nil
	}
	var id string
	err := r.s.writeTogether(ctx, statement{text: insertGrantIf, args: args, dst: []any{&id}},
		statement{text: insertEventRow, args: event}, statement{text: queueEvent, args: event[:1]})
	if err != nil {
		return nil, err
	}
	return r.s.Users().ByID(ctx, g.UserID)
}

// rotateIf is the whole of a refresh: whoever presents the live generation with
// the row's own salt moves it on. The conditions are those of [storage.Rotation].
const rotateIf = `UPDATE grants AS g SET generation = generation + 1, rotated_at = $5, idle_expires_at = $6%s
	WHERE g.id = $1 AND g.client_id = $2 AND g.generation = $3 AND g.salt = $4
		AND g.refreshable AND g.revoked_at IS NULL AND g.expires_at > $5 AND g.idle_expires_at > $5
		AND %s RETURNING %s`

var (
	rotatePostgres = fmt.Sprintf(rotateIf, ` FROM users u`, `u.id = g.user_id AND u.disabled_at IS NULL`,
		grantSelect+`, `+userColumns)
	// SQLite returns columns of the updated table alone, and without its alias.
	rotateSQLite = fmt.Sprintf(rotateIf, ``, `EXISTS (SELECT 1 FROM users u WHERE u.id = g.user_id AND u.disabled_at IS NULL)`,
		strings.Join(grantColumns, ", "))
)

// Rotate moves a grant to its next generation in one conditional write and
// returns it as it is then, with its person. It answers storage.ErrNotFound when
// no live grant of an enabled person fits every field. With PostgreSQL it is one
// round trip; SQLite reads the person with a second statement.
func (r *Grants) Rotate(ctx context.Context, t storage.Rotation) (*storage.GrantUser, error) {
	args := []any{string(t.GrantID), t.ClientID, int64(t.Generation), t.Salt, sqlTime{t.Now}, sqlTime{t.IdleExpiresAt}}
	if r.s.dialect == postgres {
		return r.s.grantUser(ctx, r.s.write, "rotate grant", rotatePostgres, args...)
	}
	var row grantRow
	if err := r.s.writeTogether(ctx, statement{text: rotateSQLite, args: args, dst: row.dst()}); err != nil {
		return nil, wrap("rotate grant", err)
	}
	user, err := r.s.Users().ByID(ctx, storage.ID(row.UserID))
	if err != nil {
		return nil, err
	}
	return &storage.GrantUser{Grant: row.grant(), User: *user}, nil
}

// ByID returns the grant, revoked or not, with its person.
func (r *Grants) ByID(ctx context.Context, id storage.ID) (*storage.GrantUser, error) {
	return r.s.grantUser(ctx, r.s.read, "read grant", `SELECT `+grantSelect+`, `+userColumns+`
		FROM grants g JOIN users u ON u.id = g.user_id WHERE g.id = $1`, string(id))
}

// ByCodeHash returns the grant that was made for a code with one of the hashes.
func (r *Grants) ByCodeHash(ctx context.Context, hashes []string) (*storage.Grant, error) {
	for _, hash := range hashes {
		var row grantRow
		err := r.s.row(ctx, r.s.write, `SELECT `+grantSelect+` FROM grants g WHERE g.code_hash = $1`, []any{hash}, row.dst()...)
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
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		err := changed(tx.NewUpdate().Model((*grantRow)(nil)).
			Set("revoked_at = ?", sqlTime{now}).Set("revoked_reason = ?", reason).
			Where("id = ?", string(id)).Where("revoked_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	return wrap("revoke grant", err)
}

// grantUser runs a prepared statement that returns one grant with its person.
func (s *Store) grantUser(ctx context.Context, db *bun.DB, attempted, text string, args ...any) (*storage.GrantUser, error) {
	var grant grantRow
	var user userRow
	if err := s.row(ctx, db, text, args, append(grant.dst(), user.dst()...)...); err != nil {
		return nil, wrap(attempted, err)
	}
	return &storage.GrantUser{Grant: grant.grant(), User: user.user()}, nil
}
