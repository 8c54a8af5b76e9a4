package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage people's accounts"}
	cmd.AddCommand(
		userCreateCommand(), userImportCommand(), userListCommand(), userShowCommand(), userDisableCommand(), userEnableCommand(),
		userSetRolesCommand(), userUnlockCommand(), userResetMFACommand(),
	)
	return cmd
}

// newUser is what `user create` is told.
type newUser struct {
	email, username, name string
	verified              bool
	passwordStdin         bool
}

func userCreateCommand() *cobra.Command {
	var from storeFlags
	var u newUser
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an account; without --password-stdin it gets a password that is printed once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error { return u.create(cmd, store, p) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&u.email, "email", "", "e-mail `address` (required)")
	flags.StringVar(&u.username, "username", "", "`name` to sign in with besides the address")
	flags.StringVar(&u.name, "name", "", "full `name`")
	flags.BoolVar(&u.verified, "verified", false, "the address is known to be theirs")
	flags.BoolVar(&u.passwordStdin, "password-stdin", false, "read the password from standard input")
	return cmd
}

func (u *newUser) create(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	password, generated := rand.Text(), true
	if u.passwordStdin {
		var err error
		if password, err = readPassword(cmd.InOrStdin()); err != nil {
			return err
		}
		generated = false
	}
	made, err := d.accounts(store).Create(cmd.Context(), operator(), account.NewAccount{
		Email: u.email, EmailVerified: u.verified, Username: u.username, Profile: storage.Profile{Name: u.name}, Password: password,
	})
	var wrong *account.FieldError
	switch {
	case errors.Is(err, account.ErrTaken):
		return errors.New("an account with this e-mail address or username exists already")
	case errors.As(err, &wrong):
		return fmt.Errorf("--%s: %w", wrong.Field, err)
	case err != nil:
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "created user %s\n", made.ID)
	if generated {
		fmt.Fprintf(cmd.OutOrStdout(), "password %s\n", password)
	}
	return nil
}

// readPassword reads a password by the rules of all secrets, so that what a pipe
// adds or another encoding does to it is refused by name (requirement CF1).
func readPassword(r io.Reader) (string, error) {
	password, err := config.ReadSecret(r)
	if err != nil {
		return "", fmt.Errorf("the password on standard input cannot be taken: %w", err)
	}
	return password, nil
}
