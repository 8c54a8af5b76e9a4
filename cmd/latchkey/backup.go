package main

import (
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func backupCommand() *cobra.Command {
	var from storeFlags
	var to string
	cmd := &cobra.Command{
		Use:   "backup --to FILE",
		Short: "Copy the SQLite database while nodes use it",
		Long: "Writes a consistent copy of the SQLite database to a new file that only its owner can read. The backup does not contain the\n" +
			"keys that seal its secrets: keep those separately. Back up PostgreSQL with its own tools.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usagef("--to is missing: say which file to write")
			}
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error {
				if err := requireMigrated(cmd.Context(), store); err != nil {
					return err
				}
				if err := store.Backup(cmd.Context(), to); errors.Is(err, sqlstore.ErrOwnTools) {
					return fmt.Errorf("%w: back up the database with pg_dump", err)
				} else if err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "copied the database to", to)
				return err
			})
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&to, "to", "", "`file` to write, which must not exist yet")
	return cmd
}
