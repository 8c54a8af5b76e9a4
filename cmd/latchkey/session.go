package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func sessionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "List and end people's sessions"}
	cmd.AddCommand(sessionListCommand(), sessionEndCommand())
	return cmd
}

// shownSession is a session as JSON: a form that others read, so its names stay as they are.
type shownSession struct {
	SID        storage.ID `json:"sid"`
	UserID     storage.ID `json:"user_id"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSeenAt time.Time  `json:"last_seen_at"`
	Address    string     `json:"address,omitempty"`
	UserAgent  string     `json:"user_agent,omitempty"`
}

func shownSessionOf(user storage.ID, s *storage.AccountSession) shownSession {
	return shownSession{s.SID, user, s.CreatedAt.UTC(), s.LastSeenAt.UTC(), s.Address, s.UserAgent}
}

func newSessionListing(cmd *cobra.Command, asJSON bool) *listing {
	return newListing(cmd, asJSON, "SID", "USER", "SINCE", "LAST SEEN", "ADDRESS", "BROWSER").mayCut("BROWSER")
}

func (s shownSession) showIn(l *listing) error {
	return l.show(s, s.SID, s.UserID, at(s.CreatedAt, "-"), at(s.LastSeenAt, "-"), dash(s.Address), dash(s.UserAgent))
}

func userSessionsCommand() *cobra.Command {
	var asJSON bool
	cmd := userCommandOn("sessions USER", "List where a person is signed in", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, _ []string) error {
			return listSessionsOf(cmd, store, d, u, asJSON)
		})
	jsonFlag(cmd, &asJSON, "the sessions")
	return cmd
}

func listSessionsOf(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, asJSON bool) error {
	sessions, err := store.Sessions().ListByUser(cmd.Context(), u.ID, d.now())
	if err != nil {
		return err
	}
	list := newSessionListing(cmd, asJSON)
	for i := range sessions {
		if err := shownSessionOf(u.ID, &sessions[i]).showIn(list); err != nil {
			return err
		}
	}
	return list.end()
}

const ofClientSessions = "only sessions that signed in to this `client`"

func sessionListCommand() *cobra.Command {
	var s selection
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [USER]", Short: "List where a person, or everybody, is signed in", Args: cobra.MaximumNArgs(1),
		Long: "Without USER (an id, an email address or a username), list everybody's sessions, oldest first.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && (s.client != "" || s.age.isSet()) {
				return usagef("say either USER or --client, --older-than, --unused-for")
			}
			return s.from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				if len(args) == 1 {
					u, err := findUser(cmd.Context(), store, args[0])
					if err != nil {
						return err
					}
					return listSessionsOf(cmd, store, d, u, asJSON)
				}
				list := newSessionListing(cmd, asJSON)
				err := s.sessions(cmd.Context(), store, d, func(one *storage.Session) error {
					return shownSession{one.SID, one.UserID, one.CreatedAt.UTC(), one.LastSeenAt.UTC(), one.Address, one.UserAgent}.showIn(list)
				})
				return errors.Join(err, list.end())
			})
		},
	}
	s.register(cmd, ofClientSessions)
	jsonFlag(cmd, &asJSON, "the sessions")
	return cmd
}

// sessions reads the live sessions that are selected, page by page.
func (s *selection) sessions(ctx context.Context, store *sqlstore.Store, d *dependencies, do func(*storage.Session) error) error {
	wanted, err := s.age.read(d.now())
	if err != nil {
		return err
	}
	page := storage.SessionFilter{ClientID: s.client, Limit: listBatch}
	for {
		some, err := store.Sessions().List(ctx, page)
		if err != nil || len(some) == 0 {
			return err
		}
		for i := range some {
			page.After = some[i].SID
			if !some[i].Live(d.now()) || !wanted(some[i].CreatedAt, some[i].LastSeenAt) {
				continue
			}
			if err := do(&some[i]); err != nil {
				return err
			}
		}
	}
}

func sessionEndCommand() *cobra.Command {
	var s selection
	var d destroy
	cmd := &cobra.Command{
		Use: "end [USER SID]", Short: "End one session of a person, or sessions by client or age, and the grants bound to them",
		Args: cobra.MaximumNArgs(2),
		Long: "USER is an id, an email address or a username; SID is shown by `latchkey session list`. Instead of USER and SID, select\n" +
			"everybody's sessions by --client and age. Applications that registered for it are notified.",
		RunE: func(cmd *cobra.Command, args []string) error {
			several := s.client != "" || s.age.isSet()
			if len(args) == 1 || several == (len(args) == 2) {
				return usagef("say USER and SID, or --client, --older-than, --unused-for")
			}
			return s.from.withTables(cmd, func(store *sqlstore.Store, deps *dependencies) error {
				if several {
					return s.endSessions(cmd, store, deps, &d)
				}
				return endSession(cmd, store, deps, &d, args[0], storage.ID(args[1]))
			})
		},
	}
	s.register(cmd, ofClientSessions)
	d.register(cmd)
	return cmd
}

func endSession(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, d *destroy, who string, sid storage.ID) error {
	u, err := findUser(cmd.Context(), store, who)
	if err != nil {
		return err
	}
	if goes, err := d.gently(cmd, "end session %s of %s", sid, nameOf(u)); err != nil || !goes {
		return err
	}
	err = deps.accounts(store).EndSession(cmd.Context(), operator(), u.ID, sid)
	if errors.Is(err, account.ErrNotFound) {
		return fmt.Errorf("%s has no session %q; see latchkey session list", nameOf(u), sid)
	}
	return report(cmd, err, nameOf(u)+" is gone", "ended session %s of %s", sid, nameOf(u))
}

// endSessions ends the sessions that are selected, one by one: each is an event of its person.
func (s *selection) endSessions(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, d *destroy) error {
	ctx, n := cmd.Context(), 0
	count := func(*storage.Session) error { n++; return nil }
	if err := s.sessions(ctx, store, deps, count); err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("there is no session%s", s.describe())
	}
	goes, err := d.goes(cmd, "end %s%s", counted(n, "session", "sessions"), s.describe())
	if err != nil || !goes {
		return err
	}
	accounts, bar := deps.accounts(store), newProgress(cmd.ErrOrStderr(), "sessions ended").of(n)
	err = s.sessions(ctx, store, deps, func(one *storage.Session) error {
		err := accounts.EndSession(ctx, operator(), one.UserID, one.SID)
		if errors.Is(err, account.ErrNotFound) || errors.Is(err, account.ErrNobody) {
			return nil // it ended meanwhile
		}
		if err == nil {
			bar.add(1)
		}
		return err
	})
	bar.end()
	_, said := fmt.Fprintf(cmd.OutOrStdout(), "ended %s\n", counted(bar.n, "session", "sessions"))
	return errors.Join(err, said)
}
