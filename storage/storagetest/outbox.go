package storagetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) message(t *testing.T) storage.Message {
	t.Helper()
	now := f.clock.Now()
	return storage.Message{
		ID: f.id(t), Topic: storage.TopicEmail, Kind: storage.MessagePasswordReset, Sealed: "v1.k.n.c",
		Status: storage.DeliveryQueued, NextAt: now, NotAfter: now.Add(time.Hour), CreatedAt: now,
	}
}

// claim asks for deliveries by email that are due now.
func (f fixture) claim(limit int) storage.DeliveryClaim {
	return storage.DeliveryClaim{Topic: storage.TopicEmail, Limit: limit, Lease: time.Minute, Now: f.clock.Now()}
}

// ended is how a delivery ends now.
func (f fixture) ended(status storage.DeliveryStatus) storage.DeliveryEnd {
	return storage.DeliveryEnd{Status: status, At: f.clock.Now()}
}

func (f fixture) testOutbox(t *testing.T) {
	ctx, outbox := t.Context(), f.s.Outbox()
	now := f.clock.Now()
	m := f.message(t)
	e := f.event(t, storage.EventResetRequested)
	want(t, "Add", outbox.Add(ctx, &e, m), nil)
	listed, err := outbox.List(ctx, "", storage.DeliveryQueued, 10)
	want(t, "List", err, nil)
	equal(t, "queued", listed, []storage.Message{m})
	f.clock.Advance(time.Second)
	backlog, err := outbox.Backlog(ctx, f.clock.Now())
	want(t, "Backlog", err, nil)
	equal(t, "backlog", backlog, storage.Backlog{Queued: 1, Oldest: now, Due: 1, DueSince: now})

	m.Attempts, m.NextAt = 1, f.clock.Now().Add(time.Minute)
	got, err := outbox.Claim(ctx, f.claim(10))
	want(t, "Claim", err, nil)
	equal(t, "claimed", got, []storage.Message{m})
	want(t, "SaveComposed", outbox.SaveComposed(ctx, m.ID, "v1.k.n.composed"), nil)
	got, err = outbox.Claim(ctx, f.claim(10))
	want(t, "Claim of a leased message", err, nil)
	equal(t, "claimed by another", got, []storage.Message(nil))
	backlog, err = outbox.Backlog(ctx, f.clock.Now())
	want(t, "Backlog", err, nil)
	equal(t, "backlog while one is worked on", backlog, storage.Backlog{Queued: 1, Oldest: now})

	f.clock.Advance(time.Minute)
	m.Sealed, m.Composed, m.Attempts, m.NextAt = "v1.k.n.composed", true, 2, f.clock.Now().Add(time.Minute)
	got, err = outbox.Claim(ctx, f.claim(10))
	want(t, "Claim from a dead node", err, nil)
	equal(t, "taken over", got, []storage.Message{m})

	want(t, "Sent", outbox.Finish(ctx, m.ID, f.ended(storage.DeliverySent), nil), nil)
	want(t, "Sent twice", outbox.Finish(ctx, m.ID, f.ended(storage.DeliverySent), nil), storage.ErrNotFound)
	want(t, "Retry of a sent message", outbox.Retry(ctx, m.ID, f.clock.Now(), ""), storage.ErrNotFound)
	want(t, "SaveComposed of a sent message", outbox.SaveComposed(ctx, m.ID, "x"), storage.ErrNotFound)
	m.Sealed, m.Status, m.DoneAt = "", storage.DeliverySent, f.clock.Now()
	listed, err = outbox.List(ctx, "", "", 1)
	want(t, "List", err, nil)
	equal(t, "sent", listed, []storage.Message{m})
}

func (f fixture) testOneClaim(t *testing.T) {
	const each = 10
	ids := map[storage.ID]int{}
	for range each {
		m := f.message(t)
		ids[m.ID] = 0
		want(t, "Add", f.s.Outbox().Add(t.Context(), nil, m), nil)
	}
	var mu sync.Mutex
	race(t, func(ctx context.Context) error {
		got, err := f.s.Outbox().Claim(ctx, f.claim(3))
		mu.Lock()
		defer mu.Unlock()
		for _, m := range got {
			ids[m.ID]++
		}
		return err
	}, nil)
	for id, n := range ids {
		if n != 1 {
			t.Errorf("message %s was claimed %d times", id, n)
		}
		want(t, "Finish", f.s.Outbox().Finish(t.Context(), id, f.ended(storage.DeliverySkipped), nil), nil)
	}
}

func (f fixture) testOutboxRetries(t *testing.T) {
	ctx, outbox := t.Context(), f.s.Outbox()
	m := f.message(t)
	due := func(what string, n int) {
		t.Helper()
		got, err := outbox.Claim(ctx, f.claim(10))
		want(t, "Claim", err, nil)
		if len(got) != n {
			t.Errorf("%s: %d messages were due, want %d", what, len(got), n)
		}
	}
	retried := func(what string, n int64, ids ...storage.ID) {
		t.Helper()
		noted := int64(0)
		note := func(n int64) storage.Event {
			noted = n
			return f.event(t, storage.EventDeliveriesRetried)
		}
		got, err := outbox.RetryNow(ctx, f.clock.Now(), note, ids...)
		want(t, "RetryNow", err, nil)
		equal(t, what, got, n)
		equal(t, what+", in the event", noted, n)
	}
	want(t, "Add", outbox.Add(ctx, nil, m), nil)
	due("at first", 1)
	retried("retried while a node works on it", 0, m.ID)
	want(t, "Retry", outbox.Retry(ctx, m.ID, f.clock.Now().Add(time.Hour), "451 greylisted"), nil)
	due("before its time", 0)
	retried("failed", 0)
	retried("waiting", 1, m.ID)
	due("after RetryNow", 1)
	end := f.ended(storage.DeliveryFailed)
	end.Reason = "550 no such user"
	want(t, "Finish", outbox.Finish(ctx, m.ID, end, nil), nil)
	due("after failing", 0)
	failed, err := outbox.List(ctx, "", storage.DeliveryFailed, 10)
	want(t, "List", err, nil)
	if len(failed) != 1 || failed[0].LastError != "550 no such user" || failed[0].Sealed != m.Sealed {
		t.Errorf("failed = %+v", failed)
	}
	retried("all that failed", 1)
	due("after failing and RetryNow", 1)
	want(t, "Sent", outbox.Finish(ctx, m.ID, f.ended(storage.DeliverySent), nil), nil)
	retried("sent", 0, m.ID)
}

// What somebody waits for goes before everything else of its topic, and topics
// do not see one another.
func (f fixture) testOutboxOrder(t *testing.T) {
	ctx, outbox := t.Context(), f.s.Outbox()
	add := func(topic storage.Topic, priority storage.Priority) storage.ID {
		t.Helper()
		m := f.message(t)
		m.Topic, m.Priority = topic, priority
		want(t, "Add", outbox.Add(ctx, nil, m), nil)
		f.clock.Advance(time.Millisecond)
		return m.ID
	}
	claimed := func(c storage.DeliveryClaim) []storage.ID {
		t.Helper()
		got, err := outbox.Claim(ctx, c)
		want(t, "Claim", err, nil)
		ids := make([]storage.ID, len(got))
		for i, d := range got {
			ids[i] = d.ID
		}
		slices.Sort(ids)
		return ids
	}
	first := add(storage.TopicEmail, storage.PriorityNormal)
	second := add(storage.TopicEmail, storage.PriorityNormal)
	sms := add(storage.TopicSMS, storage.PriorityNormal)
	urgent := add(storage.TopicEmail, storage.PriorityUrgent)
	only := f.claim(10)
	only.UrgentOnly = true
	equal(t, "urgent ones", claimed(only), []storage.ID{urgent})
	later := add(storage.TopicEmail, storage.PriorityUrgent)
	equal(t, "of both, one", claimed(f.claim(1)), []storage.ID{later})
	equal(t, "the rest", claimed(f.claim(10)), []storage.ID{first, second})
	c := f.claim(10)
	c.Topic = storage.TopicSMS
	equal(t, "of the other topic", claimed(c), []storage.ID{sms})
	for _, id := range []storage.ID{first, second, sms, urgent, later} {
		want(t, "Finish", outbox.Finish(ctx, id, f.ended(storage.DeliverySent), nil), nil)
	}
}

// A delivery and the event of its end are one write: neither is without the other.
func (f fixture) testOutboxEnd(t *testing.T) {
	ctx, outbox := t.Context(), f.s.Outbox()
	m := f.message(t)
	want(t, "Add", outbox.Add(ctx, nil, m), nil)
	e := f.event(t, storage.EventMessageFailed)
	want(t, "Finish", outbox.Finish(ctx, m.ID, f.ended(storage.DeliveryFailed), &e), nil)
	again := f.event(t, storage.EventMessageFailed)
	want(t, "Finish again", outbox.Finish(ctx, m.ID, f.ended(storage.DeliveryFailed), &again), storage.ErrNotFound)
	events, err := f.s.Events().List(ctx, storage.EventFilter{Type: storage.EventMessageFailed, Limit: 10})
	want(t, "List", err, nil)
	if len(events) != 1 || events[0].ID != e.ID {
		t.Errorf("events are %+v, want only %s", events, e.ID)
	}
}
