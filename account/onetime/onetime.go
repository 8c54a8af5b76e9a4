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
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, error)
	// TakeIf removes what is under key if it is value, in one step; of many
	// callers one does, the others get storage.ErrNotFound.
	TakeIf(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, keys ...string) error
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
}

// Config is what [Tokens] are made of. Every field is required.
type Config struct {
	Store  store
	Hasher *keys.Hasher
	Sealer *keys.Sealer
	Now    func() time.Time
}

// Tokens issues and spends one-time tokens. Its methods may be called concurrently.
type Tokens struct{ cfg Config }

// New makes Tokens.
func New(cfg Config) *Tokens { return &Tokens{cfg: cfg} }

// slot is the place of the one live token of a purpose and subject.
type slot struct {
	purpose Purpose
	subject string
}

// keys returns the names of the slot in the store, by the current hash key
// first. A token that was issued before that key came is under another.
func (t *Tokens) keys(s slot) []string { return t.names("onetime:", s) }

// tries returns the names of the slot's counter of codes.
func (t *Tokens) tries(s slot) []string { return t.names("onetime-tries:", s) }

func (t *Tokens) names(prefix string, s slot) []string {
	names := t.cfg.Hasher.Sums("onetime subject", string(s.purpose), s.subject)
	for i, sum := range names {
		names[i] = prefix + string(s.purpose) + ":" + sum
	}
	return names
}
