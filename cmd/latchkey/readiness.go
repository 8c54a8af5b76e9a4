package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/health"
	"github.com/latchkey-id/latchkey/storage"
)

// checks are what readiness names. Those without which this process can do
// nothing that another could not are required; the others are optional.
func (p *process) checks() []health.Check {
	short := "redis"
	if p.boot.cfg.Redis.URL.IsZero() {
		short = "ephemeral"
	}
	migrations := &onceInAWhile{every: migrationsEvery, now: p.now, ask: p.checkMigrations}
	return []health.Check{
		{Name: "database", Ask: p.checkDatabase},
		{Name: "clock", Ask: p.checkClock},
		{Name: "migrations", Ask: migrations.check},
		{Name: "signing_keys", Ask: p.checkKeys},
		{Name: short, Ask: health.Optional(p.ephemeral.Ping)},
		{Name: "outbox", Ask: health.Optional(p.checkOutbox)},
		{Name: "configuration", Ask: health.Optional(p.checkConfiguration)},
	}
}

// checkDatabase writes to the database: one that is read only, a standby or on a
// full disk answers every question and can do nothing. The answer bears the
// database's time, by which what nodes share is judged.
func (p *process) checkDatabase(ctx context.Context) error {
	before := p.now()
	theirs, err := p.store.CheckWritable(ctx)
	if err != nil {
		return err
	}
	offset := clockOffset(before, p.now(), theirs)
	p.metrics.ClockOffset(offset)
	p.offset.Store(int64(offset))
	return nil
}

// clockOffset is how far our clock is ahead of one that was read between before
// and after, by the least that explains what was seen.
func clockOffset(before, after, theirs time.Time) time.Duration {
	switch {
	case theirs.Before(before):
		return before.Sub(theirs)
	case theirs.After(after):
		return after.Sub(theirs)
	}
	return 0
}

// degradedOffset is from where on a clock is said to be off.
const degradedOffset = time.Second

// checkClock tells when our clock is off from the database's: lifetimes that we
// judge by our own would be wrong (requirement DL1).
func (p *process) checkClock(context.Context) error {
	return judgeClock(time.Duration(p.offset.Load()), p.boot.cfg.Database.MaxClockOffset)
}

func judgeClock(offset, most time.Duration) error {
	ahead, off := "ahead of", offset
	if offset < 0 {
		ahead, off = "behind", -offset
	}
	if off <= min(degradedOffset, most) {
		return nil
	}
	err := fmt.Errorf("this node's clock is %s %s the database's: set it by NTP", off.Round(time.Millisecond), ahead)
	if off <= most {
		return health.Degraded(err)
	}
	return err
}

// checkMigrations refuses to serve on tables of another version.
func (p *process) checkMigrations(ctx context.Context) error { return requireMigrated(ctx, p.store) }

// checkConfiguration tells that the last reload failed: the node runs on with what it
// had, and nobody's change is in force.
func (p *process) checkConfiguration(context.Context) error {
	if node := p.node.node(p.now()); node.Fault != "" {
		return fmt.Errorf("the last reload failed and changed nothing: %s", node.Fault)
	}
	return nil
}

func (p *process) checkKeys(context.Context) error { return p.ring.Ready() }

// checkOutbox tells when the queue grows old.
func (p *process) checkOutbox(ctx context.Context) error {
	now := p.now()
	b, err := p.store.Outbox().Backlog(ctx, now)
	if err != nil {
		return err
	}
	return judgeBacklog(b, now, p.cfg().Outbox.MaxAge)
}

// judgeBacklog says what is wrong with the outbox: that nobody delivers, or that
// it is tried in vain.
func judgeBacklog(b storage.Backlog, now time.Time, maxAge time.Duration) error {
	old := func(since time.Time) bool { return maxAge > 0 && !since.IsZero() && now.Sub(since) > maxAge }
	switch {
	case old(b.DueSince):
		return fmt.Errorf("%d messages are overdue, the oldest for %s", b.Due, now.Sub(b.DueSince).Round(time.Second))
	case old(b.Oldest):
		return fmt.Errorf("%d messages have not been delivered yet, the oldest for %s", b.Queued, now.Sub(b.Oldest).Round(time.Second))
	}
	return nil
}

// migrationsEvery is how long tables that fit are believed to fit.
const migrationsEvery = 30 * time.Second

// onceInAWhile is a check whose success is good for longer than that of others.
type onceInAWhile struct {
	every time.Duration
	now   func() time.Time
	ask   func(context.Context) error
	ok    atomic.Pointer[time.Time] // when it passed last
}

func (c *onceInAWhile) check(ctx context.Context) error {
	now := c.now()
	if passed := c.ok.Load(); passed != nil && now.Sub(*passed) < c.every {
		return nil
	}
	err := c.ask(ctx)
	if err == nil {
		c.ok.Store(&now)
	}
	return err
}

// observeEvery is how often what nobody asks for is measured for the metrics.
const observeEvery = 15 * time.Second

// observe measures for the metrics what requests do not.
func (p *process) observe(ctx context.Context) {
	p.health.Observe(ctx)
	p.eviction.check(ctx)
	now := p.now()
	p.metrics.SigningKeys(p.ring.Keys(), now)
	b, err := p.store.Outbox().Backlog(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			p.log().ErrorContext(ctx, "measuring the outbox failed", "error", err)
		}
		return
	}
	p.metrics.Backlog(b, now)
	events, oldest, err := p.store.Events().Unlinked(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.log().ErrorContext(ctx, "measuring the event chain failed", "error", err)
		}
		return
	}
	p.metrics.ChainLag(events, oldest, now)
}
