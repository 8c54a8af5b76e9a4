package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// clientChange is what becomes of a client that nodes have or had.
type clientChange int

const (
	clientRemoved  clientChange = iota // no live node has it any more
	clientRestored                     // one has it again
	clientPruned                       // it was gone for as long as its consents are kept
)

// clientsState is what is known of the clients of all nodes.
type clientsState struct {
	Nodes          []storage.Node
	Configurations []storage.Configuration
	Removed        []storage.RemovedClient
	PruneAfter     time.Duration
	Now            time.Time
}

// decideClients tells what became of clients since it was last asked. A client is gone
// when a configuration of the last month had it and that of no live node has: while a
// change is rolled out over nodes, and one of them still has it, it is not; and no node
// that starts with an old configuration ends what another one has.
func decideClients(s clientsState) map[string]clientChange {
	live, known := map[string]bool{}, map[string]bool{}
	serving := map[string]bool{}
	for i := range s.Nodes {
		if s.Nodes[i].Live(s.Now) {
			serving[s.Nodes[i].Digest] = true
		}
	}
	seen := map[string]bool{}
	for _, c := range s.Configurations {
		seen[c.Digest] = true
		for _, id := range c.Clients {
			known[id] = true
			live[id] = live[id] || serving[c.Digest]
		}
	}
	for digest := range serving {
		if !seen[digest] {
			return nil // what a node has is not known yet
		}
	}
	decided := map[string]clientChange{}
	if len(serving) == 0 {
		return decided
	}
	for id := range known {
		i := slices.IndexFunc(s.Removed, func(r storage.RemovedClient) bool { return r.ClientID == id })
		switch {
		case i < 0 && !live[id]:
			decided[id] = clientRemoved
		case i >= 0 && live[id]:
			decided[id] = clientRestored
		case i >= 0 && s.Removed[i].PrunedAt.IsZero() && s.Now.Sub(s.Removed[i].RemovedAt) >= s.PruneAfter:
			decided[id] = clientPruned
		}
	}
	return decided
}

// removeClients ends what clients had that no node has any more, lets those that are
// back have their consents, and forgets the consents of those that stayed away.
func (p *process) removeClients(ctx context.Context) (int64, error) {
	state := clientsState{PruneAfter: p.cfg().PruneAfter, Now: p.now()}
	var err1, err2, err3 error
	state.Nodes, err1 = p.store.Nodes().List(ctx)
	state.Configurations, err2 = p.store.Nodes().Configurations(ctx)
	state.Removed, err3 = p.store.RemovedClients().List(ctx)
	if err := errors.Join(err1, err2, err3); err != nil {
		return 0, err
	}
	var done int64
	var errs []error
	by, accounts := account.System(removeClientsJob), p.current.Load().accounts
	for id, change := range decideClients(state) {
		if change == clientRemoved {
			moved, err := p.isStored(ctx, id)
			if err != nil {
				errs = append(errs, err)
			}
			if moved || err != nil {
				continue // it went from a file to the database: the same client, the same tokens
			}
		}
		var err error
		switch change {
		case clientRemoved:
			err = accounts.RemoveClient(ctx, by, id)
		case clientRestored:
			err = accounts.RestoreClient(ctx, by, id)
		case clientPruned:
			err = accounts.PruneClient(ctx, by, id, state.Now.Add(-state.PruneAfter))
		}
		if errors.Is(err, account.ErrConflict) || errors.Is(err, account.ErrNotFound) {
			continue // another node was first
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		done++
	}
	return done, errors.Join(errs...)
}

// removeClientsJob names the job, and whoever acts in it.
const removeClientsJob = "remove_clients"
