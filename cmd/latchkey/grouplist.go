package main

import (
	"encoding/json"
	"fmt"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func groupListCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List groups", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error {
				if asJSON {
					lines := json.NewEncoder(cmd.OutOrStdout())
					return eachGroup(cmd, store, func(g *storage.Group, size int64) error { return lines.Encode(showGroupAs(g, size)) })
				}
				rows := newTable(cmd.OutOrStdout(), "NAME", "DISPLAY NAME", "MEMBERS", "ROLES", "SOURCE").mayCut("DISPLAY NAME", "ROLES")
				err := eachGroup(cmd, store, func(g *storage.Group, size int64) error {
					return rows.row(g.Name, dash(g.DisplayName), size, orNone(g.Roles), g.Source)
				})
				if err != nil {
					return err
				}
				return rows.end()
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// eachGroup reads all groups with how many people each has, page by page.
func eachGroup(cmd *cobra.Command, store *sqlstore.Store, do func(*storage.Group, int64) error) error {
	after := ""
	for {
		groups, err := store.Groups().List(cmd.Context(), after, listBatch)
		if err != nil {
			return err
		}
		ids := make([]storage.ID, len(groups))
		for i := range groups {
			ids[i] = groups[i].ID
		}
		sizes, err := store.Groups().Sizes(cmd.Context(), ids)
		if err != nil {
			return err
		}
		for i := range groups {
			if err := do(&groups[i], sizes[groups[i].ID]); err != nil {
				return err
			}
			after = groups[i].Name
		}
		if len(groups) < listBatch {
			return nil
		}
	}
}

func groupShowCommand() *cobra.Command {
	var asJSON bool
	cmd := groupActionCommand("show NAME", "Show a group and its members", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, _ *account.Service, name string, _ []string) error {
			return showGroup(cmd, store, name, asJSON)
		})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func showGroup(cmd *cobra.Command, store *sqlstore.Store, name string, asJSON bool) error {
	g, err := findGroup(cmd, store, name)
	if err != nil {
		return err
	}
	members, err := allMembers(cmd, store, g.ID)
	if err != nil {
		return err
	}
	if asJSON {
		shown := showGroupAs(g, int64(len(members)))
		for _, m := range members {
			shown.Members = append(shown.Members, shownMember{m.UserID, m.Email, m.Username, sourceNames(m.Sources), m.AddedAt.UTC()})
		}
		return json.NewEncoder(cmd.OutOrStdout()).Encode(shown)
	}
	p := pairs{out: cmd.OutOrStdout()}
	for _, row := range [][2]string{
		{"id", string(g.ID)}, {"name", g.Name}, {"display name", dash(g.DisplayName)}, {"description", dash(g.Description)},
		{"external id", dash(g.ExternalID)}, {"source", g.Source.String()}, {"roles", orNone(g.Roles)}, {"created", at(g.CreatedAt, "-")},
		{"members", fmt.Sprint(len(members))},
	} {
		p.add(row[0], "%s", row[1])
	}
	for _, m := range members {
		who := storage.User{ID: m.UserID, Email: m.Email, Username: m.Username}
		p.add("member", "%s, since %s (%s)", nameOf(&who), at(m.AddedAt, "-"), orNone(sourceNames(m.Sources)))
	}
	return p.end()
}

// allMembers reads the members of a group, page by page.
func allMembers(cmd *cobra.Command, store *sqlstore.Store, group storage.ID) (all []storage.Member, err error) {
	var after storage.ID
	for {
		page, err := store.Memberships().Members(cmd.Context(), group, after, listBatch)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < listBatch {
			return all, nil
		}
		after = page[len(page)-1].UserID
	}
}
