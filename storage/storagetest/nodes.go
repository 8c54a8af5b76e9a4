package storagetest

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// testNodes: a report takes the place of the node's last one, and what nodes run with
// is kept once.
func (f fixture) testNodes(t *testing.T) {
	ctx, nodes, now := t.Context(), f.s.Nodes(), f.clock.Now()
	one := storage.Node{ID: "one", Version: "v1", Digest: "d1", StartedAt: now, LoadedAt: now, SeenAt: now}
	two := storage.Node{ID: "two", Version: "v1", Digest: "d1", StartedAt: now, LoadedAt: now, SeenAt: now, Waiting: []string{"listen: :1 -> :2", "tls: x"}}
	kept := storage.Configuration{Digest: "d1", Document: []byte{0, 1, 2}, Clients: []string{"shop", "wiki"}, SeenAt: now}
	want(t, "KeepConfiguration", nodes.KeepConfiguration(ctx, kept), nil)
	want(t, "KeepConfiguration again", nodes.KeepConfiguration(ctx, kept), nil)
	want(t, "Report", nodes.Report(ctx, one), nil)
	want(t, "Report of another", nodes.Report(ctx, two), nil)
	f.clock.Advance(time.Minute)
	one.Fault, one.SeenAt, one.Digest = "line 3: unknown key", f.clock.Now(), "d2"
	want(t, "Report again", nodes.Report(ctx, one), nil)
	got, err := nodes.List(ctx)
	want(t, "List", err, nil)
	equal(t, "nodes", got, []storage.Node{one, two})
	two.SeenAt = f.clock.Now()
	want(t, "Report of what is kept", nodes.Report(ctx, two), nil)
	configurations, err := nodes.Configurations(ctx)
	want(t, "Configurations", err, nil)
	equal(t, "configurations", configurations, []storage.Configuration{{Digest: "d1", Clients: kept.Clients, SeenAt: two.SeenAt}})
	document, err := nodes.Document(ctx, "d1")
	want(t, "Document", err, nil)
	equal(t, "document", document, kept.Document)
	_, err = nodes.Document(ctx, "d2")
	want(t, "Document that nobody kept", err, storage.ErrNotFound)
	want(t, "Leave", nodes.Leave(ctx, "one"), nil)
	got, err = nodes.List(ctx)
	want(t, "List", err, nil)
	equal(t, "nodes that are left", len(got), 1)
	f.clock.Advance(25 * time.Hour)
	_, err = f.s.Sweep(ctx, f.clock.Now())
	want(t, "Sweep", err, nil)
	got, err = nodes.List(ctx)
	want(t, "List", err, nil)
	configurations, err = nodes.Configurations(ctx)
	want(t, "Configurations", err, nil)
	equal(t, "nodes and configurations after a day", []int{len(got), len(configurations)}, []int{0, 1})
}

// testRemovedClients: of many that see a client gone one ends its grants; its consents
// stay until they are pruned, once and not before their time, and with a client that is
// back they are good again.
func (f fixture) testRemovedClients(t *testing.T) {
	ctx, removed, now := t.Context(), f.s.RemovedClients(), f.clock.Now()
	gone := f.grant(t, func(g *storage.Grant) { g.ClientID, g.Offline = "gone", true })
	other := f.grant(t, func(g *storage.Grant) { g.ClientID = "other" })
	for _, id := range []string{"gone", "other"} {
		want(t, "Put consent", f.s.Consents().Put(ctx, gone.UserID, id, []string{"openid"}, now, f.event(t, storage.EventConsentGranted)), nil)
	}
	n, err := f.s.Grants().CountLiveByClient(ctx, "gone", now, 10)
	want(t, "CountLiveByClient", err, nil)
	equal(t, "live grants", n, 1)
	want(t, "Remove", removed.Remove(ctx, "gone", now, storage.RevokedClientGone, f.event(t, storage.EventClientRemoved)), nil)
	want(t, "Remove again", removed.Remove(ctx, "gone", now, storage.RevokedClientGone, f.event(t, storage.EventClientRemoved)), storage.ErrConflict)
	got, err := f.s.Grants().ByID(ctx, gone.ID)
	want(t, "ByID", err, nil)
	equal(t, "reason", got.Grant.RevokedReason, storage.RevokedClientGone)
	got, err = f.s.Grants().ByID(ctx, other.ID)
	want(t, "ByID of another client's", err, nil)
	equal(t, "another client's grant was revoked", got.Grant.RevokedAt.IsZero(), true)
	n, err = f.s.Grants().CountLiveByClient(ctx, "gone", now, 10)
	want(t, "CountLiveByClient", err, nil)
	equal(t, "live grants after the removal", n, 0)

	list, err := removed.List(ctx)
	want(t, "List", err, nil)
	equal(t, "removed", list, []storage.RemovedClient{{ClientID: "gone", RemovedAt: now}})
	want(t, "Prune before its time", removed.Prune(ctx, "gone", now.Add(-time.Second), now, f.event(t, storage.EventClientPruned)), storage.ErrNotFound)
	_, err = f.s.Consents().Get(ctx, gone.UserID, "gone")
	want(t, "consent while it is kept", err, nil)
	want(t, "Restore", removed.Restore(ctx, "gone", f.event(t, storage.EventClientRestored)), nil)
	want(t, "Restore again", removed.Restore(ctx, "gone", f.event(t, storage.EventClientRestored)), storage.ErrNotFound)
	want(t, "Prune of one that is back", removed.Prune(ctx, "gone", now, now, f.event(t, storage.EventClientPruned)), storage.ErrNotFound)
	_, err = f.s.Consents().Get(ctx, gone.UserID, "gone")
	want(t, "consent of one that is back", err, nil)

	want(t, "Remove a second time", removed.Remove(ctx, "gone", now, storage.RevokedClientGone, f.event(t, storage.EventClientRemoved)), nil)
	want(t, "Prune", removed.Prune(ctx, "gone", now, now, f.event(t, storage.EventClientPruned)), nil)
	want(t, "Prune again", removed.Prune(ctx, "gone", now, now, f.event(t, storage.EventClientPruned)), storage.ErrNotFound)
	_, err = f.s.Consents().Get(ctx, gone.UserID, "gone")
	want(t, "consent after it was pruned", err, storage.ErrNotFound)
	_, err = f.s.Consents().Get(ctx, gone.UserID, "other")
	want(t, "consent of another client", err, nil)
	list, err = removed.List(ctx)
	want(t, "List", err, nil)
	equal(t, "pruned", list, []storage.RemovedClient{{ClientID: "gone", RemovedAt: now, PrunedAt: now}})
}
