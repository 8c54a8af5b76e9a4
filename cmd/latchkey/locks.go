package main

import (
	"context"
	"time"
)

// locksEvery is how often a node asks which clients are locked down: so long it may go
// on answering one that is. Nothing that it answers lasts: grants that would begin and
// tokens of a client's own are judged by the database itself.
const locksEvery = 2 * time.Second

// readLocks takes over which clients are locked down.
func (p *process) readLocks(ctx context.Context) error {
	locked, err := p.store.LockedClients().List(ctx)
	if err != nil {
		return err
	}
	ids := make([]string, len(locked))
	for i, l := range locked {
		ids[i] = l.ClientID
	}
	p.locks.Replace(ids)
	return nil
}

// refreshLocks reads them again. Where the database does not answer, those of before stay.
func (p *process) refreshLocks(ctx context.Context) {
	if err := p.readLocks(ctx); err != nil && ctx.Err() == nil {
		p.log().WarnContext(ctx, "reading which clients are locked down failed", "error", err)
	}
}
