package outbox

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
)

// stalled is a mail server that takes notices and never answers, until the test
// is over; everything else it delivers.
type stalled struct {
	held, sent chan storage.MessageKind
}

func newStalled() *stalled {
	return &stalled{held: make(chan storage.MessageKind, 100), sent: make(chan storage.MessageKind, 100)}
}

func (s *stalled) Send(ctx context.Context, m storage.Message, _ message.Mail) error {
	if m.Priority > storage.PriorityUrgent {
		s.held <- m.Kind
		<-ctx.Done()
		return ctx.Err()
	}
	s.sent <- m.Kind
	return nil
}

// queueNotices puts n notices to a person into the outbox.
func (h *harness) queueNotices(t *testing.T, n int) {
	t.Helper()
	id, err := storage.NewID(h.clock.Now(), h.cfg.Random)
	if err != nil {
		t.Fatal(err)
	}
	person := &storage.User{ID: id, Email: "robin@example.net", CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now()}
	event, err := storage.NewID(h.clock.Now(), h.cfg.Random)
	if err != nil {
		t.Fatal(err)
	}
	err = h.store.Users().Create(t.Context(), person, storage.Event{
		ID: event, At: h.clock.Now(), Type: storage.EventUserCreated, UserID: id, Outcome: storage.Success,
	})
	if err != nil {
		t.Fatal(err)
	}
	notices := make([]storage.Message, n)
	for i := range notices {
		notice := message.Notice{Kind: storage.MessageFactorAdded, UserID: id, To: person.Email}
		if notices[i], err = h.intents.New(message.Asked{Locale: "en"}, notice); err != nil {
			t.Fatal(err)
		}
	}
	for some := range slices.Chunk(notices, 250) { // a write has seconds, and the machine may be busy
		if err := h.store.Outbox().Add(t.Context(), nil, some...); err != nil {
			t.Fatal(err)
		}
	}
}

// start runs the worker until the test ends.
func (h *harness) start(t *testing.T) *Worker {
	t.Helper()
	h.cfg.Drain = 0
	ctx, stop := context.WithCancel(t.Context())
	w, ended := New(h.cfg), make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(testenv.Patience):
		t.Fatalf("%s: nothing came", what)
		panic("unreachable")
	}
}

// Ten thousand notices to a server that hangs delay no code and no link.
func TestWhatIsUrgentWaitsForNoNotice(t *testing.T) {
	mail := newStalled()
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
	h.queueNotices(t, 10_000)
	w := h.start(t)
	for range h.cfg.Workers - 1 {
		within(t, "a notice is tried", mail.held)
	}
	for range 3 {
		h.queue(t, 1)
		w.Poke()
		if kind := within(t, "what is urgent", mail.sent); kind != storage.MessageSignUp {
			t.Errorf("sent %s", kind)
		}
	}
	if len(mail.held) > 0 {
		t.Errorf("notices hold more than %d of %d workers", h.cfg.Workers-1, h.cfg.Workers)
	}
}

// A server that hangs holds the workers of its own topic and of no other.
func TestNoTopicHoldsUpAnother(t *testing.T) {
	mail := newStalled()
	sms := make(chan storage.MessageKind, 1)
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{
		storage.ChannelEmail: mail, storage.ChannelSMS: sendFunc(func(m storage.Message) error { sms <- m.Kind; return nil }),
	})
	h.queueNotices(t, 10)
	w := h.start(t)
	for range h.cfg.Workers - 1 {
		within(t, "a notice is tried", mail.held)
	}
	m, err := h.intents.New(message.Asked{}, message.Test{Channel: storage.ChannelSMS, To: "+4915112345678"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.Outbox().Add(t.Context(), nil, m); err != nil {
		t.Fatal(err)
	}
	w.Poke()
	within(t, "the SMS", sms)
}

// sendFunc is a sender that is one function.
type sendFunc func(storage.Message) error

func (f sendFunc) Send(_ context.Context, m storage.Message, _ message.Mail) error { return f(m) }

// One worker does everything, in order of urgency.
func TestASingleWorkerTakesTheUrgentFirst(t *testing.T) {
	var order []storage.MessageKind
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{
		storage.ChannelEmail: sendFunc(func(m storage.Message) error { order = append(order, m.Kind); return errors.New("not yet") }),
	})
	h.cfg.Workers = 1
	h.queueNotices(t, 2)
	h.queue(t, 1)
	New(h.cfg).Drain(t.Context())
	if len(order) != 3 || order[0] != storage.MessageSignUp {
		t.Errorf("tried in the order %v", order)
	}
}
