package eventfeed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// The names of feeds: that of the stream, and what stands before a webhook's.
const (
	StreamName    = "stream"
	WebhookPrefix = "webhook:"
)

// places keeps how far feeds got; storage/sqlstore.Feeds in the binary.
type places interface {
	Place(ctx context.Context, name string, now time.Time) (int64, error)
	Advance(ctx context.Context, step storage.FeedStep, m ...storage.Delivery) error
}

// record is the record of events; storage/sqlstore.Events in the binary.
type record interface {
	List(ctx context.Context, f storage.EventFilter) ([]storage.Event, error)
}

// turns has nodes take turns; storage/sqlstore.Jobs in the binary.
type turns interface {
	Claim(ctx context.Context, name string, every time.Duration, now time.Time) (bool, error)
}

// Feeder brings events that are linked to where they go, in the order of the chain.
// Each feed has its place, which moves past an event only once that went out (the
// stream) or is in the outbox (webhooks): none is lost, and one that comes twice, after
// a crash in between, has the same id (at least once).
type Feeder struct {
	Places places
	Record record
	Turns  turns
	Now    func() time.Time
}

// batch is how many events are brought on in one go.
const batch = 200

// streamTurn is how often some node begins to write the stream.
const streamTurn = 900 * time.Millisecond

// Stream is where lines go.
type Stream struct {
	// To is a file, which is made where there is none, or "stdout".
	To     string
	Stdout io.Writer
	// ECS writes in the names of the Elastic Common Schema.
	ECS   bool
	Types []storage.EventType
}

// Stdout is the name of standard output in [Stream.To].
const Stdout = "stdout"

// RunStream writes what the stream does not have yet, and returns how many events it
// passed. Nodes take turns, so that two write the same only where one is held up.
func (f *Feeder) RunStream(ctx context.Context, s Stream) (int64, error) {
	mine, err := f.Turns.Claim(ctx, "event_stream", streamTurn, f.Now())
	if err != nil || !mine {
		return 0, err
	}
	return f.run(ctx, StreamName, func(events []storage.Event) ([]storage.Delivery, error) {
		return nil, s.write(events)
	})
}

// RunWebhook queues what a webhook does not have yet.
func (f *Feeder) RunWebhook(ctx context.Context, w Webhook, d Deliveries) (int64, error) {
	return f.run(ctx, WebhookPrefix+w.Name, func(events []storage.Event) ([]storage.Delivery, error) {
		var queued []storage.Delivery
		for _, e := range events {
			if !w.Wants(e.Type) {
				continue
			}
			made, err := d.New(w.Name, e)
			if err != nil {
				return nil, err
			}
			queued = append(queued, made)
		}
		return queued, nil
	})
}

// run brings one feed on. That another node moved it meanwhile is as good.
func (f *Feeder) run(ctx context.Context, name string, bring func([]storage.Event) ([]storage.Delivery, error)) (passed int64, err error) {
	at, err := f.Places.Place(ctx, name, f.Now())
	if err != nil {
		return 0, err
	}
	for {
		events, err := f.Record.List(ctx, storage.EventFilter{InOrder: true, AfterSeq: at, Limit: batch})
		if err != nil || len(events) == 0 {
			return passed, err
		}
		to := events[len(events)-1].Seq
		queued, err := bring(events)
		if err == nil {
			err = f.Places.Advance(ctx, storage.FeedStep{Name: name, From: at, To: to, Now: f.Now()}, queued...)
		}
		switch {
		case errors.Is(err, storage.ErrConflict):
			return passed, nil
		case err != nil:
			return passed, fmt.Errorf("bring events to %s: %w", name, err)
		}
		at, passed = to, passed+int64(len(events))
		if len(events) < batch {
			return passed, nil
		}
	}
}

// write writes lines in one go. A file is opened each time, so that whoever rotates it
// needs to tell nobody.
func (s Stream) write(events []storage.Event) error {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, e := range events {
		if !wants(s.Types, e.Type) {
			continue
		}
		var line any = Of(e)
		if s.ECS {
			line = ECS(e)
		}
		if err := encoder.Encode(line); err != nil {
			return fmt.Errorf("encode event: %w", err)
		}
	}
	if s.To == Stdout {
		_, err := s.Stdout.Write(lines.Bytes())
		return err
	}
	file, err := os.OpenFile(s.To, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(appendWhole(file, lines.Bytes()), file.Sync(), file.Close())
}

// appendWhole appends all or nothing: half a line, of a disk that is full, would spoil
// the one that follows.
func appendWhole(file *os.File, text []byte) error {
	before, err := file.Stat()
	if err != nil {
		return err
	}
	n, err := file.Write(text)
	if err != nil && n > 0 {
		err = errors.Join(err, file.Truncate(before.Size()))
	}
	return err
}
