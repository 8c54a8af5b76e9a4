package testenv

import "testing"

// Databases are what opens a migrated, empty database of a test's own, by the
// name of the backend. With -short there is SQLite only, which takes no server.
func Databases() map[string]func(testing.TB) string {
	if testing.Short() {
		return map[string]func(testing.TB) string{"sqlite": SQLite}
	}
	return map[string]func(testing.TB) string{"sqlite": SQLite, "postgres": Postgres}
}
