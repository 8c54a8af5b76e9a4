package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage people's accounts"}
	cmd.AddCommand(
		userCreateCommand(), userImportCommand(), userListCommand(), userShowCommand(), userExportCommand(), userDisableCommand(), userEnableCommand(),
		userSetRolesCommand(), userUnlockCommand(), userResetMFACommand(),
		userEditCommand(), userVerifyEmailCommand(), userResetPasswordCommand(), userDeleteCommand(), userKeepCommand(),
		userSessionsCommand(), userEndSessionsCommand(), userRevokeGrantsCommand(),
	)
	return cmd
}

// newUser is what `user create` is told.
type newUser struct {
	email, username, name, phone string
	claims, attributes           []string
	verified                     bool
	passwordStdin                bool
}

// profile is what is said of the person.
func (u *newUser) profile() (storage.Profile, error) {
	p := storage.Profile{Name: u.name}
	return p, setClaims(&p, u.claims)
}

// setClaims sets what --claim was given.
func setClaims(p *storage.Profile, typed []string) error {
	for _, claim := range typed {
		name, value, ok := strings.Cut(claim, "=")
		if !ok || !account.SetClaim(p, name, value) {
			return fmt.Errorf("--claim %q: write it as NAME=VALUE, with one of the names %s", claim, strings.Join(account.ClaimNames(), ", "))
		}
	}
	return nil
}

// flagOf is the flag that set a field of a new account.
func flagOf(field string) string {
	if account.IsAttributeField(field) {
		return "--attribute"
	}
	if field != "name" && slices.Contains(account.ClaimNames(), field) {
		return "--claim " + field
	}
	return "--" + field
}

func userCreateCommand() *cobra.Command {
	var from storeFlags
	var u newUser
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an account; without --password-stdin, a password is generated and printed once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error { return u.create(cmd, store, p) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&u.email, "email", "", "email `address` (required)")
	flags.StringVar(&u.username, "username", "", "`name` to sign in with, besides the address")
	flags.StringVar(&u.name, "name", "", "full `name`")
	flags.StringVar(&u.phone, "phone", "", "phone `number`, such as +493012345678")
	flags.StringArrayVar(&u.claims, "claim", nil, "another claim as `NAME=VALUE`, such as given_name=Ada; can be repeated")
	attributeFlag(cmd, &u.attributes)
	flags.BoolVar(&u.verified, "verified", false, "the address is verified: you know that it is theirs")
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
	profile, err := u.profile()
	if err != nil {
		return err
	}
	accounts := d.accounts(store)
	attributes, err := attributesTyped(accounts.Attributes(), u.attributes)
	if err != nil {
		return err
	}
	made, err := accounts.Create(cmd.Context(), operator(), account.NewAccount{
		Email: u.email, EmailVerified: u.verified, Username: u.username, Phone: u.phone, Profile: profile, Attributes: attributes, Password: password,
	})
	if err != nil {
		return flagProblem(err)
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
		return "", fmt.Errorf("the password on standard input is unusable: %w", err)
	}
	return password, nil
}
