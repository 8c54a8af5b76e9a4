package main

import (
	"context"
	"time"
)

// linkEvery is how often new events are linked to the chain, at most linkBatch
// in one transaction. Every node does it: they take turns, and between two turns
// there is little to do.
const (
	linkEvery = time.Second
	linkBatch = 500
)

// linkEvents makes it provable that no event was taken out since. That it fails
// may mean that somebody did.
func (n *node) linkEvents(ctx context.Context) {
	for {
		linked, err := n.store.Events().Link(ctx, linkBatch)
		if err != nil && ctx.Err() == nil {
			n.log.ErrorContext(ctx, "link audit events", "error", err)
		}
		if err != nil || linked < linkBatch {
			return
		}
	}
}
