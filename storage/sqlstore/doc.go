// Package sqlstore keeps what must last in PostgreSQL or SQLite, one file a noun.
// bun makes the tables and names the columns of row types; statements run beneath
// it, with their arguments apart from their text, so that the driver prepares each
// one once (see query.go).
//
// Invariants: see package storage. A method is one transaction or one statement;
// what may happen once is a condition of the write itself. Each call has a
// deadline, after which it answers storage.ErrUnavailable. What several nodes
// compare is of the database's clock. Every session ends through endSessions.
// Lock order: users, sessions, grants.
package sqlstore
