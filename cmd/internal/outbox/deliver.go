package outbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// errTaken says that a message was finished or taken over meanwhile.
var errTaken = errors.New("message is another's")

// deliver makes one try and writes down how it ended.
func (w *Worker) deliver(ctx context.Context, m storage.Message) {
	trying, cancel := context.WithTimeout(ctx, tryTime)
	err := w.try(trying, m)
	cancel()
	if errors.Is(err, errTaken) {
		return
	}
	v := judge(m, err, w.cfg.Now(), w.cfg.GiveUp, w.chance())
	w.tell(ctx, m, v, err)
	// What was sent must be known to be, even if we are to stop.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	w.record(recording, m, v)
}

// try composes the message unless that was done, and sends it.
func (w *Worker) try(ctx context.Context, m storage.Message) error {
	if void(m, w.cfg.Now()) {
		return errVoid
	}
	channels := w.cfg.Current()
	mail, err := w.mail(ctx, channels.Composer, m)
	if err != nil {
		return err
	}
	sender, ok := channels.Senders[m.Channel]
	if !ok {
		return &delivery.Error{Step: delivery.StepConnect, Reason: "nothing is set up that could send it"}
	}
	return sender.Send(ctx, m, mail)
}

// mail returns what the message says.
func (w *Worker) mail(ctx context.Context, c composer, m storage.Message) (message.Mail, error) {
	if m.Composed {
		mail, err := c.Open(m)
		return mail, composing(err)
	}
	mail, err := c.Compose(ctx, m)
	if err != nil {
		return message.Mail{}, composing(err)
	}
	sealed, err := c.Seal(m.ID, mail)
	if err != nil {
		return message.Mail{}, composing(err)
	}
	// It is kept before it is sent: a second text would bear a second token,
	// which would kill the one that is on its way.
	err = w.cfg.Store.SaveComposed(ctx, m.ID, sealed)
	if errors.Is(err, storage.ErrNotFound) {
		return message.Mail{}, errTaken
	}
	return mail, composing(err)
}

// composing says that a message could not be composed.
func composing(err error) error {
	if err == nil || errors.Is(err, message.ErrNobody) {
		return err
	}
	return &delivery.Error{Step: delivery.StepCompose, Reason: "the message could not be made", Cause: err}
}

// record writes down how a try ended. It does not give up at the first failure:
// what is not written down is sent again when the lease ends.
func (w *Worker) record(ctx context.Context, m storage.Message, v verdict) {
	const tries = 6
	var err error
	for n := range tries {
		if err = w.write(ctx, m, v); err == nil {
			return
		}
		if errors.Is(err, storage.ErrNotFound) {
			return // another finished it
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond << n):
		}
	}
	w.cfg.Log.ErrorContext(ctx, "write down how a delivery ended", "message", m.ID, "result", v.result(), "error", err)
}

func (w *Worker) write(ctx context.Context, m storage.Message, v verdict) error {
	if v.status == storage.MessageQueued {
		return w.cfg.Store.Retry(ctx, m.ID, v.nextAt, v.reason)
	}
	now := w.cfg.Now()
	if err := w.cfg.Store.Finish(ctx, m.ID, v.status, v.reason, now); err != nil || !v.lost() {
		return err
	}
	id, err := storage.NewID(now, w.cfg.Random)
	if err != nil {
		return err
	}
	event := storage.Event{
		ID: id, At: now, Type: storage.EventMessageFailed, UserID: m.UserID, Outcome: storage.Failure,
		Detail: fmt.Sprintf("%s by %s: %s", m.Kind, m.Channel, v.reason),
	}
	if err := w.cfg.Store.Add(ctx, &event); err != nil {
		w.cfg.Log.ErrorContext(ctx, "record a failed delivery", "message", m.ID, "error", err)
	}
	return nil
}

// tell logs and counts how a try ended.
func (w *Worker) tell(ctx context.Context, m storage.Message, v verdict, err error) {
	w.cfg.Metrics.Delivery(m.Channel, m.Kind, v.result())
	log := w.cfg.Log.With("message", m.ID, "channel", m.Channel, "kind", m.Kind, "attempt", m.Attempts, "result", v.result())
	switch {
	case v.lost():
		log.ErrorContext(ctx, "message not delivered", "reason", v.reason)
	case v.status == storage.MessageQueued:
		log = log.With("reason", v.reason, "next_at", v.nextAt)
		var failed *delivery.Error
		if errors.As(err, &failed) && failed.Step == delivery.StepCompose {
			log = log.With("error", failed.Cause) // a fault of ours, without the other side's words
		}
		log.WarnContext(ctx, "message delayed")
	default:
		log.InfoContext(ctx, "message done")
	}
}

// chance is a random number from 0 up to 1.
func (w *Worker) chance() float64 {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand documents that it crashes instead
	return float64(binary.BigEndian.Uint64(b[:])) / math.MaxUint64
}
