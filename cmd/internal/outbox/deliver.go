package outbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// errTaken says that a delivery was finished or taken over meanwhile.
var errTaken = errors.New("delivery is another's")

// deliver makes one try and records how it ended.
func (l *lane) deliver(ctx context.Context, d storage.Delivery) {
	trying, cancel := context.WithTimeout(ctx, tryTime)
	err := l.try(trying, d)
	cancel()
	if errors.Is(err, errTaken) {
		return
	}
	v := judge(d, err, l.Now(), l.GiveUp, chance())
	l.report(ctx, d, v, err)
	// What was sent must be known to be, even if we are to stop.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	l.record(recording, d, v)
}

// try lets the topic's handler make one try.
func (l *lane) try(ctx context.Context, d storage.Delivery) error {
	if isVoid(d, l.Now()) {
		return errVoid
	}
	handler, ok := l.Handlers()[d.Topic]
	if !ok {
		return &delivery.Error{Step: delivery.StepConnect, Reason: "nothing is set up that could send it"}
	}
	return handler.Deliver(ctx, d, func(ctx context.Context, sealed string) error {
		err := l.Store.SaveComposed(ctx, d.ID, sealed)
		if errors.Is(err, storage.ErrNotFound) {
			return errTaken
		}
		return err
	})
}

// record writes how a try ended. It does not give up at the first failure: what
// is not recorded is sent again when the lease ends.
func (l *lane) record(ctx context.Context, d storage.Delivery, v verdict) {
	const tries = 6
	var err error
	for n := range tries {
		if err = l.write(ctx, d, v); err == nil {
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
	l.Log.ErrorContext(ctx, "recording how a delivery ended failed", "delivery", d.ID, "result", v.result(), "error", err)
}

func (l *lane) write(ctx context.Context, d storage.Delivery, v verdict) error {
	if v.status == storage.DeliveryQueued {
		return l.Store.Retry(ctx, d.ID, v.nextAt, v.reason)
	}
	end := storage.DeliveryEnd{Status: v.status, Reason: v.reason, At: l.Now()}
	if !v.lost() {
		return l.Store.Finish(ctx, d.ID, end, nil)
	}
	e, err := storage.NewEvent(end.At, l.Random, storage.EventMessageFailed)
	if err != nil {
		return err
	}
	e.ActorKind, e.ActorID, e.UserID, e.Outcome = storage.ActorSystem, "outbox", d.UserID, storage.Failure
	e.Detail = fmt.Sprintf("%s by %s: %s", d.Kind, d.Topic, v.reason)
	return l.Store.Finish(ctx, d.ID, end, &e)
}

// report logs and counts how a try ended.
func (l *lane) report(ctx context.Context, d storage.Delivery, v verdict, err error) {
	l.Metrics.Delivery(d.Topic, d.Kind, v.result())
	log := l.Log.With("delivery", d.ID, "topic", d.Topic, "kind", d.Kind, "attempt", d.Attempts, "result", v.result())
	switch {
	case v.lost():
		log.ErrorContext(ctx, "message not delivered", "reason", v.reason)
	case v.status == storage.DeliveryQueued:
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
func chance() float64 {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand documents that it crashes instead
	return float64(binary.BigEndian.Uint64(b[:])) / math.MaxUint64
}
