package main

import (
	"context"
	"log/slog"
)

// noEviction is the policy under which Redis forgets nothing before its time.
const noEviction = "noeviction"

// evictionPolicy asks Redis for its maxmemory-policy; it is empty where the server
// does not tell.
type evictionPolicy func(context.Context) (string, error)

// evictionWatch warns of a Redis that evicts: limits on guessing, codes and sign-ins
// under way would be forgotten early, and whoever fills its memory lifts the limits.
type evictionWatch struct {
	ask  evictionPolicy // nil where there is no Redis
	log  *slog.Logger
	last string
}

// check asks, and warns once of each policy. A Redis that does not answer is asked
// again later: a node starts without it, and that it is away is readiness' to tell.
func (w *evictionWatch) check(ctx context.Context) {
	if w.ask == nil {
		return
	}
	policy, err := w.ask(ctx)
	if err != nil || policy == "" || policy == w.last {
		return
	}
	w.last = policy
	if policy != noEviction {
		w.log.WarnContext(ctx, "Redis evicts entries early when its memory is full, and with them the limits on guessing: "+
			"set maxmemory-policy noeviction", "maxmemory_policy", policy)
	}
}
