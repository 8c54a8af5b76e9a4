package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "Create or update the tables of the database"}
	cmd.AddCommand(
		migrateSubcommand("up", "Apply missing migrations; safe to run on several nodes at once", migrateUp),
		migrateSubcommand("status", "Show which migrations are applied and which are missing; exit status 1 if any is missing or of a newer version", migrateStatus),
	)
	return cmd
}

func migrateSubcommand(use, short string, do func(*cobra.Command, *sqlstore.Store) error) *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error { return do(cmd, store) })
		},
	}
	from.register(cmd)
	return cmd
}

func migrateUp(cmd *cobra.Command, store *sqlstore.Store) error {
	applied, err := store.Migrate(cmd.Context())
	for _, name := range applied {
		fmt.Fprintln(cmd.OutOrStdout(), "applied", name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(cmd.OutOrStdout(), "nothing to apply")
	}
	return err
}

func migrateStatus(cmd *cobra.Command, store *sqlstore.Store) error {
	status, err := store.MigrationStatus(cmd.Context())
	if err != nil {
		return err
	}
	for _, name := range status.Applied {
		fmt.Fprintln(cmd.OutOrStdout(), "applied", name)
	}
	for _, name := range status.Pending {
		fmt.Fprintln(cmd.OutOrStdout(), "pending", name)
	}
	for _, name := range status.Unknown {
		fmt.Fprintln(cmd.OutOrStdout(), "unknown", name)
	}
	return status.Err()
}
