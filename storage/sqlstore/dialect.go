package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/latchkey-id/latchkey/storage"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is the SQL that a database speaks. What is written by hand is written
// for PostgreSQL; SQLite differs in the spelling of a placeholder alone.
type dialect string

const (
	postgres dialect = "postgres"
	sqliteDB dialect = "sqlite"
)

// query spells a statement whose placeholders are $1, $2, …
func (d dialect) query(text string) string {
	if d == sqliteDB {
		return strings.ReplaceAll(text, "$", "?")
	}
	return text
}

// uniqueViolation is the SQLSTATE of PostgreSQL (Appendix A).
const uniqueViolation = "23505"

// isUniqueViolation reports whether a write failed because a value is taken.
func isUniqueViolation(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == uniqueViolation
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// wrap says what was attempted, and turns the drivers' words for "no such row"
// and "taken" into storage's.
func wrap(attempted string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", attempted, storage.ErrNotFound)
	case isUniqueViolation(err):
		return fmt.Errorf("%s: %w: %w", attempted, storage.ErrConflict, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}
