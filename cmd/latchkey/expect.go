package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/explain"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// expectFlags say by which people expectations are checked.
type expectFlags struct {
	fixture  string
	database bool
}

func (f *expectFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.fixture, "fixture", "", "`file` with the people named in expectations, as a YAML list")
	cmd.Flags().BoolVar(&f.database, "database", false, "look up the people named in expectations in the database")
}

// run checks the expectations of a configuration and reports those that fail. Without
// people it checks those that describe whom they are about, and needs no secrets.
func (f *expectFlags) run(cmd *cobra.Command, file string, cfg *config.Config) error {
	if f.database {
		from := storeFlags{config: file}
		return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
			return f.report(cmd, cfg, d, peopleOf(store))
		})
	}
	people := &config.Fixture{}
	if f.fixture != "" {
		text, err := os.Open(f.fixture)
		if err != nil {
			return fmt.Errorf("open fixture: %w", err)
		}
		people, err = config.ReadFixture(text)
		if err = errors.Join(err, text.Close()); err != nil {
			return err
		}
	}
	d := &dependencies{cfg: cfg, log: slog.New(slog.DiscardHandler), now: time.Now}
	return f.report(cmd, cfg, d, func(_ context.Context, name string) (*storage.User, error) {
		if u := people.Find(name); u != nil {
			return u, nil
		}
		return nil, storage.ErrNotFound
	})
}

// report prints what was found.
func (f *expectFlags) report(cmd *cobra.Command, cfg *config.Config, d *dependencies, people explain.People) error {
	failures, checked, unchecked, err := d.expectations(cmd.Context(), cfg, people)
	if err != nil {
		return err
	}
	var failed []string
	for _, failure := range failures {
		if failure.Warn {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning:", failure)
			continue
		}
		failed = append(failed, failure.String())
	}
	if unchecked > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %d expectations were not checked, because they name unknown people; use --fixture or --database\n", unchecked)
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d expectations failed:\n  %s", len(failed), checked, strings.Join(failed, "\n  "))
	}
	if checked == 0 {
		return nil
	}
	_, err = io.WriteString(cmd.OutOrStdout(), fmt.Sprintf("%d expectations are met\n", checked))
	return err
}

// expectations checks those of a configuration.
func (d *dependencies) expectations(ctx context.Context, cfg *config.Config, people explain.People) ([]explain.Failure, int, int, error) {
	clients, err := cfg.ClientList(func(clientID, _ string) string { return clientID }) // no secret is compared here
	if err != nil {
		return nil, 0, 0, err
	}
	return d.explainer().Check(ctx, cfg, clients, people)
}

// peopleOf finds people in the database.
func peopleOf(store *sqlstore.Store) explain.People {
	return func(ctx context.Context, name string) (*storage.User, error) {
		u, err := store.Users().ByIdentifier(ctx, name)
		if errors.Is(err, storage.ErrNotFound) {
			u, err = store.Users().ByID(ctx, storage.ID(name))
		}
		return u, err
	}
}

// meetsExpectations keeps a configuration from being served that does not do what is
// written beside its rules (requirement AC1).
func (p *process) meetsExpectations(ctx context.Context, g *generation) error {
	failures, _, unchecked, err := g.expectations(ctx, g.cfg, peopleOf(p.store))
	if err != nil {
		return err
	}
	var failed []error
	for _, failure := range failures {
		if failure.Warn {
			p.log().WarnContext(ctx, "an expectation failed", "expectation", failure.String())
			continue
		}
		failed = append(failed, errors.New(failure.String()))
	}
	if unchecked > 0 {
		p.log().InfoContext(ctx, "expectations name people who do not exist", "number", unchecked)
	}
	if len(failed) > 0 {
		return fmt.Errorf("expectations failed: %w", errors.Join(failed...))
	}
	return nil
}
