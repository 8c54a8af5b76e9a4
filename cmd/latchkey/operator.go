package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// byCommand begins the detail of every event that an operator caused.
const byCommand = "by command line"

// operatorEvent records what an operator does to a person.
func operatorEvent(p *dependencies, kind storage.EventType, userID storage.ID, detail string) (storage.Event, error) {
	now := p.now()
	id, err := storage.NewID(now, rand.Reader)
	if err != nil {
		return storage.Event{}, err
	}
	if detail != "" {
		detail = ": " + detail
	}
	return storage.Event{ID: id, At: now, Type: kind, UserID: userID, Outcome: storage.Success, Detail: byCommand + detail}, nil
}

// findUser finds a person by id, e-mail address or username.
func findUser(ctx context.Context, store *sqlstore.Store, who string) (*storage.User, error) {
	u, err := store.Users().ByIdentifier(ctx, who)
	if errors.Is(err, storage.ErrNotFound) {
		if _, bad := storage.ID(who).Bytes(); bad == nil {
			u, err = store.Users().ByID(ctx, storage.ID(who))
		}
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("there is no account %q; latchkey user list shows them all", who)
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

// notice makes the message that tells a person what was done to their account;
// there is none for a person without an address.
func (p *dependencies) notice(kind storage.MessageKind, u *storage.User) ([]storage.Message, error) {
	if u.Email == "" {
		return nil, nil
	}
	m, err := p.intents().New(message.Asked{Locale: u.Profile.Locale}, message.Notice{Kind: kind, UserID: u.ID, To: u.Email})
	if err != nil {
		return nil, err
	}
	return []storage.Message{m}, nil
}

// userAction is a command about one person.
type userAction func(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, u *storage.User, rest []string) error

// userActionCommand makes a command whose first argument says whom it is about.
func userActionCommand(use, short string, args cobra.PositionalArgs, do userAction) *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		Long: short + ".\n\nUSER is an id, an e-mail address or a username.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error {
				u, err := findUser(cmd.Context(), store, args[0])
				if err != nil {
					return err
				}
				return do(cmd, store, p, u, args[1:])
			})
		},
	}
	from.register(cmd)
	return cmd
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
