package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os/signal"
	"syscall"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/config"
	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the provider",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load := func() (*config.Config, error) { return loadConfig(file) }
			cfg, err := load()
			if err != nil {
				return err
			}
			listener, err := listen(cmd.Context(), cfg.Listen, "listen")
			if err != nil {
				return err
			}
			log, err := openLog(cfg.Log, cmd.ErrOrStderr())
			if err != nil {
				return errors.Join(err, listener.Close())
			}
			defer log.close()
			return serve(cmd.Context(), serveOptions{cfg: cfg, load: load, log: log, stdout: cmd.OutOrStdout(), now: time.Now, listener: listener})
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// serveOptions are what a server is started with.
type serveOptions struct {
	cfg *config.Config
	// load reads the configuration anew, for a reload.
	load func() (*config.Config, error)
	log  *serverLog
	// stdout is where the stream of events may go.
	stdout io.Writer
	now    func() time.Time
	// listener is where people and relying parties come; serve closes it.
	listener net.Listener
	// dev is what `latchkey dev` adds; the zero value adds nothing.
	dev devHooks
}

// serve runs a server until ctx is done. It closes the listener, however far it came.
func serve(ctx context.Context, o serveOptions) (err error) {
	signal.Ignore(syscall.SIGPIPE) // whoever read the log is gone: that ends no server
	warn(ctx, o.log.Logger, o.cfg)
	limitMemory(ctx, o.log.Logger, o.cfg.MemoryLimit)
	p, err := openProcess(ctx, o)
	if err != nil {
		return errors.Join(err, o.listener.Close())
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if o.dev.prepare != nil {
		if err := o.dev.prepare(ctx, p); err != nil {
			return err
		}
	}
	if err := p.load(ctx); err != nil {
		return err
	}
	first, err := newGeneration(p, o.cfg)
	if err != nil {
		return err
	}
	p.serve(first)
	if o.dev.ready != nil {
		o.dev.ready(o.cfg.Issuer)
	}
	o.log.InfoContext(ctx, "ready", "issuer", o.cfg.Issuer, "listen", o.listener.Addr().String(), "version", version,
		"database", p.store.Dialect(), "redis", !o.cfg.Redis.URL.IsZero(), "clients", len(o.cfg.Clients))
	serving, stop := p.drain(ctx)
	defer stop()
	err = task.All(serving, p.tasks()...)
	o.log.InfoContext(ctx, "stopped")
	return err
}

// warn logs what a configuration is warned of.
func warn(ctx context.Context, log *slog.Logger, cfg *config.Config) {
	for _, w := range cfg.Warnings {
		log.WarnContext(ctx, "configuration", "warning", w.String())
	}
}
