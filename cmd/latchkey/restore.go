package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func restoreCommand() *cobra.Command {
	var at storeFlags
	var d destroy
	var from, reason string
	cmd := &cobra.Command{
		Use:   "restore --from FILE --reason TEXT",
		Short: "Replace the SQLite database with a backup, and end everything issued before",
		Long: "A backup makes things valid again that ended after it was made. That is why its epoch is raised (see `latchkey epoch raise`)\n" +
			"before it replaces the database. The backup is checked first, and the current database is kept next to it under another name.\n" +
			"No node may be running. Restore PostgreSQL with its own tools, then run `latchkey epoch raise`.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" || reason == "" {
				return usagef("--from and --reason are needed: say what to restore, and why; the reason is recorded")
			}
			if err := checkReason(reason); err != nil {
				return &usageError{err}
			}
			return at.withStore(cmd, func(store *sqlstore.Store, deps *dependencies) error {
				return restore(cmd, store, deps, &d, from, reason)
			})
		},
	}
	at.register(cmd)
	reasonFlag(cmd, &reason, " (required)")
	cmd.Flags().StringVar(&from, "from", "", "`file` that `latchkey backup` wrote")
	d.register(cmd)
	return cmd
}

// restore prepares the backup beside the database before it asks, so that a backup of no
// use is refused first; --dry-run stops there, and takes the copy away.
func restore(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, d *destroy, from, reason string) error {
	path, ok := store.File()
	if !ok {
		return fmt.Errorf("%w: restore with pg_restore, then run `latchkey epoch raise`", sqlstore.ErrOwnTools)
	}
	if err := store.LockNode(); err != nil {
		return err
	}
	made := path + "-restored"
	if err := copyFile(from, made); err != nil {
		return err
	}
	if err := raiseEpochIn(cmd.Context(), deps, made, reason); err != nil {
		return errors.Join(err, os.Remove(made))
	}
	goes, err := d.goes(cmd, "put the backup %s in the place of the database, and sign everybody out of everything", from)
	if err != nil || !goes {
		return errors.Join(err, os.Remove(made))
	}
	kept, err := store.Replace(made, deps.now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "the backup is restored, and nothing that was issued to people before works any more; the previous database is %s\n", kept)
	return err
}

// raiseEpochIn checks a copy of a backup, applies the migrations that it lacks, and
// ends in it all that was issued before.
func raiseEpochIn(ctx context.Context, d *dependencies, file, reason string) (err error) {
	cfg := *d.cfg
	cfg.Database.URL = config.NewSecret("sqlite://" + file)
	there := d.with(&cfg)
	store, err := there.store(ctx)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, store.Close())
		for _, suffix := range []string{"-ephemeral", "-ephemeral-wal", "-ephemeral-shm"} {
			_ = os.Remove(file + suffix) // made with the store, and of no use
		}
	}()
	if err := store.Sound(ctx); err != nil {
		return fmt.Errorf("the backup cannot be restored: %w", err)
	}
	status, err := store.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	if len(status.Applied) == 0 {
		return errors.New("the backup cannot be restored: it is not a Latchkey database")
	}
	if err := status.Err(); errors.Is(err, sqlstore.ErrNewerDatabase) {
		return fmt.Errorf("the backup cannot be restored: %w: use that version", err)
	}
	if err := migratePending(ctx, store); err != nil {
		return err
	}
	return there.accounts(store).RaiseEpoch(ctx, operator(), reason)
}

// copyFile copies a file to one that is not there yet, which only its owner can read.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	defer source.Close()
	copied, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("copy the backup: %w", err)
	}
	_, err = io.Copy(copied, source)
	if err = errors.Join(err, copied.Sync(), copied.Close()); err != nil {
		return errors.Join(fmt.Errorf("copy the backup: %w", err), os.Remove(to))
	}
	return nil
}
