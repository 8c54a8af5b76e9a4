package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Users keeps people.
type Users struct{ s *Store }

type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID                string                       `bun:"id,pk"`
	Email             string                       `bun:"email"`
	EmailCanonical    nullString                   `bun:"email_canonical"`
	EmailVerified     bool                         `bun:"email_verified"`
	EmailEpoch        int64                        `bun:"email_epoch"`
	Username          string                       `bun:"username"`
	UsernameCanonical nullString                   `bun:"username_canonical"`
	Phone             string                       `bun:"phone"`
	PhoneVerified     bool                         `bun:"phone_verified"`
	PhoneChangedAt    sqlTime                      `bun:"phone_changed_at"`
	Profile           document[storage.Profile]    `bun:"profile"`
	PasswordHash      string                       `bun:"password_hash"`
	PasswordScheme    string                       `bun:"password_scheme"`
	PasswordEpoch     int64                        `bun:"password_epoch"`
	PasswordChangedAt sqlTime                      `bun:"password_changed_at"`
	ResetByEmail      bool                         `bun:"reset_by_email"`
	Held              holdings                     `bun:"held,scanonly"`
	Attributes        document[storage.Attributes] `bun:"attributes"`
	Credentials       int                          `bun:"credentials"`
	FactorAddedAt     sqlTime                      `bun:"factor_added_at"`
	FactorAskedAt     sqlTime                      `bun:"factor_asked_at"`
	SignedInAt        sqlTime                      `bun:"signed_in_at"`
	DeleteAt          sqlTime                      `bun:"delete_at"`
	DisabledAt        sqlTime                      `bun:"disabled_at"`
	LockedAt          sqlTime                      `bun:"locked_at"`
	LockHeld          bool                         `bun:"lock_held"`
	DisabledToo       bool                         `bun:"disabled_too"`
	CreatedAt         sqlTime                      `bun:"created_at"`
	UpdatedAt         sqlTime                      `bun:"updated_at"`
}

// computed returns what a person has by other tables; see [holdings].
func (userRow) computed(string) string { return postgres.held() }

func (r *userRow) user() storage.User {
	return storage.User{
		ID: storage.ID(r.ID), Email: r.Email, EmailVerified: r.EmailVerified,
		EmailEpoch: r.EmailEpoch, Username: r.Username,
		Phone: r.Phone, PhoneVerified: r.PhoneVerified, PhoneChangedAt: r.PhoneChangedAt.Time, Profile: r.Profile.Is,
		PasswordHash: r.PasswordHash, PasswordEpoch: r.PasswordEpoch, PasswordChangedAt: r.PasswordChangedAt.Time,
		ResetByEmail: r.ResetByEmail, Roles: distinct(r.Held.Roles), Groups: distinct(r.Held.Groups), Attributes: r.Attributes.Is,
		Credentials: r.Credentials, FactorAddedAt: r.FactorAddedAt.Time,
		FactorAskedAt: r.FactorAskedAt.Time, SignedInAt: r.SignedInAt.Time, DeleteAt: r.DeleteAt.Time,
		DisabledAt: r.DisabledAt.Time, LockedAt: r.LockedAt.Time, LockHeld: r.LockHeld, DisabledToo: r.DisabledToo,
		CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

// distinct sorts words and drops those that are there already.
func distinct(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// attributesOf is an object even where a person has no attribute.
func attributesOf(a storage.Attributes) document[storage.Attributes] {
	if a == nil {
		a = storage.Attributes{}
	}
	return document[storage.Attributes]{a}
}

func rowOfUser(u *storage.User) *userRow {
	return &userRow{
		ID: string(u.ID), Email: u.Email, EmailCanonical: nullString(ident.Canonical(u.Email)),
		EmailVerified: u.EmailVerified, EmailEpoch: u.EmailEpoch, Username: u.Username,
		UsernameCanonical: nullString(ident.Canonical(u.Username)),
		Phone:             u.Phone, PhoneVerified: u.PhoneVerified, PhoneChangedAt: sqlTime{u.PhoneChangedAt}, Profile: document[storage.Profile]{u.Profile},
		PasswordHash: u.PasswordHash, PasswordScheme: storage.PasswordScheme(u.PasswordHash),
		PasswordEpoch: u.PasswordEpoch, PasswordChangedAt: sqlTime{u.PasswordChangedAt},
		ResetByEmail: u.ResetByEmail, Attributes: attributesOf(u.Attributes), Credentials: u.Credentials, FactorAddedAt: sqlTime{u.FactorAddedAt},
		FactorAskedAt: sqlTime{u.FactorAskedAt}, SignedInAt: sqlTime{u.SignedInAt}, DeleteAt: sqlTime{u.DeleteAt},
		DisabledAt: sqlTime{u.DisabledAt}, LockedAt: sqlTime{u.LockedAt}, LockHeld: u.LockHeld, DisabledToo: u.DisabledToo,
		CreatedAt: sqlTime{u.CreatedAt}, UpdatedAt: sqlTime{u.UpdatedAt},
	}
}

// Create inserts a person, and with them the event and the messages. It answers
// storage.ErrConflict when the email address or username is another's.
func (r *Users) Create(ctx context.Context, u *storage.User, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return r.s.insertUser(ctx, tx, u)
	})
	return wrap("create user", err)
}

// CreateInvited inserts a person and spends their invitation, in one
// transaction. It answers storage.ErrConsumed when the invitation was spent, has
// expired or is for another address, and storage.ErrConflict as Create does.
func (r *Users) CreateInvited(ctx context.Context, u *storage.User, invitation storage.ID, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.spendInvitation(ctx, tx, invitation, u); err != nil {
			return err
		}
		return r.s.insertUser(ctx, tx, u)
	})
	return wrap("create invited user", err)
}

var insertUserRow = insertInto[userRow]()

func (s *Store) insertUser(ctx context.Context, tx bun.Tx, u *storage.User) error {
	if _, err := s.exec(ctx, tx, insertUserRow, values(rowOfUser(u))...); err != nil {
		return err
	}
	return s.insertRoles(ctx, tx, u.ID, u.Roles, u.CreatedAt)
}

// sourceLocal is the source of what no provisioning source gave.
const sourceLocal = ""

// insertRoles gives a person roles that they have by an operator's word.
func (s *Store) insertRoles(ctx context.Context, tx bun.Tx, id storage.ID, roles []string, now time.Time) error {
	for _, role := range roles {
		_, err := s.exec(ctx, tx, `INSERT INTO user_roles (user_id, role, source, granted_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			string(id), role, sourceLocal, sqlTime{now})
		if err != nil {
			return err
		}
	}
	return nil
}

var userColumns = columnsOf[userRow]()

// List returns people in the order of their ids, at most limit of them, from
// after the id on.
func (r *Users) List(ctx context.Context, after storage.ID, limit int) ([]storage.User, error) {
	rows, err := list[userRow](ctx, r.s, r.s.read, `SELECT `+userColumns+` FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2`, string(after), limit)
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

// ByIdentifier returns the person whose email address or username it is, in
// any spelling that is the same to [ident.Canonical]. A username
// cannot hold an @, so at most one person has it. What is no text is nobody's:
// PostgreSQL would refuse the question.
func (r *Users) ByIdentifier(ctx context.Context, identifier string) (*storage.User, error) {
	if !utf8.ValidString(identifier) || strings.ContainsRune(identifier, 0) {
		return nil, wrap("read user", sql.ErrNoRows)
	}
	return r.one(ctx, `SELECT `+userColumns+` FROM users u WHERE u.email_canonical = $1 OR u.username_canonical = $1`,
		ident.Canonical(identifier))
}

func (r *Users) one(ctx context.Context, query, key string) (*storage.User, error) {
	var row userRow
	if err := r.s.row(ctx, r.s.read, query, []any{key}, &row); err != nil {
		return nil, wrap("read user", err)
	}
	u := row.user()
	return &u, nil
}

// sampleTimeout bounds a count of all people.
const sampleTimeout = time.Minute

// SampleForeignHashes tells of the password hashes that are not of the scheme (see
// [storage.PasswordScheme]), with at most so many of them. Where there are any
// it counts everybody, so it belongs in a background job.
func (r *Users) SampleForeignHashes(ctx context.Context, scheme string, most int) (storage.ForeignHashes, error) {
	var found storage.ForeignHashes
	err := r.s.reading(patiently(ctx, sampleTimeout), func(ctx context.Context, db bun.IDB) error {
		found = storage.ForeignHashes{}
		// Two ranges of an index, which a condition with <> would not be.
		for _, side := range []string{`password_scheme > '' AND password_scheme < $1`, `password_scheme > $1`} {
			var n int64
			if err := r.s.row(ctx, db, `SELECT count(*) FROM users WHERE `+side, []any{scheme}, &n); err != nil {
				return err
			}
			sample, err := list[string](ctx, r.s, db, `SELECT password_hash FROM users WHERE `+side+` ORDER BY password_scheme, id LIMIT $2`,
				scheme, most-len(found.Sample))
			if err != nil {
				return err
			}
			found.Foreign, found.Sample = found.Foreign+n, append(found.Sample, sample...)
		}
		if found.Foreign == 0 { // the usual: nobody need be counted
			return nil
		}
		return r.s.row(ctx, db, `SELECT count(*) FROM users WHERE password_scheme <> ''`, nil, &found.People)
	})
	return found, wrap("sample foreign password hashes", err)
}

// SetPasswordHash replaces a password verifier by one of the same password. It
// answers storage.ErrConflict when the password was changed meanwhile.
func (r *Users) SetPasswordHash(ctx context.Context, id storage.ID, old, updated string, now time.Time) error {
	err := must(r.s.exec(ctx, r.s.write, `UPDATE users SET password_hash = $1, password_scheme = $2, updated_at = $3 WHERE id = $4 AND password_hash = $5`,
		updated, storage.PasswordScheme(updated), sqlTime{now}, string(id), old))
	return conflictIfNone(wrap("replace password verifier", err))
}

// lockUser lets one transaction at a time change what hangs on a person.
func (s *Store) lockUser(ctx context.Context, tx bun.Tx, id storage.ID) error {
	var found string
	return s.row(ctx, tx, `SELECT id FROM users WHERE id = $1`+s.dialect.lock("NO KEY UPDATE"), []any{string(id)}, &found)
}

// underPassword lets one transaction at a time change what hangs on a person, and
// answers storage.ErrConsumed unless the person has the password epoch under which
// the change was allowed: an intruder's request that races the owner's new password
// changes nothing.
func (s *Store) underPassword(ctx context.Context, tx bun.Tx, id storage.ID, epoch int64) error {
	if err := s.lockUser(ctx, tx, id); err != nil {
		return err
	}
	err := s.holdPassword(ctx, tx, id, epoch, "NO KEY UPDATE")
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("change under another password: %w", storage.ErrConsumed)
	}
	return err
}

// holdPassword answers sql.ErrNoRows unless the person has the password epoch,
// and keeps it so until the transaction ends.
func (s *Store) holdPassword(ctx context.Context, tx bun.Tx, id storage.ID, epoch int64, how string) error {
	var found string
	return s.row(ctx, tx, `SELECT id FROM users WHERE id = $1 AND password_epoch = $2`+s.dialect.lock(how), []any{string(id), epoch}, &found)
}
