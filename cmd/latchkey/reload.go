package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/config"
)

// hangups delivers SIGHUP, which asks for a reload, until ctx is done.
func hangups(ctx context.Context) <-chan os.Signal {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	context.AfterFunc(ctx, func() { signal.Stop(asked) })
	return asked
}

// reloadOn reloads whenever something comes out of asked: a signal, later a
// change of the file.
func (p *process) reloadOn(asked <-chan os.Signal) task.Func {
	return func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-asked:
				p.reload(ctx)
			}
		}
	}
}

// reload reads the configuration anew and swaps the generation, atomically: a
// faulty file changes nothing, and a request sees one configuration only
// (requirement AC2). What a running process cannot change stays as it is and is
// named in the log.
func (p *process) reload(ctx context.Context) {
	change, err := p.nextGeneration(ctx)
	p.metrics.Reloaded(p.now(), err)
	if err != nil {
		p.log().ErrorContext(ctx, "reload failed: nothing was changed", "error", err)
		return
	}
	p.current.Store(change.generation)
	warn(ctx, p.log(), change.generation.cfg)
	p.log().InfoContext(ctx, "reloaded", "changed", change.applied, "clients", len(change.generation.cfg.Clients))
	if len(change.waiting) > 0 {
		p.log().WarnContext(ctx, "some changes need a restart", "keys", change.waiting)
	}
}

// change is a generation that is ready to serve, and what it changes.
type change struct {
	generation *generation
	// applied are the keys that differ from what serves now, waiting those that
	// differ in the file and need a restart.
	applied, waiting []string
}

func (p *process) nextGeneration(ctx context.Context) (*change, error) {
	if p.reread == nil {
		return nil, errors.New("there is no configuration to read again")
	}
	read, err := p.reread()
	if err != nil {
		return nil, err
	}
	running := p.cfg()
	wanted := config.Diff(running, read)
	keepUntilRestart(read, running)
	applied := config.Diff(running, read)
	next, err := newGeneration(p, read)
	if err != nil {
		return nil, err
	}
	return &change{generation: next, applied: applied, waiting: slices.DeleteFunc(wanted, func(key string) bool {
		return slices.Contains(applied, key)
	})}, nil
}

// keepUntilRestart gives next those values of the running configuration that
// the process holds on to: its address, listeners, stores, keys and workers.
// The issuer is among them: it is in every token and page that is out.
func keepUntilRestart(next, running *config.Config) {
	next.Issuer, next.InsecureHTTP = running.Issuer, running.InsecureHTTP
	next.Listen, next.TLS, next.Metrics, next.Timeouts = running.Listen, running.TLS, running.Metrics, running.Timeouts
	next.Limits.HeaderKiB = running.Limits.HeaderKiB
	next.Database, next.Redis, next.Secrets, next.SigningKeys = running.Database, running.Redis, running.Secrets, running.SigningKeys
	next.Log = running.Log
	next.Password.Argon2, next.Password.MaxConcurrent = running.Password.Argon2, running.Password.MaxConcurrent
	next.Password.QueueTimeout = running.Password.QueueTimeout
	next.Outbox.Workers, next.Outbox.Poll, next.Outbox.GiveUp = running.Outbox.Workers, running.Outbox.Poll, running.Outbox.GiveUp
}
