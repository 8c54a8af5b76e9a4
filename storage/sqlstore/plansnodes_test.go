package sqlstore_test

import (
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
)

func (c *planCalls) nodeCalls() map[string]func() error {
	ctx, nodes, removed := c.t.Context(), c.s.Nodes(), c.s.RemovedClients()
	remove := func(client string) error {
		return removed.Remove(ctx, client, c.now, storage.RevokedClientGone, c.event())
	}
	lock := func(client string) error {
		return second(c.s.LockedClients().Lock(ctx, client, c.now, func(storage.ClientHoldings) storage.Event { return c.event() }))
	}
	return map[string]func() error{
		"Feeds.Place": func() error { return second(c.s.Feeds().Place(ctx, string(c.id()), c.now)) },
		"Feeds.Advance": func() error {
			name := string(c.id())
			seq, err := c.s.Feeds().Place(ctx, name, c.now)
			if err != nil {
				return err
			}
			return c.s.Feeds().Advance(ctx, storage.FeedStep{Name: name, From: seq, To: seq + 1, Now: c.now}, c.notice())
		},
		"Feeds.Move": func() error {
			name := string(c.id())
			if _, err := c.s.Feeds().Place(ctx, name, c.now); err != nil {
				return err
			}
			return c.s.Feeds().Move(ctx, name, 0, c.now, c.event())
		},
		"Numbers.Since": func() error { return second(c.s.Numbers().Since(ctx, c.now)) },
		"Numbers.Place": func() error { return ignoring(storage.ErrNotFound, second(c.s.Numbers().Place(ctx))) },
		"Numbers.Count": func() error {
			step := storage.NumbersStep{To: 1, Added: []storage.DailyNumber{{Day: c.now, Kind: storage.NumberSignIns, N: 1}}}
			return ignoring(storage.ErrConflict, c.s.Numbers().Count(ctx, step))
		},
		"Numbers.Adopt": func() error { return c.s.Numbers().Adopt(ctx, c.now) },
		"Feeds.List":    func() error { return second(c.s.Feeds().List(ctx)) },
		"Nodes.Report": func() error {
			return nodes.Report(ctx, storage.Node{ID: "node", Digest: "d", StartedAt: c.now, LoadedAt: c.now, SeenAt: c.now})
		},
		"Nodes.Leave": func() error { return nodes.Leave(ctx, "node") },
		"Nodes.List":  func() error { return second(nodes.List(ctx)) },
		"Nodes.KeepConfiguration": func() error {
			return nodes.KeepConfiguration(ctx, storage.Configuration{Digest: "d", Document: []byte("x"), SeenAt: c.now})
		},
		"Nodes.Configurations": func() error { return second(nodes.Configurations(ctx)) },
		"Nodes.Document": func() error {
			if err := nodes.KeepConfiguration(ctx, storage.Configuration{Digest: "d", Document: []byte("x"), SeenAt: c.now}); err != nil {
				return err
			}
			return second(nodes.Document(ctx, "d"))
		},
		"RemovedClients.Remove": func() error { return remove(string(c.id())) },
		"RemovedClients.Restore": func() error {
			if err := remove("back"); err != nil {
				return err
			}
			return removed.Restore(ctx, "back", c.event())
		},
		"RemovedClients.Prune": func() error {
			client := string(c.id())
			if err := remove(client); err != nil {
				return err
			}
			return removed.Prune(ctx, client, c.now, c.now, c.event())
		},
		"LockedClients.Lock": func() error { return lock(string(c.id())) },
		"LockedClients.Lift": func() error {
			client := string(c.id())
			if err := lock(client); err != nil {
				return err
			}
			return c.s.LockedClients().Lift(ctx, client, c.now, c.event())
		},
		"LockedClients.List":     func() error { return second(c.s.LockedClients().List(ctx)) },
		"LockedClients.Holdings": func() error { return second(c.s.LockedClients().Holdings(ctx, "client7")) },
		"Secrets.Page": func() error {
			for _, kind := range storage.SealedKinds() {
				if err := second(c.s.Secrets().Page(ctx, kind, string(rowOf(77)), 50)); err != nil {
					return err
				}
			}
			return nil
		},
		"Secrets.Replace": func() error {
			for _, kind := range storage.SealedKinds() {
				if err := c.s.Secrets().Replace(ctx, kind, "none", "a", "b"); !errors.Is(err, storage.ErrNotFound) {
					return fmt.Errorf("replace of %s: %w", kind, err)
				}
			}
			return nil
		},
		"RemovedClients.List":      func() error { return second(removed.List(ctx)) },
		"Grants.CountLiveByClient": func() error { return second(c.s.Grants().CountLiveByClient(ctx, "client7", c.now, 1000)) },
	}
}

// ignoring is an error but for one that is no matter here.
func ignoring(expected, err error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
