package storagetest

import (
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// testFeeds: an event is queued once for each feed, whoever does it, and none is lost.
func (f fixture) testFeeds(t *testing.T) {
	ctx, feeds, now := t.Context(), f.s.Feeds(), f.clock.Now()
	link := func() {
		for {
			linked, err := f.s.Events().Link(ctx, 500)
			want(t, "Link", err, nil)
			if linked == 0 {
				return
			}
		}
	}
	want(t, "Append", f.s.Events().Append(ctx, f.event(t, storage.EventSignIn)), nil)
	link()
	start, err := feeds.Place(ctx, "siem", now)
	want(t, "Place of a new feed", err, nil)
	if start == 0 {
		t.Error("a new feed gets what was before it")
	}
	want(t, "Append", f.s.Events().Append(ctx, f.event(t, storage.EventSignOut)), nil)
	link()
	again, err := feeds.Place(ctx, "siem", now)
	want(t, "Place again", err, nil)
	equal(t, "place", again, start)
	events, err := f.s.Events().List(ctx, storage.EventFilter{InOrder: true, AfterSeq: start, Limit: 10})
	want(t, "List", err, nil)
	if len(events) != 1 || events[0].Type != storage.EventSignOut {
		t.Fatalf("after the place are %+v", events)
	}

	step := storage.FeedStep{Name: "siem", From: start, To: events[0].Seq, Now: now}
	var wins sync.Map
	var nodes sync.WaitGroup
	for i := range 4 {
		m := f.message(t)
		nodes.Go(func() {
			if feeds.Advance(ctx, step, m) == nil {
				wins.Store(i, m.ID)
			}
		})
	}
	nodes.Wait()
	won := 0
	wins.Range(func(_, id any) bool {
		won++
		found, err := f.s.Outbox().List(ctx, storage.TopicEmail, storage.DeliveryQueued, 1000)
		want(t, "List deliveries", err, nil)
		queued := false
		for _, d := range found {
			queued = queued || d.ID == id
		}
		equal(t, "queued", queued, true)
		return true
	})
	equal(t, "nodes that moved it", won, 1)
	want(t, "Advance late", feeds.Advance(ctx, step, f.message(t)), storage.ErrConflict)
	want(t, "Move", feeds.Move(ctx, "siem", start, now, f.event(t, storage.EventEventsReplayed)), nil)
	want(t, "Advance after Move", feeds.Advance(ctx, step), nil)
	want(t, "Move of none", feeds.Move(ctx, "nothing", 0, now, f.event(t, storage.EventEventsReplayed)), storage.ErrNotFound)
	all, err := feeds.List(ctx)
	want(t, "List feeds", err, nil)
	if len(all) != 1 || all[0] != (storage.Feed{Name: "siem", Seq: events[0].Seq, MovedAt: all[0].MovedAt}) {
		t.Errorf("feeds %+v", all)
	}
}
