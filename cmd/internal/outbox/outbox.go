// Package outbox delivers what waits in the outbox.
//
// Invariants:
//
//   - A message is worked on by one worker at a time: it is leased, and what is
//     done with it ends before its lease does. A node that dies loses nothing;
//     another takes its messages over when their leases end.
//   - A message is composed once. Each try sends the same text under the same
//     Message-ID, so that where an answer is lost and a message goes out again,
//     mail systems know it for the same.
//   - A failure is logged, counted, kept beside the message and, when it is
//     final, recorded as a security event. None of these holds what the message
//     says or whom it goes to.
package outbox

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// store keeps messages; storage/sqlstore.Outbox in the binary.
type store interface {
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]storage.Message, error)
	SaveComposed(ctx context.Context, id storage.ID, sealed string) error
	Retry(ctx context.Context, id storage.ID, nextAt time.Time, lastError string) error
	Finish(ctx context.Context, id storage.ID, status storage.MessageStatus, lastError string, now time.Time) error
	Add(ctx context.Context, e *storage.Event, m ...storage.Message) error
}

// composer writes messages; account/message.Composer in the binary.
type composer interface {
	Compose(ctx context.Context, m storage.Message) (message.Mail, error)
	Seal(id storage.ID, mail message.Mail) (string, error)
	Open(m storage.Message) (message.Mail, error)
}

// Sender delivers over one channel.
type Sender interface {
	Send(ctx context.Context, m storage.Message, mail message.Mail) error
}

// counter counts what became of tries; cmd/internal/metrics in the binary.
type counter interface {
	Delivery(channel storage.Channel, kind storage.MessageKind, result string)
}

// Channels are who writes messages and who sends them.
type Channels struct {
	Composer composer
	// Senders are the channels that are set up. What is for another waits.
	Senders map[storage.Channel]Sender
}

// Config is what a [Worker] is made of. Every field is required.
type Config struct {
	Store store
	// Current returns the channels to use now: a reload may make others.
	Current func() *Channels
	Metrics counter
	Log     *slog.Logger
	Now     func() time.Time
	Random  io.Reader
	// Workers is how many messages are delivered at once, Poll how often it is
	// looked for new ones.
	Workers int
	Poll    time.Duration
	// GiveUp is how long a message is tried.
	GiveUp time.Duration
	// Drain is how long deliveries under way may take when the worker is to stop.
	Drain time.Duration
}

const (
	// lease is how long a claimed message is nobody else's.
	lease = 5 * time.Minute
	// tryTime bounds one try, composing and sending together; the rest of the
	// lease is for writing down how it ended.
	tryTime = 3 * time.Minute
	// recordTime bounds that.
	recordTime = time.Minute
)

// Worker delivers messages. Its methods may be called concurrently.
type Worker struct {
	cfg     Config
	slots   chan struct{}
	poked   chan struct{} // holds one: looking once is enough for any number
	working *tally
}

// New makes a Worker, which does nothing yet.
func New(cfg Config) *Worker {
	return &Worker{cfg: cfg, slots: make(chan struct{}, cfg.Workers), poked: make(chan struct{}, 1), working: newTally()}
}

// Poke says that there is a new message, so that it need not wait for the next
// look. It does not block.
func (w *Worker) Poke() {
	select {
	case w.poked <- struct{}{}:
	default:
	}
}

// Run delivers until ctx is done, and lets what is under way finish.
func (w *Worker) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ticker := time.NewTicker(w.cfg.Poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if w.take(ctx, work) {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-w.poked:
		}
	}
	enough := time.AfterFunc(w.cfg.Drain, cancel)
	defer enough.Stop()
	w.working.wait(context.WithoutCancel(ctx))
	return nil
}

// take starts to deliver as many messages as there are free workers; it waits
// for the first of these. It reports whether every one of them got a message.
func (w *Worker) take(ctx, work context.Context) (all bool) {
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	free := 1
	for more := true; more; {
		select {
		case w.slots <- struct{}{}:
			free++
		default:
			more = false
		}
	}
	w.working.enter()
	defer w.working.leave()
	claimed := w.claim(ctx, free)
	for range free - len(claimed) {
		<-w.slots
	}
	for _, m := range claimed {
		w.working.enter()
		go func() {
			defer func() {
				w.working.leave()
				<-w.slots
			}()
			w.deliver(work, m)
		}()
	}
	return len(claimed) == free
}

func (w *Worker) claim(ctx context.Context, limit int) []storage.Message {
	claimed, err := w.cfg.Store.Claim(ctx, w.cfg.Now(), lease, limit)
	if err != nil && ctx.Err() == nil {
		w.cfg.Log.ErrorContext(ctx, "claim messages", "error", err)
	}
	return claimed
}

// Drain delivers everything that is due, and returns when that and what was
// under way is done. It returns early when ctx is done.
func (w *Worker) Drain(ctx context.Context) {
	for ctx.Err() == nil {
		due := w.claim(ctx, w.cfg.Workers)
		if len(due) == 0 {
			break
		}
		for _, m := range due {
			w.deliver(context.WithoutCancel(ctx), m)
		}
	}
	w.working.wait(ctx)
}
