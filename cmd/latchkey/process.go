package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/cmd/internal/certificate"
	"github.com/latchkey-id/latchkey/cmd/internal/health"
	"github.com/latchkey-id/latchkey/cmd/internal/metrics"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// process is what lives as long as the program runs, whatever is reloaded
// meanwhile: stores, listeners, metrics, workers. [openProcess] sets every
// field, and none is ever changed but the current generation.
type process struct {
	// boot is what the process began with. Of its configuration only what
	// [keepUntilRestart] names is still true after a reload.
	boot      *dependencies
	reread    func() (*config.Config, error)
	stdout    io.Writer
	dev       devHooks
	store     *sqlstore.Store
	ephemeral ephemeralStore
	ring      *keys.Ring
	metrics   *metrics.Metrics
	outbox    *outbox.Worker
	decoys    *signin.Decoys
	// locks are the clients that are locked down, whatever is reloaded meanwhile.
	locks  *client.Locks
	health *health.Monitor
	// listener is the provider's, probes that of the metrics; nil where it is switched off.
	listener, probes net.Listener
	certificate      *certificate.Files // nil behind a proxy that speaks TLS
	closers          []func() error     // in the order of opening
	// offset is how far our clock was ahead of the database's when it was last
	// measured, in nanoseconds.
	offset   atomic.Int64
	eviction *evictionWatch
	// node is what this process says of itself.
	node *nodeState
	// current is what serves now. It is swapped as a whole, so that a request
	// sees one configuration from its beginning to its end.
	current atomic.Pointer[generation]
	watched atomic.Pointer[watched]
}

// openProcess opens the stores and listeners. It changes nothing in a database.
func openProcess(ctx context.Context, o serveOptions) (_ *process, err error) {
	counters := metrics.New(version)
	boot, err := newDependencies(o.cfg, o.log.Logger, o.now, counters.HashWaited)
	if err != nil {
		return nil, err
	}
	p := &process{boot: boot, reread: o.load, stdout: o.stdout, dev: o.dev, listener: o.listener, locks: &client.Locks{}, metrics: counters, node: newNodeState(o.now())}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.closeStores())
		}
	}()
	if err := p.openStores(ctx); err != nil {
		return nil, err
	}
	if p.ring, err = boot.newRing(p.store); err != nil {
		return nil, err
	}
	if t := o.cfg.TLS; t.Enabled() {
		if p.certificate, err = certificate.Open(t.CertFile, t.KeyFile, o.log.Logger); err != nil {
			return nil, err
		}
	}
	if address := o.cfg.Metrics.Listen; address != "" {
		if p.probes, err = listen(ctx, address, "metrics.listen"); err != nil {
			return nil, err
		}
	}
	p.decoys = signin.NewDecoys(p.store.Users(), boot.password.Current)
	p.outbox = p.newOutbox()
	p.health = health.New(health.Config{Checks: p.checks(), Metrics: p.metrics, Log: o.log.Logger, Now: o.now, Info: p.info})
	p.metrics.DroppedLines(o.log.queue.Dropped)
	p.metrics.Pool(p.store.Stats)
	p.metrics.HashQueue(boot.password.Queue)
	p.metrics.Jobs(p.jobNames()...)
	p.metrics.TokenRequests(op.GrantTypes(), op.TokenOutcomes())
	p.metrics.Loaded(p.now())
	if p.certificate != nil {
		p.metrics.CertificateExpires(p.certificate.NotAfter)
		p.metrics.Handshakes(handshakeReasons...)
	}
	return p, nil
}

// openStores opens the stores.
func (p *process) openStores(ctx context.Context) (err error) {
	err = untilReachable(ctx, p.log(), p.boot.cfg.Timeouts.Start, func(ctx context.Context) (err error) {
		p.store, err = p.boot.storeTelling(ctx, p.queued, p.sessionsEnded)
		return err
	})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, p.store.Close)
	short, err := openEphemeral(p.boot.cfg, p.store, p.metrics.RedisFailed)
	if err != nil {
		return err
	}
	p.ephemeral, p.eviction = short.store, &evictionWatch{ask: short.policy, log: p.log()}
	p.closers = append(p.closers, short.close)
	return nil
}

// closeStores closes what was opened, the last first.
func (p *process) closeStores() (err error) {
	for i := len(p.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, p.closers[i]())
	}
	return err
}

// close lets go of everything, the listeners too, however far serving came.
func (p *process) close() error {
	var errs []error
	for _, l := range []net.Listener{p.listener, p.probes} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, p.closeStores())...)
}

// load reads what the database holds for this process: it refuses to serve on
// tables of another version, from a SQLite file that another node serves from, and
// without its signing keys. A database that does not answer meanwhile is waited for.
func (p *process) load(ctx context.Context) error {
	return untilReachable(ctx, p.log(), p.boot.cfg.Timeouts.Start, p.tryLoad)
}

func (p *process) tryLoad(ctx context.Context) error {
	if err := p.store.LockNode(); err != nil {
		return err
	}
	if err := requireMigrated(ctx, p.store); err != nil {
		return err
	}
	if err := p.decoys.Refresh(ctx); err != nil {
		return err
	}
	p.eviction.check(ctx)
	if err := p.readLocks(ctx); err != nil {
		return err
	}
	if err := agreeOnHashKeys(ctx, p.boot.hasher, p.store.Installation()); err != nil {
		return err
	}
	return sealingAdvice(p.ring.Load(ctx))
}

// log is where the process writes.
func (p *process) log() *slog.Logger { return p.boot.log }

// now is the process' clock.
func (p *process) now() time.Time { return p.boot.now() }

// cfg is the configuration that serves now.
func (p *process) cfg() *config.Config { return p.current.Load().cfg }

// ServeHTTP answers with the generation that is current when a request comes.
// While the process drains each answer is the last on its connection.
func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.health.Draining() {
		w.Header().Set("Connection", "close")
	}
	p.current.Load().handler.ServeHTTP(w, r)
}

// refreshDecoys looks at how passwords are hashed, in the background: the look may
// read the whole table of people.
func (p *process) refreshDecoys(ctx context.Context) {
	if err := p.decoys.Refresh(ctx); err != nil && ctx.Err() == nil {
		p.log().WarnContext(ctx, "refreshing the decoys failed", "error", err)
	}
}

// tasks are what runs until the process stops.
func (p *process) tasks() []task.Func {
	cfg := p.boot.cfg
	tasks := []task.Func{
		task.Server(p.server(p), p.listener, cfg.Timeouts.Shutdown),
		p.ring.Run,
		p.outbox.Run,
		task.Every(observeEvery, p.observe),
		p.reports,
		task.Every(locksEvery, p.refreshLocks),
		task.Every(signin.DecoyAge, p.refreshDecoys),
	}
	tasks = append(tasks, p.reloadTasks()...)
	tasks = append(tasks, p.jobTasks()...)
	if p.probes != nil {
		tasks = append(tasks, task.Server(p.probeServer(), p.probes, cfg.Timeouts.Shutdown))
	}
	return tasks
}
