package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Users keeps people.
type Users struct{ s *Store }

// userRow is a user as a row. Its columns are read in the order of userColumns.
type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID                string                    `bun:"id,pk"`
	Email             string                    `bun:"email"`
	EmailCanonical    nullString                `bun:"email_canonical"`
	EmailVerified     bool                      `bun:"email_verified"`
	Username          string                    `bun:"username"`
	UsernameCanonical nullString                `bun:"username_canonical"`
	Phone             string                    `bun:"phone"`
	PhoneVerified     bool                      `bun:"phone_verified"`
	Profile           document[storage.Profile] `bun:"profile"`
	PasswordHash      string                    `bun:"password_hash"`
	PasswordEpoch     int64                     `bun:"password_epoch"`
	PasswordChangedAt sqlTime                   `bun:"password_changed_at"`
	ResetByEmail      bool                      `bun:"reset_by_email"`
	PasswordScheme    string                    `bun:"password_scheme"`
	Roles             spaceList                 `bun:"roles,scanonly"`
	Credentials       int                       `bun:"credentials"`
	FactorAddedAt     sqlTime                   `bun:"factor_added_at"`
	FactorAskedAt     sqlTime                   `bun:"factor_asked_at"`
	DeleteAt          sqlTime                   `bun:"delete_at"`
	DisabledAt        sqlTime                   `bun:"disabled_at"`
	CreatedAt         sqlTime                   `bun:"created_at"`
	UpdatedAt         sqlTime                   `bun:"updated_at"`
}

// rolesOf are the roles of a person u, in their order, separated by spaces.
const rolesOf = `(SELECT string_agg(r.role, ' ' ORDER BY r.role) FROM (SELECT DISTINCT role FROM user_roles WHERE user_id = u.id) AS r) AS roles`

// userColumns are what [userRow.dst] scans.
const userColumns = `u.id, u.email, u.email_verified, u.username, u.phone, u.phone_verified, u.profile,
	u.password_hash, u.password_epoch, u.password_changed_at, u.reset_by_email, ` + rolesOf + `,
	u.credentials, u.factor_added_at, u.factor_asked_at, u.delete_at, u.disabled_at,
	u.created_at, u.updated_at`

func (r *userRow) dst() []any {
	return []any{
		&r.ID, &r.Email, &r.EmailVerified, &r.Username, &r.Phone, &r.PhoneVerified, &r.Profile,
		&r.PasswordHash, &r.PasswordEpoch, &r.PasswordChangedAt, &r.ResetByEmail, &r.Roles,
		&r.Credentials, &r.FactorAddedAt, &r.FactorAskedAt, &r.DeleteAt, &r.DisabledAt,
		&r.CreatedAt, &r.UpdatedAt,
	}
}

func (r *userRow) user() storage.User {
	return storage.User{
		ID: storage.ID(r.ID), Email: r.Email, EmailVerified: r.EmailVerified, Username: r.Username,
		Phone: r.Phone, PhoneVerified: r.PhoneVerified, Profile: r.Profile.Is,
		PasswordHash: r.PasswordHash, PasswordEpoch: r.PasswordEpoch, PasswordChangedAt: r.PasswordChangedAt.Time,
		ResetByEmail: r.ResetByEmail, Roles: r.Roles, Credentials: r.Credentials, FactorAddedAt: r.FactorAddedAt.Time,
		FactorAskedAt: r.FactorAskedAt.Time, DeleteAt: r.DeleteAt.Time,
		DisabledAt: r.DisabledAt.Time, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

func rowOfUser(u *storage.User) *userRow {
	return &userRow{
		ID: string(u.ID), Email: u.Email, EmailCanonical: nullString(ident.Canonical(u.Email)),
		EmailVerified: u.EmailVerified, Username: u.Username,
		UsernameCanonical: nullString(ident.Canonical(u.Username)),
		Phone:             u.Phone, PhoneVerified: u.PhoneVerified, Profile: document[storage.Profile]{u.Profile},
		PasswordHash: u.PasswordHash, PasswordScheme: storage.PasswordScheme(u.PasswordHash),
		PasswordEpoch: u.PasswordEpoch, PasswordChangedAt: sqlTime{u.PasswordChangedAt},
		ResetByEmail: u.ResetByEmail, Credentials: u.Credentials, FactorAddedAt: sqlTime{u.FactorAddedAt},
		FactorAskedAt: sqlTime{u.FactorAskedAt}, DeleteAt: sqlTime{u.DeleteAt},
		DisabledAt: sqlTime{u.DisabledAt}, CreatedAt: sqlTime{u.CreatedAt}, UpdatedAt: sqlTime{u.UpdatedAt},
	}
}

// Create inserts a person, and with them the event and the messages. It answers
// storage.ErrConflict when the e-mail address or username is another's.
func (r *Users) Create(ctx context.Context, u *storage.User, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return insertUser(ctx, tx, u)
	})
	return wrap("create user", err)
}

// CreateInvited inserts a person and spends their invitation, in one
// transaction. It answers storage.ErrConsumed when the invitation was spent, has
// expired or is for another address, and storage.ErrConflict as Create does.
func (r *Users) CreateInvited(ctx context.Context, u *storage.User, invitation storage.ID, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := spendInvitation(ctx, tx, invitation, u); err != nil {
			return err
		}
		return insertUser(ctx, tx, u)
	})
	return wrap("create invited user", err)
}

// insertUser inserts a person and their roles.
func insertUser(ctx context.Context, tx bun.Tx, u *storage.User) error {
	if _, err := tx.NewInsert().Model(rowOfUser(u)).Exec(ctx); err != nil {
		return err
	}
	return insertRoles(ctx, tx, u.ID, u.Roles, u.CreatedAt)
}

// insertRoles gives a person roles that they have by an operator's word.
func insertRoles(ctx context.Context, tx bun.Tx, id storage.ID, roles []string, now time.Time) error {
	for _, role := range roles {
		_, err := tx.ExecContext(ctx, `INSERT INTO user_roles (user_id, role, source, granted_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(id), role, sourceLocal, sqlTime{now})
		if err != nil {
			return err
		}
	}
	return nil
}

// sourceLocal is the source of what no provisioning source gave.
const sourceLocal = ""

// Import inserts people with what they sign in with and their events, all or
// none. It answers storage.ErrConflict when one of them is there already.
func (r *Users) Import(ctx context.Context, people []storage.ImportedUser) error {
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for i := range people {
			if err := r.s.importUser(ctx, tx, &people[i]); err != nil {
				return fmt.Errorf("person %d: %w", i+1, err)
			}
		}
		return nil
	})
	return wrap("import users", err)
}

func (s *Store) importUser(ctx context.Context, tx bun.Tx, p *storage.ImportedUser) error {
	if err := insertUser(ctx, tx, &p.User); err != nil {
		return err
	}
	for i := range p.Credentials {
		if _, err := tx.NewInsert().Model(rowOfCredential(&p.Credentials[i])).Exec(ctx); err != nil {
			return err
		}
	}
	if err := countCredentials(ctx, tx, p.User.ID); err != nil {
		return err
	}
	return s.insertEvent(ctx, tx, p.Event)
}

// List returns people in the order of their ids, at most limit of them, from
// after the id on.
func (r *Users) List(ctx context.Context, after storage.ID, limit int) ([]storage.User, error) {
	var rows []userRow
	err := r.s.read.NewSelect().Model(&rows).ColumnExpr(userColumns).Where("u.id > ?", string(after)).OrderExpr("u.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, wrap("list users", err)
	}
	people := make([]storage.User, len(rows))
	for i := range rows {
		people[i] = rows[i].user()
	}
	return people, nil
}

// ByID returns a person, disabled or not.
func (r *Users) ByID(ctx context.Context, id storage.ID) (*storage.User, error) {
	return r.one(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, string(id))
}

// ByIdentifier returns the person whose e-mail address or username it is, in
// any spelling that is the same to [ident.Canonical]. A username
// cannot hold an @, so at most one person has it. What is no text is nobody's:
// PostgreSQL would refuse the question.
func (r *Users) ByIdentifier(ctx context.Context, identifier string) (*storage.User, error) {
	if !utf8.ValidString(identifier) || strings.ContainsRune(identifier, 0) {
		return nil, wrap("read user", sql.ErrNoRows)
	}
	return r.one(ctx, `SELECT `+userColumns+` FROM users u
		WHERE u.email_canonical = $1 OR u.username_canonical = $1`, ident.Canonical(identifier))
}

func (r *Users) one(ctx context.Context, query, key string) (*storage.User, error) {
	var row userRow
	if err := r.s.row(ctx, r.s.read, query, []any{key}, row.dst()...); err != nil {
		return nil, wrap("read user", err)
	}
	u := row.user()
	return &u, nil
}

// SampleForeignHashes tells of the password hashes that are not of the scheme (see
// [storage.PasswordScheme]), with at most so many of them. It counts people, so
// it belongs in a background job.
func (r *Users) SampleForeignHashes(ctx context.Context, scheme string, most int) (storage.ForeignHashes, error) {
	var found storage.ForeignHashes
	err := r.s.row(ctx, r.s.read, `SELECT COUNT(*), COUNT(CASE WHEN password_scheme <> $1 THEN 1 END)
		FROM users WHERE password_scheme <> ''`, []any{scheme}, &found.People, &found.Foreign)
	if err == nil && found.Foreign > 0 {
		err = r.s.read.NewSelect().Model((*userRow)(nil)).Column("password_hash").Where("password_scheme <> ''").
			Where("password_scheme < ? OR password_scheme > ?", scheme, scheme).OrderExpr("password_scheme, id").Limit(int64(most)).
			Scan(ctx, &found.Sample)
	}
	return found, wrap("sample foreign password hashes", err)
}

// SetPasswordHash replaces a password verifier by one of the same password. It
// answers storage.ErrConflict when the password was changed meanwhile.
func (r *Users) SetPasswordHash(ctx context.Context, id storage.ID, old, updated string, now time.Time) error {
	err := changed(updateUser(r.s.write, id, now).Set("password_hash = ?", updated).
		Set("password_scheme = ?", storage.PasswordScheme(updated)).Where("password_hash = ?", old).Exec(ctx))
	return conflictIfNone(wrap("replace password verifier", err))
}

func updateUser(db bun.IDB, id storage.ID, now time.Time) *bun.UpdateQuery {
	return db.NewUpdate().Model((*userRow)(nil)).Set("updated_at = ?", sqlTime{now}).Where("id = ?", string(id))
}
