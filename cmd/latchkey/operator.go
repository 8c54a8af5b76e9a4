package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// findUser finds a person by id, email address or username.
func findUser(ctx context.Context, store *sqlstore.Store, who string) (*storage.User, error) {
	u, err := store.Users().ByIdentifier(ctx, who)
	if errors.Is(err, storage.ErrNotFound) {
		if _, bad := storage.ID(who).Bytes(); bad == nil {
			u, err = store.Users().ByID(ctx, storage.ID(who))
		}
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("there is no account %q; see latchkey user list", who)
	}
	return u, err
}

// lifetimes are how long the links of messages work.
func (p *dependencies) lifetimes() message.Lifetimes {
	l := p.cfg.Account.Links
	return message.Lifetimes{Verify: l.Verify, Code: l.Code, Reset: l.Reset, Undo: l.EmailUndo}
}

// intents makes the rows of messages.
func (p *dependencies) intents() *message.Intents {
	return message.NewIntents(message.IntentsConfig{Sealer: p.sealer, Now: p.now, Random: rand.Reader, Lifetimes: p.lifetimes()})
}

// userQuery is a command that reads about one person.
type userQuery func(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, rest []string) error

// userCommandOn makes a command whose first argument says whom it is about.
func userCommandOn(use, short string, args cobra.PositionalArgs, do userQuery) *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		Long: short + ".\n\nUSER is an id, an email address or a username.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error {
				u, err := findUser(cmd.Context(), store, args[0])
				if err != nil {
					return err
				}
				return do(cmd, store, d, u, args[1:])
			})
		},
	}
	from.register(cmd)
	return cmd
}

// userAction is a command that changes one person's account.
type userAction func(cmd *cobra.Command, accounts *account.Service, u *storage.User, rest []string) error

// userActionCommand makes such a command.
func userActionCommand(use, short string, args cobra.PositionalArgs, do userAction) *cobra.Command {
	return userCommandOn(use, short, args, func(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, rest []string) error {
		return do(cmd, d.accounts(store), u, rest)
	})
}

// nameOf is how a person is called in output.
func nameOf(u *storage.User) string {
	for _, name := range []string{u.Email, u.Username} {
		if name != "" {
			return name
		}
	}
	return string(u.ID)
}

// stateOf is what keeps a person from signing in, or will.
func stateOf(u *storage.User) string {
	switch {
	case !u.LockedAt.IsZero():
		return "locked down since " + u.LockedAt.UTC().Format(time.DateOnly)
	case u.Disabled():
		return "disabled"
	case !u.DeleteAt.IsZero():
		return "deleted on " + u.DeleteAt.UTC().Format(time.DateOnly)
	}
	return "active"
}

// at spells a time for people, or what stands for none.
func at(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}

// orNone is a list in one cell.
func orNone(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ",")
}
