// Package sqlstore keeps what must last in PostgreSQL or SQLite, through bun,
// one file a noun. The statements that every token request makes are prepared
// once on the pool beneath bun, which writes its arguments into the text and so
// would have them parsed anew each time.
//
// Invariants: see package storage. A method is one transaction or one
// statement; what may happen once is a condition of the write itself.
package sqlstore
