// Package sqlstore keeps durable data in PostgreSQL or SQLite, one file per noun. bun
// creates the tables and names the columns of row types; statements run beneath it, with
// their arguments separate from their text, so the driver prepares each one once (see
// query.go).
//
// Invariants: see package storage. A method is one transaction or one statement; what
// may happen only once is a condition of the write itself. Each call has a deadline,
// after which it returns storage.ErrUnavailable. Times that several nodes compare come
// from the database's clock. Every session ends through endSessions. Lock order: users,
// sessions, grants.
package sqlstore
