package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/latchkey-id/latchkey/storage"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// wrap says what was attempted, and turns the drivers' words for "no such row",
// "taken" and "out of reach" into storage's.
func wrap(attempted string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", attempted, storage.ErrNotFound)
	case isUniqueViolation(err):
		return fmt.Errorf("%s: %w: %w", attempted, storage.ErrConflict, err)
	case isUnavailable(err):
		return fmt.Errorf("%s: %w: %w", attempted, storage.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

// conflictIfNone turns "no such row" into "it changed meanwhile".
func conflictIfNone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	}
	return err
}

// isUniqueViolation reports whether a write failed because a value is taken.
func isUniqueViolation(err error) bool {
	code := liteCode(err)
	return sqlState(err) == uniqueViolation || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

// isReadOnly reports whether a statement failed because its server takes no
// writes; nothing has happened then.
func isReadOnly(err error) bool { return sqlState(err) == readOnlyTransaction }

// isUnavailable reports whether a call failed for a reason that passes: the
// database was out of reach, too slow, or could not write. A caller that gave up
// is no such reason.
func isUnavailable(err error) bool {
	if errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.Canceled) {
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	for _, known := range []error{context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return errors.As(err, &connect) || errors.As(err, &network) || unavailableState(sqlState(err)) || unavailableCode(liteCode(err))
}

// unavailableState reports whether a SQLSTATE is of a reason that passes:
// connections (08), a rollback that may be tried again (40), resources (53), an
// operator or a timeout (57), the system (58), a lock, or a server that is a standby.
func unavailableState(code string) bool {
	if code == readOnlyTransaction || code == lockNotAvailable {
		return true
	}
	for _, class := range []string{"08", "40", "53", "57", "58"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// liteCode is the extended result code of SQLite, or zero.
func liteCode(err error) int {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()
	}
	return sqlite3.SQLITE_OK
}

func unavailableCode(code int) bool {
	switch code & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM:
		return true
	}
	return false
}
