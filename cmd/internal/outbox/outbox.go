// Package outbox carries out the deliveries of the transactional outbox: mail and
// SMS, by topic.
//
// Invariants:
//
//   - A delivery is worked on by one worker at a time: it is leased, and what is
//     done with it ends before its lease does. A node that dies loses nothing;
//     another takes its deliveries over when their leases end.
//   - Each topic has workers of its own, of which one is kept for what is urgent:
//     however many deliveries wait and however slow a server is, no topic holds up
//     another, and no notice a code (priority lanes).
//   - What a delivery says is composed once. Each try sends the same, under the
//     same name, so that where an answer is lost and it goes out again, the other
//     side knows it for the same (idempotent).
//   - A failure is logged, counted, kept beside the delivery and, when it is
//     final, recorded as a security event in the same write. None of these holds
//     what the delivery says or whom it goes to.
package outbox

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"golang.org/x/sync/errgroup"
)

// store keeps deliveries; storage/sqlstore.Outbox in the binary.
type store interface {
	Claim(ctx context.Context, c storage.DeliveryClaim) ([]storage.Delivery, error)
	SaveComposed(ctx context.Context, id storage.ID, sealed string) error
	Retry(ctx context.Context, id storage.ID, nextAt time.Time, lastError string) error
	Finish(ctx context.Context, id storage.ID, end storage.DeliveryEnd, e *storage.Event) error
}

// Handler carries out the deliveries of one topic. It may be called concurrently.
type Handler interface {
	// Deliver makes one try. It saves what it composes before it sends it. An
	// error is a *delivery.Error that says at which step it failed, or wraps
	// [ErrNobody] where there is nobody to deliver to.
	Deliver(ctx context.Context, d storage.Delivery, save Save) error
}

// Save keeps what a handler composed, sealed, in place of the delivery's intent.
// A handler gives up on an error of it.
type Save func(ctx context.Context, sealed string) error

// ErrNobody says that a delivery has nobody to go to, and is over.
var ErrNobody = errors.New("nobody to deliver it to")

// counter counts what became of tries; cmd/internal/metrics in the binary.
type counter interface {
	Delivery(topic storage.Topic, kind storage.MessageKind, result string)
}

// Config is what a [Worker] is made of. Every field is required.
type Config struct {
	Store store
	// Handlers returns who carries out which topic, as of now: a reload may set
	// up others. What is for a topic without a handler waits.
	Handlers func() map[storage.Topic]Handler
	Metrics  counter
	Log      *slog.Logger
	Now      func() time.Time
	Random   io.Reader
	// Workers is how many deliveries of a topic are made at once, Poll how often
	// it is looked for new ones.
	Workers int
	Poll    time.Duration
	// GiveUp is how long a delivery is tried.
	GiveUp time.Duration
	// Drain is how long deliveries under way may take when the worker is to stop.
	Drain time.Duration
}

const (
	// lease is how long a claimed delivery is nobody else's.
	lease = 5 * time.Minute
	// tryTime bounds one try, composing and sending together; the rest of the
	// lease is for recording how it ended.
	tryTime = 3 * time.Minute
	// recordTime bounds that.
	recordTime = time.Minute
)

// Worker carries out deliveries. Its methods may be called concurrently.
type Worker struct{ lanes []*lane }

// New makes a Worker, which does nothing yet.
func New(cfg Config) *Worker {
	w := &Worker{}
	for _, topic := range storage.Topics() {
		w.lanes = append(w.lanes, newLane(cfg, topic))
	}
	return w
}

// Poke says that there is a new delivery, so that it need not wait for the next
// look. It does not block.
func (w *Worker) Poke() {
	for _, l := range w.lanes {
		l.poke()
	}
}

// Run delivers until ctx is done, and lets what is under way finish.
func (w *Worker) Run(ctx context.Context) error {
	var running errgroup.Group
	for _, l := range w.lanes {
		running.Go(func() error { return l.run(ctx) })
	}
	return running.Wait()
}

// Drain delivers everything that is due, and returns when that and what was
// under way is done. It returns early when ctx is done.
func (w *Worker) Drain(ctx context.Context) {
	for _, l := range w.lanes {
		l.drain(ctx)
	}
}
