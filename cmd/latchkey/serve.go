package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/cmd/internal/health"
	"github.com/latchkey-id/latchkey/cmd/internal/metrics"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/settings"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the provider",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(file)
			if err != nil {
				return err
			}
			log, err := newLogger(cfg.Log, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			for _, w := range cfg.Warnings {
				log.Warn("configuration", "warning", w.String())
			}
			var lc net.ListenConfig
			listener, err := lc.Listen(cmd.Context(), "tcp", cfg.Listen)
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			return serve(cmd.Context(), cfg, log, listener, nil)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// extras are what `latchkey dev` adds to a node; serve has none.
type extras interface {
	// prepare runs when the stores are open, before anything is served.
	prepare(ctx context.Context, n *node) error
	// fallback takes the messages of channels that are not set up.
	fallback() outbox.Sender
	// mount adds pages to the node.
	mount(mux *http.ServeMux, n *node) error
	// ready runs when the node serves.
	ready(n *node)
}

// node is one running server: the only place where its parts meet.
type node struct {
	*parts
	store     *sqlstore.Store
	ephemeral ephemeralStore
	ring      *keys.Ring
	registry  *client.Registry
	ui        *ui.Renderer
	tokens    *onetime.Tokens
	factors   *mfa.Factors
	devices   *mfa.Devices
	pages     *login.Pages
	account   *settings.Pages
	provider  *op.Provider
	channels  map[storage.Channel]outbox.Sender
	outbox    *outbox.Worker
	metrics   *metrics.Metrics
	errors    *web.Errors
	handler   http.Handler
	listener  net.Listener
}

// serve runs a node until ctx is done. It closes the listener, however far it came.
func serve(ctx context.Context, cfg *config.Config, log *slog.Logger, listener net.Listener, extra extras) (err error) {
	defer func() {
		if closed := listener.Close(); !errors.Is(closed, net.ErrClosed) {
			err = errors.Join(err, closed)
		}
	}()
	parts, err := newParts(cfg, log, time.Now)
	if err != nil {
		return err
	}
	n := &node{parts: parts, listener: listener, metrics: metrics.New(version)}
	closeStores, err := n.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStores()) }()
	if extra != nil {
		if err := extra.prepare(ctx, n); err != nil {
			return err
		}
	}
	if err := n.checkMigrations(ctx); err != nil {
		return err
	}
	if err := n.wire(ctx, extra); err != nil {
		return err
	}
	tasks, err := n.tasks(ctx)
	if err != nil {
		return err
	}
	if extra != nil {
		extra.ready(n)
	}
	log.InfoContext(ctx, "ready", "issuer", cfg.Issuer, "listen", listener.Addr().String(), "version", version,
		"database", n.store.Dialect(), "redis", !cfg.Redis.URL.IsZero(), "clients", len(cfg.Clients))
	err = task.All(ctx, tasks...)
	log.InfoContext(ctx, "stopped")
	return err
}

// open opens the stores.
func (n *node) open(ctx context.Context) (closeStores func() error, err error) {
	if n.store, err = n.parts.store(ctx); err != nil {
		return nil, err
	}
	short, closeShort, err := openEphemeral(ctx, n.cfg, n.store)
	if err != nil {
		return nil, errors.Join(err, n.store.Close())
	}
	n.ephemeral = short
	return func() error { return errors.Join(closeShort(), n.store.Close()) }, nil
}

// checkMigrations refuses to serve on tables of another version.
func (n *node) checkMigrations(ctx context.Context) error { return requireMigrated(ctx, n.store) }

// wire makes the provider and the pages, and puts them behind one handler.
func (n *node) wire(ctx context.Context, extra extras) (err error) {
	if n.ring, err = n.parts.ring(ctx, n.store); err != nil {
		return err
	}
	clients, err := n.clients()
	if err != nil {
		return err
	}
	n.registry = client.NewRegistry(client.NewSnapshot(clients))
	n.errors = &web.Errors{Log: n.log}
	if n.ui, err = ui.New(n.uiConfig()); err != nil {
		return err
	}
	n.errors.Render = n.ui.RenderError
	if err := n.wireChannels(extra); err != nil {
		return err
	}
	if err := n.wirePages(); err != nil {
		return err
	}
	if n.provider, err = op.New(n.providerConfig()); err != nil {
		return err
	}
	if n.outbox, err = n.newOutbox(); err != nil {
		return err
	}
	n.handler, err = n.routes(extra)
	return err
}

// secure reports whether people reach the node over https.
func (n *node) secure() bool {
	u, err := url.Parse(n.cfg.Issuer)
	return err == nil && u.Scheme == "https"
}

// cookies are __Host- prefixed wherever a browser takes that.
func (n *node) cookies() web.Cookies { return web.Cookies{Insecure: !n.secure()} }

func (n *node) uiConfig() ui.Config {
	policy := n.passwordPolicy()
	return ui.Config{
		Brand: n.brand(), Cookies: n.cookies(), Hasher: n.hasher, Log: n.log,
		Strength: func(typed string) int { return policy.Strength(typed, password.Context{}) },
	}
}

func (n *node) providerConfig() op.Config {
	return op.Config{
		Issuer: n.cfg.Issuer, Clients: n.registry, Keys: n.ring, Hasher: n.hasher,
		Grants: n.store.Grants(), Tokens: n.store.AccessTokens(), Ephemeral: n.ephemeral,
		SignIn: n.pages, Counter: n.metrics, Errors: n.errors, Cookies: n.cookies(), Log: n.log, Now: n.now, Random: rand.Reader,
		ACRValues: n.pages.ACRValues(), UILocales: ui.Locales(), SignUp: n.cfg.SignUp.Mode != config.SignUpOff,
		PendingPerAddress: int64(n.cfg.Limits.PendingPerAddress),
		CodeLifetime:      n.cfg.Tokens.CodeLifetime,
	}
}

// The probes, which are answered under any Host.
const (
	livePath  = "/healthz"
	readyPath = "/readyz"
)

// routes puts everything that the node answers behind one handler.
func (n *node) routes(extra extras) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+livePath, health.Live)
	mux.HandleFunc("GET "+readyPath, health.Ready(n.checks()))
	n.ui.Register(mux)
	n.pages.Register(mux)
	n.account.Register(mux)
	mux.Handle("/", n.provider.Handler())
	if extra != nil {
		if err := extra.mount(mux, n); err != nil {
			return nil, err
		}
	}
	counted := n.metrics.Wrap(slices.Concat(op.Paths(), n.pages.Paths(), n.account.Paths(), []string{livePath, readyPath}), mux)
	return web.Wrap(web.Config{
		TrustedProxies: n.cfg.TrustedProxies, Hosts: n.cfg.Hosts(), AnyHost: []string{livePath, readyPath},
		HSTS: n.secure(), MaxBody: int64(n.cfg.Limits.BodyKiB) << 10, Errors: n.errors, Log: n.log,
	}, counted), nil
}

// checks are what readiness names.
func (n *node) checks() []health.Check {
	short := "redis"
	if n.cfg.Redis.URL.IsZero() {
		short = "ephemeral"
	}
	return []health.Check{
		{Name: "database", Ask: n.store.Ping},
		{Name: "migrations", Ask: n.checkMigrations},
		{Name: short, Ask: n.ephemeral.Ping},
		{Name: "signing_keys", Ask: func(context.Context) error { return n.ring.Ready() }},
		{Name: "outbox", Ask: n.checkOutbox},
	}
}

// tasks are what runs until the node stops.
func (n *node) tasks(ctx context.Context) ([]task.Func, error) {
	t := n.cfg.Timeouts
	server := func(h http.Handler) *http.Server {
		return &http.Server{
			Handler: h, ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle,
			MaxHeaderBytes: n.cfg.Limits.HeaderKiB << 10, ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
			TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}
	}
	tasks := []task.Func{
		task.Server(server(n.handler), n.listener, n.cfg.TLS.CertFile, n.cfg.TLS.KeyFile, t.Shutdown),
		n.ring.Run,
		n.returnMemory,
		n.outbox.Run,
		task.Every(backlogEvery, n.measureBacklog),
	}
	tasks = append(tasks, n.jobTasks()...)
	if n.cfg.Metrics.Listen == "" {
		return tasks, nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", n.cfg.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", n.metrics.Handler())
	return append(tasks, task.Server(server(mux), listener, "", "", t.Shutdown)), nil
}
