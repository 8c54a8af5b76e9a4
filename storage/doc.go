// Package storage holds the nouns that Latchkey stores and the errors that its
// stores return. It imports only the standard library and knows no SQL, no Redis and
// no HTTP, so every other package can speak of a grant or a session without depending
// on how it is stored.
//
// Invariants that every store upholds:
//
//   - A method is one atomic operation. No transaction or driver value leaves a store.
//   - Anything that may be spent once is spent by one conditional write; the loser gets
//     [ErrConsumed] or [ErrNotFound], never a second success.
//   - Secrets are stored as keyed hashes or sealed. Nothing in a store can be used
//     as a token.
package storage

import "errors"

var (
	// ErrNotFound says that no row or entry matches, or that it has expired.
	ErrNotFound = errors.New("not found")
	// ErrConsumed says that something that may be spent once was spent before.
	ErrConsumed = errors.New("already consumed")
	// ErrConflict says that a unique value (an email address, a username, a
	// key's slot in the ring) is taken.
	ErrConflict = errors.New("conflict")
	// ErrLocked says that an attempt was refused unseen, because too many failed before.
	ErrLocked = errors.New("locked")
	// ErrFull says that as many are kept as may be.
	ErrFull = errors.New("full")
	// ErrUnavailable says that the store cannot be reached, is too slow, or takes no
	// writes: nothing is known of what was asked, and asking again may succeed.
	ErrUnavailable error = &passing{"store unavailable"}
	// ErrUnknownKey says that what is kept was proven under a key that is not
	// configured here, so that nobody can say what it is worth.
	ErrUnknownKey error = &passing{"key not configured"}
	// ErrTampered says that what is kept is not what was written.
	ErrTampered = errors.New("tampered with")
)

// passing is an error that is no verdict on what was asked.
type passing struct{ text string }

// Error implements error.
func (e *passing) Error() string { return e.text }

// Temporary says that a request that failed so may be sent again: a 503, wherever it
// comes out (requirements TH5, DL1, KY5).
func (*passing) Temporary() bool { return true }
