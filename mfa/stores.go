package mfa

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// credentials keeps what people enrolled; storage/sqlstore.Credentials in the binary.
type credentials interface {
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Credential, error)
	ByExternalID(ctx context.Context, externalID string) (*storage.Credential, error)
	// Use answers storage.ErrConsumed when the counter is not what it was.
	Use(ctx context.Context, use storage.CredentialUse) error
}

// recoveryCodes keeps keyed hashes of recovery codes; storage/sqlstore.RecoveryCodes in the binary.
type recoveryCodes interface {
	// Consume spends the code that has one of the hashes, or answers storage.ErrNotFound or ErrConsumed.
	Consume(ctx context.Context, userID storage.ID, hashes []string, now time.Time, e storage.Event, m ...storage.Message) error
	Status(ctx context.Context, userID storage.ID) (storage.RecoveryCodes, error)
}

// lockouts counts failures; storage/sqlstore.Lockouts in the binary.
type lockouts interface {
	// Attempt counts one more failure before anything is compared. It answers
	// the row, and storage.ErrLocked where the attempt is refused, uncounted.
	Attempt(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time, b storage.Backoff, disableAfter int64) (storage.Lockout, error)
	// Succeeded forgets the failures.
	Succeeded(ctx context.Context, userID storage.ID, kind storage.FactorKind, now time.Time) error
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Lockout, error)
}

// trustedDevices keeps browsers that people trust; storage/sqlstore.TrustedDevices in the binary.
type trustedDevices interface {
	BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.TrustedDevice, error)
	// Rotate answers storage.ErrConsumed to all but one of many.
	Rotate(ctx context.Context, id storage.ID, oldHash, newHash string, now time.Time, e storage.Event) error
}

// users knows people; storage/sqlstore.Users in the binary.
type users interface {
	ByID(ctx context.Context, id storage.ID) (*storage.User, error)
}

// outbox keeps events together with the messages that go with them;
// storage/sqlstore.Outbox in the binary.
type outbox interface {
	Add(ctx context.Context, e *storage.Event, m ...storage.Message) error
}

// sender queues what is said to people; account/message and the outbox in the binary.
type sender interface {
	// Send queues a code for an address or number that is known to be theirs.
	Send(ctx context.Context, channel storage.Channel, kind storage.MessageKind, user *storage.User, to, code, locale string, notAfter time.Time) error
	// Notice makes a message, to be queued in the transaction of the change that
	// it tells of.
	Notice(n Notice) (storage.Message, error)
}

// Notice is what the owner of an account is told of a change to it.
type Notice struct {
	Kind storage.MessageKind
	// User is told, at the address that is known to be theirs.
	User   *storage.User
	Locale string
	// At is when it happened, and Address and UserAgent from where.
	At                 time.Time
	Address, UserAgent string
	// Since is when whoever did it sat down.
	Since time.Time
	// Factor is the kind that it is about, Name the owner's own word for the
	// credential, and Remaining how many recovery codes are left.
	Factor    storage.FactorKind
	Name      string
	Remaining int
}

// counter counts for the metrics what was attempted with a kind of factor and
// how it ended: see the results; and the messages with which a pot that all people
// share runs low, or which find it empty.
type counter interface {
	Factor(kind storage.FactorKind, result string)
	Pot(purpose, scope, state string)
}
