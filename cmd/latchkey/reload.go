package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/config"
)

// watchPoll is how often the configuration's files are looked at where the file
// system tells nothing of changes.
const watchPoll = 30 * time.Second

// reloadTasks reload on SIGHUP, and when a file of the configuration changes.
func (p *process) reloadTasks() []task.Func {
	asked := make(chan os.Signal, 1)     // holds one: reloading once is enough for any number
	signal.Notify(asked, syscall.SIGHUP) // from now on: a signal that nobody takes ends the process
	return []task.Func{
		func(ctx context.Context) error {
			defer signal.Stop(asked)
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-asked:
					p.reload(ctx)
				}
			}
		},
		func(ctx context.Context) error {
			for ctx.Err() == nil {
				p.watch(ctx, asked)
			}
			return nil
		},
	}
}

// watched are the files whose change asks for a reload: those that the current
// generation was made of, or that the last faulty configuration named.
type watched struct {
	files []string
	stamp string
	// over is closed when others are watched.
	over chan struct{}
}

// watchFiles watches other files from now on.
func (p *process) watchFiles(files []string, stamp string) {
	if last := p.watched.Swap(&watched{files: files, stamp: stamp, over: make(chan struct{})}); last != nil {
		close(last.over)
	}
}

// watch asks for a reload when one of the watched files changes, until others are.
func (p *process) watch(ctx context.Context, asked chan<- os.Signal) {
	list := p.watched.Load()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-list.over:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := config.Watch(ctx, list.files, list.stamp, watchPoll, func() {
		select {
		case asked <- syscall.SIGHUP:
		default:
		}
	})
	if err != nil {
		p.log().WarnContext(ctx, "cannot watch the configuration files; send SIGHUP to reload", "error", err)
		<-ctx.Done()
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
		p.node.fails(err)
		if faulty := (*config.Error)(nil); errors.As(err, &faulty) && len(faulty.Files) > 0 {
			p.watchFiles(faulty.Files, faulty.Stamp) // what mends it may be one that it names
		}
		p.log().ErrorContext(ctx, "reload failed: nothing was changed", "error", err)
		p.report(ctx)
		return
	}
	p.serve(change.generation, change.waiting...)
	warn(ctx, p.log(), change.generation.cfg)
	cfg := change.generation.cfg
	p.log().InfoContext(ctx, "reloaded", "changed", change.applied, "clients", len(cfg.Clients), "digest", cfg.Digest())
	if len(change.waiting) > 0 {
		p.log().WarnContext(ctx, "some changes need a restart", "changes", change.waiting)
	}
	p.report(ctx)
	p.runJob(ctx, job{name: removeClientsJob, do: p.removeClients, unclaimed: true})
}

// serve makes a generation the one that serves. waiting are changes that it leaves out.
func (p *process) serve(next *generation, waiting ...string) {
	p.current.Store(next)
	p.watchFiles(next.cfg.Files, next.cfg.Stamp)
	digest := next.cfg.Digest()
	p.node.loads(digest, waiting, p.now())
	p.metrics.ConfigDigest(digest)
}

// change is a generation that is ready to serve, and what it changes.
type change struct {
	generation *generation
	// applied are the differences from what serves now, in words, waiting those
	// that need a restart.
	applied, waiting []string
}

func (p *process) nextGeneration(ctx context.Context) (*change, error) {
	if p.reread == nil {
		return nil, errors.New("there is no configuration file to reload")
	}
	read, err := p.reread()
	if err != nil {
		return nil, err
	}
	running := p.cfg()
	wanted := inWords(config.Changes(running, read))
	keepUntilRestart(read, running)
	applied := inWords(config.Changes(running, read))
	next, err := newGeneration(p, read)
	if err != nil {
		return nil, err
	}
	if err := p.meetsExpectations(ctx, next); err != nil {
		return nil, err
	}
	return &change{generation: next, applied: applied, waiting: slices.DeleteFunc(wanted, func(line string) bool {
		return slices.Contains(applied, line)
	})}, nil
}

func inWords(changes []config.Change) []string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = c.String()
	}
	return lines
}

// needsRestart reports whether a running process cannot change the key.
func needsRestart(key string) bool {
	for _, prefix := range untilRestart {
		if rest, under := strings.CutPrefix(key, prefix); under && (rest == "" || strings.ContainsAny(rest[:1], ".[")) {
			return true
		}
	}
	return false
}

// untilRestart are the keys of what [keepUntilRestart] keeps; a test holds the two
// together.
var untilRestart = []string{
	"issuer", "insecure_http", "listen", "tls", "metrics", "timeouts", "limits.header_kib", "database", "redis", "secrets", "signing_keys",
	"log", "password.argon2", "password.max_concurrent", "password.queue_timeout", "outbox.workers", "outbox.poll", "outbox.give_up",
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
