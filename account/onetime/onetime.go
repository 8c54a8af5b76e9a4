// Package onetime makes and spends the tokens that travel in messages: to
// verify an address, to set a new password, to undo a change.
//
// Invariants:
//
//   - A token is bound to a purpose and a subject (a person, or the hash of an
//     address): under any other it is as good as none (requirement OT1).
//   - There is one live token for each purpose and subject. A newer one kills
//     the older.
//   - Looking spends nothing; of many who spend a token, by link or by code,
//     one succeeds (requirements OT2, OT4).
//   - The store holds keyed hashes and what is sealed, nothing that is usable.
//   - Wrong, spent, replaced and expired are one answer: [ErrInvalid].
package onetime

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Purpose is what a token is good for.
type Purpose string

// The purposes.
const (
	SignUp         Purpose = "sign_up"         // subject: the hash of an address that has no account
	VerifyEmail    Purpose = "verify_email"    // subject: a person, as in all below
	PasswordReset  Purpose = "password_reset"  //
	EmailChange    Purpose = "email_change"    // confirms the new address
	EmailStop      Purpose = "email_stop"      // stops a change of address that was asked for
	EmailUndo      Purpose = "email_undo"      // gives the old address back
	Disown         Purpose = "disown"          // "this was not me": gives the account back
	DeletionCancel Purpose = "deletion_cancel" // keeps an account that is to be deleted
)

var (
	// ErrInvalid says that a token or code cannot be spent: it is wrong, was
	// spent, was replaced by a newer one, is for another purpose or person, or
	// has expired. Nobody learns which.
	ErrInvalid = errors.New("one-time token is not valid")
	// ErrExhausted says that too many codes were tried for a subject: codes are
	// refused unseen for a while, whatever is sent anew. Links go on working.
	ErrExhausted = errors.New("too many one-time codes tried")
)

const (
	// secretSize is that of a token's secret in bytes: 256 bits, where OT1 asks
	// for 128.
	secretSize = 32
	// codeDigits make a code that is typed. With [codeTries] it is guessed once
	// in 20 million windows.
	codeDigits = 8
	// codeTries is how many codes are looked at in a window; they count before
	// they are compared, and no newer code gives new ones.
	codeTries = 5
	// TriesReset is how long codes of a subject are refused after too many.
	TriesReset = time.Hour
)

// store is the ephemeral store.
type store interface {
	ephemeral.Store
	// Count and Delete are of the tries of codes.
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config is what [Tokens] are made of. Every field is required.
type Config struct {
	Store  store
	Hasher *keys.Hasher
	Sealer *keys.Sealer
	Now    func() time.Time
}

// Tokens issues and spends one-time tokens. Its methods may be called concurrently.
type Tokens struct {
	cfg     Config
	entries *ephemeral.Values[entry]
}

// longest is for how long an entry is kept whose token does not say.
const longest = 24 * time.Hour

// New makes Tokens.
func New(cfg Config) *Tokens {
	return &Tokens{cfg: cfg, entries: ephemeral.NewValues[entry](cfg.Store, cfg.Hasher, "onetime", longest)}
}

// slot is the place of the one live token of a purpose and subject.
type slot struct {
	purpose Purpose
	subject string
}

// id names the slot's entry.
func (s slot) id() string { return ephemeral.Name(string(s.purpose), s.subject) }

// tries is the name of the slot's counter of codes.
func (t *Tokens) tries(s slot) string {
	return "onetime-tries:" + string(s.purpose) + ":" + t.cfg.Hasher.Sum("onetime tries", string(s.purpose), s.subject)
}
