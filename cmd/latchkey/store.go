package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// storeFlags say which installation a command works on: a server's, by its
// configuration, or that of `latchkey dev`, by its data folder.
type storeFlags struct {
	config, data string
}

func (f *storeFlags) register(cmd *cobra.Command) {
	configFlag(cmd, &f.config)
	cmd.Flags().StringVar(&f.data, "data", "", "data `folder` of latchkey dev, instead of --config")
}

// load returns the configuration of the installation.
func (f *storeFlags) load() (*config.Config, error) {
	if f.data == "" {
		return loadConfig(f.config)
	}
	data, err := devdata.Find(f.data)
	if err != nil {
		return nil, err
	}
	last, err := data.Recall()
	if err != nil {
		return nil, err
	}
	file := f.config
	if file == "" {
		file = last.Config
	}
	defaults := data.Defaults(last.Issuer)
	if last.Listen != "" {
		defaults["listen"] = last.Listen
	}
	if last.Text {
		defaults["log.format"] = "text"
	}
	return config.Load(config.LoadOptions{File: file, Dev: true, Defaults: defaults})
}

// withConfig reads the installation's configuration for do, and opens nothing.
func (f *storeFlags) withConfig(cmd *cobra.Command, do func(*dependencies) error) error {
	cfg, err := f.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	p, err := newDependencies(cfg, log, time.Now, nil)
	if err != nil {
		return err
	}
	return do(p)
}

// withStore opens the installation's database for do.
func (f *storeFlags) withStore(cmd *cobra.Command, do func(*sqlstore.Store, *dependencies) error) error {
	return f.withConfig(cmd, func(p *dependencies) (err error) {
		store, err := p.store(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		return do(store, p)
	})
}

// withTables is withStore for what needs the tables. As `latchkey dev` does, it
// makes those of a data folder; those of a server are its operator's to change.
func (f *storeFlags) withTables(cmd *cobra.Command, do func(*sqlstore.Store, *dependencies) error) error {
	return f.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error {
		ctx := cmd.Context()
		if f.data != "" {
			if err := migratePending(ctx, store); err != nil {
				return err
			}
		} else if err := requireMigrated(ctx, store); err != nil {
			return err
		}
		return do(store, p)
	})
}

// migratePending applies what is missing, if anything is.
func migratePending(ctx context.Context, store *sqlstore.Store) error {
	status, err := store.MigrationStatus(ctx)
	if err != nil || len(status.Pending) == 0 {
		return err
	}
	_, err = store.Migrate(ctx)
	return err
}

// requireMigrated refuses a database that lacks migrations, or that a newer version
// has migrated.
func requireMigrated(ctx context.Context, store *sqlstore.Store) error {
	status, err := store.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	if err := status.Err(); errors.Is(err, sqlstore.ErrNewerDatabase) {
		return fmt.Errorf("%w: run that version, or restore a database from before it", err)
	} else if err != nil {
		return errPending(status.Pending)
	}
	return nil
}

// errPending tells what to do about a database that lacks migrations.
func errPending(pending []string) error {
	return fmt.Errorf("the database is missing %d migrations (first %s): run `latchkey migrate up` with the same --config, then try again",
		len(pending), pending[0])
}
