package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
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
	flags.BoolVar(&u.passwordStdin, "password-stdin", false, "read the password from the first line of standard input")
	return cmd
}

func (u *newUser) create(cmd *cobra.Command, store *sqlstore.Store, p *dependencies) error {
	password, generated := rand.Text(), true
	if u.passwordStdin {
		var err error
		if password, err = readPassword(cmd.InOrStdin()); err != nil {
			return err
		}
		generated = false
	}
	user := &storage.User{
		Email: u.email, EmailVerified: u.verified, Username: u.username, Profile: storage.Profile{Name: u.name},
	}
	err := createUser(cmd.Context(), store, p, user, password)
	if errors.Is(err, storage.ErrConflict) {
		return errors.New("an account with this e-mail address or username exists already")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "created user %s\n", user.ID)
	if generated {
		fmt.Fprintf(cmd.OutOrStdout(), "password %s\n", password)
	}
	return nil
}

// createUser completes and inserts an account.
func createUser(ctx context.Context, store *sqlstore.Store, p *dependencies, user *storage.User, password string) error {
	if err := checkNames(user); err != nil {
		return err
	}
	now := p.now()
	var err1, err2, err3 error
	var event storage.ID
	user.ID, err1 = storage.NewID(now, rand.Reader)
	event, err2 = storage.NewID(now, rand.Reader)
	user.PasswordHash, err3 = p.password.Hash(ctx, password)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	user.CreatedAt, user.UpdatedAt, user.PasswordChangedAt = now, now, now
	return store.Users().Create(ctx, user, storage.Event{
		ID: event, At: now, Type: storage.EventUserCreated, UserID: user.ID, Outcome: storage.Success, Detail: "by command line",
	})
}

// minPassword is the least length of a password, in characters.
const minPassword = 8

func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if n := utf8.RuneCountInString(password); n < minPassword {
		return "", fmt.Errorf("the password has %d characters: want at least %d", n, minPassword)
	}
	return password, nil
}

// checkNames spells names as they are kept, and refuses those that could not be
// told apart, typed or answered to.
func checkNames(u *storage.User) error {
	var err error
	if u.Email, err = ident.Email(u.Email); err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	if u.Username != "" {
		if u.Username, err = ident.Username(u.Username); err != nil {
			return fmt.Errorf("--username: %w", err)
		}
	}
	if err := ident.Text(u.Profile.Name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	u.Profile.Name = ident.Clean(u.Profile.Name)
	return nil
}
