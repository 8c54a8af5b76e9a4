// Package ephemeral holds short-lived state: [Values] of one kind each
// (authorization codes, interactions, one-time tokens), and the counters of rate
// limits. They live in Redis (package redis below), or where there is none in the
// table behind sqlstore.Ephemeral; one suite of contract tests holds both to the
// same behaviour.
//
// Losing the store loses what is in flight and nothing else: every effect that
// must happen once is a conditional write in SQL as well. A store that does not
// answer is an error to the caller, never an absent entry (requirement TH5), and
// an id whose hash key this node does not know cannot be judged (requirement KY5).
package ephemeral

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Store keeps bytes under keys for a while. Each method is one atomic command on
// one key, so that a Redis Cluster can serve it, and may be called concurrently.
type Store interface {
	// Get returns what is under key, or storage.ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Put keeps value under key for ttl, in place of what was there.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Swap is a compare-and-swap: it keeps value under key for ttl in place of
	// old. It answers storage.ErrNotFound where nothing is under key, and
	// storage.ErrConflict where something else is. A nil old stands for nothing:
	// then the only refusal is storage.ErrConflict.
	Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error
	// Take returns and removes what is under key: of many callers one gets it,
	// the others storage.ErrNotFound.
	Take(ctx context.Context, key string) ([]byte, error)
	// TakeIf removes what is under key if it is value: of many callers one does,
	// the others get storage.ErrNotFound.
	TakeIf(ctx context.Context, key string, value []byte) error
}

// Backend is an ephemeral store whole: the redis package, or sqlstore.Ephemeral.
type Backend interface {
	Store
	Counters
}

// Counters are the counters of rate limits. Each counts before it answers, on one
// key, and may be called concurrently.
type Counters interface {
	// Count adds one to a fixed window that starts anew when window has passed
	// since its first count, and returns how many there are in it.
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	// Attempt answers what is left of a running wait, uncounted; where none runs it
	// counts one, starts the wait that the backoff has for the count, and answers 0.
	Attempt(ctx context.Context, key string, b storage.Backoff) (time.Duration, error)
	// Draw takes one token out of a bucket that refills, and answers 0; of an empty
	// bucket it takes nothing, and answers when the next token is there.
	Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error)
	// Delete forgets the counters under the keys.
	Delete(ctx context.Context, keys ...string) error
}
