package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// lockdownFlags are what `lockdown` is told.
type lockdownFlags struct {
	destroy
	all, undo, held, json bool
	reason, client        string
}

// lockdownTarget is what is locked down: a person, a client, or everybody.
type lockdownTarget interface {
	lock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error
	unlock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error
}

func lockdownCommand() *cobra.Command {
	var from storeFlags
	var f lockdownFlags
	cmd := &cobra.Command{
		Use:   "lockdown USER | --client CLIENT | --all",
		Short: "Lock a compromised account or client, or end everything that was issued to anybody",
		Long: "USER is an id, an email address or a username. Their sessions, grants, trusted devices, pending changes and links end,\n" +
			"applications are notified, and nobody can sign in to the account until it is recovered: by its owner, with the link in the\n" +
			"message about the lockdown or in an earlier notice, or by the help desk, with the link from\n" +
			"`latchkey user reset-password USER --print-link`. --undo reopens the account as it was, within account.lockdown_undo.\n\n" +
			"Use --client if an application was broken into, or its secret leaked: its grants and tokens end, it is notified of every\n" +
			"session that signed in to it, and no node serves it until --undo. Give it a new secret first.\n\n" +
			"Use --all if the installation itself was broken into: everything that was issued to anybody ends, and every signing key is\n" +
			"revoked. Everybody has to sign in again. This cannot be undone.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			on, err := f.target(args)
			if err != nil {
				return err
			}
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				if f.undo {
					return on.unlock(cmd, store, d)
				}
				return on.lock(cmd, store, d)
			})
		},
	}
	from.register(cmd)
	f.register(cmd)
	reasonFlag(cmd, &f.reason, " (required)")
	flags := cmd.Flags()
	flags.StringVar(&f.client, "client", "", "the `id` of a client, instead of USER")
	flags.BoolVar(&f.all, "all", false, "lock out everybody, and revoke the signing keys")
	flags.BoolVar(&f.undo, "undo", false, "reopen it as it was")
	flags.BoolVar(&f.held, "help-desk", false, "the mailbox is compromised too: only the help desk can reopen the account")
	flags.BoolVar(&f.json, "json", false, "print what ended as JSON")
	return cmd
}

// target is what the command line names, exactly one.
func (f *lockdownFlags) target(args []string) (lockdownTarget, error) {
	named := len(args)
	for _, said := range []bool{f.client != "", f.all} {
		if said {
			named++
		}
	}
	switch {
	case named != 1:
		return nil, usagef("name a USER, or a --client, or say --all")
	case f.reason == "":
		return nil, usagef("--reason is missing: say why; it is recorded")
	case f.held && (f.undo || len(args) == 0):
		return nil, usagef("--help-desk is for locking one account down")
	case f.undo && f.all:
		return nil, usagef("what --all ended cannot be undone")
	}
	if err := checkReason(f.reason); err != nil {
		return nil, &usageError{err}
	}
	if f.all {
		return everybody{f}, nil
	}
	if f.client != "" {
		return application{f, f.client}, nil
	}
	return somebody{f, args[0]}, nil
}

// somebody is one person's account.
type somebody struct {
	*lockdownFlags
	name string
}

// lockedDown is the answer of `lockdown --json`: a form that others read, so its
// names stay as they are.
type lockedDown struct {
	User      storage.ID       `json:"user,omitempty"`
	Ended     storage.Holdings `json:"ended"`
	HelpDesk  bool             `json:"help_desk,omitempty"`
	UndoUntil *time.Time       `json:"undo_until,omitempty"`
}

func (t somebody) lock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	u, err := findUser(cmd.Context(), store, t.name)
	if err != nil {
		return err
	}
	open, err := store.Users().Holdings(cmd.Context(), u.ID, d.now())
	if err != nil {
		return err
	}
	goes, err := t.goes(cmd, "lock %s down: %d sessions, %d grants and %d trusted devices end, and nobody signs in until the account is recovered",
		nameOf(u), open.Sessions, open.Grants, open.Devices)
	if err != nil || !goes {
		return err
	}
	accounts := d.accounts(store)
	had, err := accounts.Lockdown(cmd.Context(), operator(), u.ID, account.LockdownOrder{Held: t.held, Reason: t.reason})
	if errors.Is(err, account.ErrUnchanged) {
		return fmt.Errorf("%s is already locked down", nameOf(u))
	}
	if err != nil {
		return err
	}
	if t.json {
		until := d.now().Add(accounts.LockdownUndo()).UTC()
		return writeJSON(cmd.OutOrStdout(), lockedDown{User: u.ID, Ended: had, HelpDesk: t.held, UndoUntil: &until})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is locked down: %d sessions, %d grants and %d trusted devices ended; --undo works for %s\n",
		nameOf(u), had.Sessions, had.Grants, had.Devices, client.FormatDuration(accounts.LockdownUndo()))
	return err
}

func (t somebody) unlock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	u, err := findUser(cmd.Context(), store, t.name)
	if err != nil {
		return err
	}
	if u.LockedAt.IsZero() {
		return fmt.Errorf("%s is not locked down", nameOf(u))
	}
	accounts := d.accounts(store)
	err = accounts.UndoLockdown(cmd.Context(), operator(), u.ID, t.reason)
	return report(cmd, err, fmt.Sprintf("%s has been locked down for longer than %s: only a recovery reopens the account, see `latchkey user reset-password --help`",
		nameOf(u), client.FormatDuration(accounts.LockdownUndo())), "%s is open again, as before the lockdown", nameOf(u))
}

// lockedEverybodyDown is the answer of `lockdown --all --json`.
type lockedEverybodyDown struct {
	Ended       storage.Holdings `json:"ended"`
	RevokedKeys []string         `json:"revoked_keys"`
}

// everybody is the whole installation.
type everybody struct{ *lockdownFlags }

func (t everybody) lock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	ctx := cmd.Context()
	ring, err := d.loadRing(ctx, store)
	if err != nil {
		return err
	}
	goes, err := t.goes(cmd, "end every session, grant, trusted device and link of everybody, and revoke %d signing keys, for good", len(ring.Keys()))
	if err != nil || !goes {
		return err
	}
	ended, revoked, err := d.accounts(store).LockEverybody(ctx, operator(), ring, t.reason)
	if err != nil {
		return fmt.Errorf("run it again: it is not known that everything has ended, and that no signing key is still there: %w", err)
	}
	if t.json {
		return writeJSON(cmd.OutOrStdout(), lockedEverybodyDown{ended, listed(revoked)})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "everything that was issued has ended, and %d signing keys are revoked: everybody has to sign in again\n", len(revoked))
	return err
}

func (everybody) unlock(*cobra.Command, *sqlstore.Store, *dependencies) error {
	return usagef("what --all ended cannot be undone")
}
