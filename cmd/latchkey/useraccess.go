package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func userEndSessionsCommand() *cobra.Command {
	var d destroy
	cmd := userActionCommand("end-sessions USER", "Sign a person out everywhere, and end what applications may do for them", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if goes, err := d.goes(cmd, "sign %s out everywhere", nameOf(u)); err != nil || !goes {
				return err
			}
			err := accounts.EndAllSessions(cmd.Context(), operator(), u.ID)
			return report(cmd, err, nameOf(u)+" is gone", "%s is signed out everywhere", nameOf(u))
		})
	d.register(cmd)
	return cmd
}

func userRevokeGrantsCommand() *cobra.Command {
	var d destroy
	var client string
	cmd := userCommandOn("revoke-grants USER", "End what applications may do for a person: grants, offline ones too, and consents", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, _ []string) error {
			return revokeGrants(cmd, store, deps, u, client, &d)
		})
	cmd.Flags().StringVar(&client, "client", "", "only of this `client`")
	d.register(cmd)
	return cmd
}

// revokeGrants ends the access of one application to a person's account, or of all.
func revokeGrants(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, client string, d *destroy) error {
	applications, err := store.Grants().ApplicationsOf(cmd.Context(), u.ID, deps.now())
	if err != nil {
		return err
	}
	var ids []string
	for _, a := range applications {
		if client == "" || a.ClientID == client {
			ids = append(ids, a.ClientID)
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s gave no access", nameOf(u))
	}
	if goes, err := d.goes(cmd, "end the access of %s to the account of %s", orNone(ids), nameOf(u)); err != nil || !goes {
		return err
	}
	accounts := deps.accounts(store)
	for _, id := range ids {
		err := accounts.RevokeClient(cmd.Context(), operator(), u.ID, id)
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "ended the access of %s\n", id)
	}
	return nil
}

func sessionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "Look at people's sessions, and end them"}
	cmd.AddCommand(sessionListCommand("list USER"), sessionEndCommand())
	return cmd
}

// shownSession is a session as JSON: a form that others read, so its names stay as they are.
type shownSession struct {
	SID        storage.ID `json:"sid"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSeenAt time.Time  `json:"last_seen_at"`
	Address    string     `json:"address,omitempty"`
	UserAgent  string     `json:"user_agent,omitempty"`
}

func sessionListCommand(use string) *cobra.Command {
	var asJSON bool
	cmd := userCommandOn(use, "List where a person is signed in", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, _ []string) error {
			sessions, err := store.Sessions().ListByUser(cmd.Context(), u.ID, deps.now())
			if err != nil {
				return err
			}
			if asJSON {
				shown := []shownSession{}
				for _, s := range sessions {
					shown = append(shown, shownSession{s.SID, s.CreatedAt.UTC(), s.LastSeenAt.UTC(), s.Address, s.UserAgent})
				}
				return writeJSON(cmd.OutOrStdout(), shown)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "SID\tSINCE\tLAST SEEN\tADDRESS\tBROWSER")
			for _, s := range sessions {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.SID, at(s.CreatedAt, "-"), at(s.LastSeenAt, "-"), dash(s.Address), dash(s.UserAgent))
			}
			return w.Flush()
		})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the sessions as JSON")
	return cmd
}

func sessionEndCommand() *cobra.Command {
	return userActionCommand("end USER SID", "End one session of a person, with the grants that end with it", cobra.ExactArgs(2),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, rest []string) error {
			err := accounts.EndSession(cmd.Context(), operator(), u.ID, storage.ID(rest[0]))
			if errors.Is(err, account.ErrNotFound) {
				return fmt.Errorf("%s has no session %q; latchkey session list shows them", nameOf(u), rest[0])
			}
			return report(cmd, err, nameOf(u)+" is gone", "ended session %s of %s", rest[0], nameOf(u))
		})
}

func grantCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "grant", Short: "Look at what people allowed applications, and end it"}
	cmd.AddCommand(grantListCommand(), grantRevokeCommand())
	return cmd
}

// shownGrant is a grant as JSON: a form that others read, so its names stay as they are.
type shownGrant struct {
	ID            storage.ID `json:"id"`
	ClientID      string     `json:"client_id"`
	Scopes        []string   `json:"scopes"`
	SID           storage.ID `json:"sid,omitempty"`
	Offline       bool       `json:"offline"`
	ACR           string     `json:"acr"`
	CreatedAt     time.Time  `json:"created_at"`
	RefreshedAt   time.Time  `json:"refreshed_at"`
	ExpiresAt     time.Time  `json:"expires_at"`
	RevokedAt     *time.Time `json:"revoked_at,omitempty"`
	RevokedReason string     `json:"revoked_reason,omitempty"`
}

func grantListCommand() *cobra.Command {
	var asJSON, all bool
	cmd := userCommandOn("list USER", "List the grants that applications have from a person", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, _ []string) error {
			grants, err := store.Grants().ListByUser(cmd.Context(), u.ID)
			if err != nil {
				return err
			}
			shown := []shownGrant{}
			for i := range grants {
				g := &grants[i]
				if all || g.Live(deps.now()) {
					shown = append(shown, shownGrant{
						g.ID, g.ClientID, listed(g.Scopes), g.SID, g.Offline, g.Authentication.ACR, g.CreatedAt.UTC(), g.RotatedAt.UTC(),
						g.ExpiresAt.UTC(), timeOrNone(g.RevokedAt), g.RevokedReason,
					})
				}
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), shown)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tCLIENT\tSCOPES\tOFFLINE\tSINCE\tREFRESHED\tUNTIL\tREVOKED")
			for _, g := range shown {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", g.ID, g.ClientID, orNone(g.Scopes), yesNo(g.Offline), at(g.CreatedAt, "-"),
					at(g.RefreshedAt, "-"), at(g.ExpiresAt, "-"), dash(g.RevokedReason))
			}
			return w.Flush()
		})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the grants as JSON")
	cmd.Flags().BoolVar(&all, "all", false, "those that ended too, while they are kept")
	return cmd
}

func grantRevokeCommand() *cobra.Command {
	var d destroy
	cmd := userCommandOn("revoke USER CLIENT", "End what an application may do for a person", cobra.ExactArgs(2),
		func(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, rest []string) error {
			return revokeGrants(cmd, store, deps, u, rest[0], &d)
		})
	d.register(cmd)
	return cmd
}
