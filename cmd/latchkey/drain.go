package main

import (
	"context"
	"time"
)

// drain returns a context that ends timeouts.drain after ctx does. Meanwhile the
// server says that it is not ready, so that a load balancer sends nothing more,
// and answers what still comes, closing each connection after its answer: no
// request meets a closed door.
func (p *process) drain(ctx context.Context) (context.Context, context.CancelFunc) {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-serving.Done():
			return
		case <-ctx.Done():
		}
		p.health.Drain()
		wait := p.boot.cfg.Timeouts.Drain
		p.log().InfoContext(ctx, "stopping", "drain", wait.String())
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-serving.Done():
		case <-timer.C:
			stop()
		}
	}()
	return serving, stop
}
