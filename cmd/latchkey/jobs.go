package main

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/storage"
)

// job is something done now and then by one node, whichever comes first.
type job struct {
	name  string
	every time.Duration
	// do returns how many rows it was about.
	do func(ctx context.Context) (int64, error)
	// unclaimed says that nodes take turns at it by themselves, and that it is
	// done too often to be worth a line in the log.
	unclaimed bool
}

// linkBatch is how many events are linked to the chain in one transaction.
const linkBatch = 500

func (p *process) jobs() []job {
	return []job{
		{name: "sweep", every: 5 * time.Minute, do: p.sweep},
		{name: "delete_accounts", every: time.Minute, do: p.deleteAccounts},
		{name: removeClientsJob, every: time.Minute, do: p.removeClients},
		{name: sweepClientsJob, every: 10 * time.Minute, do: p.sweepClients},
		{name: "link_audit", every: time.Second, do: p.linkAudit, unclaimed: true},
		{name: "forward_events", every: time.Second, do: p.forwardEvents, unclaimed: true},
		{name: "count_days", every: time.Minute, do: p.countDays},
		{name: "count_factors", every: time.Hour, do: p.countFactors},
		{name: "prune_audit", every: time.Hour, do: p.pruneAudit},
	}
}

func (p *process) jobNames() []string {
	var names []string
	for _, j := range p.jobs() {
		names = append(names, j.name)
	}
	return names
}

// jobTasks runs each job at its time, for as long as the node runs.
func (p *process) jobTasks() []task.Func {
	var tasks []task.Func
	for _, j := range p.jobs() {
		tasks = append(tasks, task.Every(j.every, func(ctx context.Context) { p.runJob(ctx, j) }))
	}
	return tasks
}

// runJob does a job unless another node has begun it in this period. Claims are
// good for a little less than the period, since no two clocks tick alike.
func (p *process) runJob(ctx context.Context, j job) {
	log, mine := p.log().With("job", j.name), j.unclaimed
	var err error
	if !mine {
		mine, err = p.store.Jobs().Claim(ctx, j.name, j.every-j.every/10, p.now())
	}
	if err == nil && !mine {
		return
	}
	var rows int64
	if err == nil {
		rows, err = j.do(ctx)
	}
	if ctx.Err() != nil {
		return // the node stops: the next claim goes on
	}
	p.metrics.Job(j.name, rows, err)
	switch {
	case err != nil:
		log.ErrorContext(ctx, "job failed", "rows", rows, "error", err)
	case rows > 0 && !j.unclaimed:
		log.InfoContext(ctx, "job done", "rows", rows)
	default:
		log.DebugContext(ctx, "job done", "rows", rows)
	}
}

// sweep deletes what expired.
func (p *process) sweep(ctx context.Context) (int64, error) {
	swept, err := p.store.Sweep(ctx, p.now())
	var all int64
	for table, rows := range swept {
		p.metrics.Swept(table, rows)
		all += rows
	}
	p.log().InfoContext(ctx, "swept expired rows", "rows", swept)
	return all, err
}

// deleteAccounts deletes the accounts whose owners asked for it and did not take
// it back in time.
func (p *process) deleteAccounts(ctx context.Context) (int64, error) {
	return p.current.Load().accounts.DeleteDue(ctx, account.System("delete_accounts"))
}

// linkAudit makes it provable that no event was taken out since. That it fails
// may mean that somebody did; it holds nothing up. While a key is being rotated
// the nodes that have it go on with the chain; the others leave it to them.
func (p *process) linkAudit(ctx context.Context) (int64, error) {
	var all int64
	for {
		linked, err := p.store.Events().Link(ctx, linkBatch)
		all += int64(linked)
		if errors.Is(err, storage.ErrUnknownKey) {
			return all, nil
		}
		if err != nil || linked < linkBatch {
			return all, err
		}
	}
}

// pruneAudit deletes the security events that are older than they are kept.
func (p *process) pruneAudit(ctx context.Context) (int64, error) {
	kept := p.cfg().Audit.Retention
	if kept == 0 {
		return 0, nil
	}
	return p.store.Events().Prune(ctx, p.now().Add(-kept))
}
