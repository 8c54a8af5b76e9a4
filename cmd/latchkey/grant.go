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

func grantCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "grant", Short: "Show and end the access that people gave applications"}
	cmd.AddCommand(grantListCommand(), grantRevokeCommand())
	return cmd
}

// shownGrant is a grant as JSON: a form that others read, so its names stay as they are.
type shownGrant struct {
	ID            storage.ID `json:"id"`
	ClientID      string     `json:"client_id"`
	UserID        storage.ID `json:"user_id"`
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

func shownGrantOf(g *storage.Grant) shownGrant {
	return shownGrant{
		g.ID, g.ClientID, g.UserID, listed(g.Scopes), g.SID, g.Offline, g.Authentication.ACR, g.CreatedAt.UTC(), g.RotatedAt.UTC(),
		g.ExpiresAt.UTC(), timeOrNone(g.RevokedAt), g.RevokedReason,
	}
}

func grantListCommand() *cobra.Command {
	var s selection
	var asJSON, all bool
	cmd := &cobra.Command{
		Use: "list [USER]", Short: "List the grants that a person, or everybody, gave applications", Args: cobra.MaximumNArgs(1),
		Long: "Without USER (an id, an email address or a username), list everybody's grants, oldest first.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				list := newListing(cmd, asJSON, "ID", "CLIENT", "USER", "SCOPES", "OFFLINE", "SINCE", "REFRESHED", "UNTIL", "REVOKED").mayCut("SCOPES")
				shown := func(g *storage.Grant) error {
					if !all && !g.Live(d.now()) {
						return nil
					}
					return shownGrantOf(g).showIn(list)
				}
				return errors.Join(s.grants(cmd.Context(), store, d, args, shown), list.end())
			})
		},
	}
	s.register(cmd, "only grants of this `client`")
	jsonFlag(cmd, &asJSON, "the grants")
	cmd.Flags().BoolVar(&all, "all", false, "include grants that have ended but are still kept")
	return cmd
}

func (g shownGrant) showIn(l *listing) error {
	return l.show(g, g.ID, g.ClientID, g.UserID, orNone(g.Scopes), yesNo(g.Offline), at(g.CreatedAt, "-"),
		at(g.RefreshedAt, "-"), at(g.ExpiresAt, "-"), dash(g.RevokedReason))
}

// grants reads the grants that are selected, page by page; those too that ended.
func (s *selection) grants(ctx context.Context, store *sqlstore.Store, d *dependencies, who []string, do func(*storage.Grant) error) error {
	wanted, err := s.age.read(d.now())
	if err != nil {
		return err
	}
	next := func(after storage.ID) ([]storage.Grant, error) { return store.Grants().List(ctx, after, listBatch) }
	if s.client != "" {
		next = func(after storage.ID) ([]storage.Grant, error) {
			return store.Grants().ListByClient(ctx, s.client, after, listBatch)
		}
	}
	if len(who) > 0 {
		u, err := findUser(ctx, store, who[0])
		if err != nil {
			return err
		}
		next = func(after storage.ID) ([]storage.Grant, error) {
			if after != "" {
				return nil, nil
			}
			return store.Grants().ListByUser(ctx, u.ID)
		}
	}
	var after storage.ID
	for {
		some, err := next(after)
		if err != nil || len(some) == 0 {
			return err
		}
		for i := range some {
			g := &some[i]
			after = g.ID
			if s.client != "" && g.ClientID != s.client || !wanted(g.CreatedAt, g.RotatedAt) {
				continue
			}
			if err := do(g); err != nil {
				return err
			}
		}
	}
}

func grantRevokeCommand() *cobra.Command {
	var s selection
	var d destroy
	cmd := &cobra.Command{
		Use: "revoke [USER CLIENT]", Short: "End an application's access for a person, or for everybody", Args: cobra.MaximumNArgs(2),
		Long: "USER is an id, an email address or a username. Instead of USER and CLIENT, select by --client and age: a person's access for\n" +
			"a client ends as a whole, with its grants (including offline ones) and the consent, if none of its grants is newer.",
		RunE: func(cmd *cobra.Command, args []string) error {
			several := s.client != "" || s.age.isSet()
			if len(args) == 1 || several == (len(args) == 2) {
				return usagef("say USER and CLIENT, or --client, --older-than, --unused-for")
			}
			return s.from.withTables(cmd, func(store *sqlstore.Store, deps *dependencies) error {
				if several {
					return s.revoke(cmd, store, deps, &d)
				}
				u, err := findUser(cmd.Context(), store, args[0])
				if err != nil {
					return err
				}
				return revokeGrants(cmd, store, deps, u, args[1], &d)
			})
		},
	}
	s.register(cmd, "only grants of this `client`")
	d.register(cmd)
	return cmd
}

// accessOf is what one client may do for one person.
type accessOf struct {
	user   storage.ID
	client string
}

// revoke ends the access that is selected: each is an event of its person.
func (s *selection) revoke(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, d *destroy) error {
	ctx := cmd.Context()
	wanted, err := s.age.read(deps.now())
	if err != nil {
		return err
	}
	ends := map[accessOf]bool{}
	var order []accessOf
	every := selection{client: s.client} // one that is young keeps the access
	err = every.grants(ctx, store, deps, nil, func(g *storage.Grant) error {
		if !g.Live(deps.now()) {
			return nil
		}
		of := accessOf{g.UserID, g.ClientID}
		old, seen := ends[of]
		if !seen {
			order = append(order, of)
		}
		ends[of] = (old || !seen) && wanted(g.CreatedAt, g.RotatedAt)
		return nil
	})
	if err != nil {
		return err
	}
	n := 0
	for _, end := range ends {
		if end {
			n++
		}
	}
	if n == 0 {
		return fmt.Errorf("there are no grants%s", s.describe())
	}
	goes, err := d.goes(cmd, "end the access of applications to accounts, %s: grants%s", counted(n, "time", "times"), s.describe())
	if err != nil || !goes {
		return err
	}
	accounts, bar := deps.accounts(store), newProgress(cmd.ErrOrStderr(), "revoked").of(n)
	for _, of := range order {
		if !ends[of] {
			continue
		}
		err := accounts.RevokeClient(ctx, operator(), of.user, of.client)
		if err != nil && !errors.Is(err, account.ErrNotFound) && !errors.Is(err, account.ErrNobody) {
			bar.end()
			return err
		}
		bar.add(1)
	}
	bar.end()
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "ended %s\n", counted(bar.n, "access", "accesses"))
	return err
}
