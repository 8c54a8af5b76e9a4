// Package migrations holds the numbered SQL that makes and changes the
// database's tables, for each dialect. A migration runs in a transaction, once;
// what has been released is never edited. Expand first, contract a release
// later: the version before must work on the tables of the version after.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/uptrace/bun/migrate"
)

//go:embed postgres/*.sql sqlite/*.sql sqlite_ephemeral/*.sql
var files embed.FS

// Set names the migrations of one database.
type Set string

// The sets.
const (
	Postgres Set = "postgres"
	SQLite   Set = "sqlite"
	// SQLiteEphemeral is for the second file beside a SQLite database.
	SQLiteEphemeral Set = "sqlite_ephemeral"
)

// Load returns the migrations of the set in their order.
func Load(set Set) (*migrate.Migrations, error) {
	sub, err := fs.Sub(files, string(set))
	if err != nil {
		return nil, fmt.Errorf("open migrations of %s: %w", set, err)
	}
	m := migrate.NewMigrations()
	if err := m.Discover(sub); err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", set, err)
	}
	return m, nil
}
