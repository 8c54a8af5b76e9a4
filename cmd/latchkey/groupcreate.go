package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func groupCreateCommand() *cobra.Command {
	var g account.NewGroup
	cmd := groupActionCommand("create NAME", "Create a group", cobra.ExactArgs(1),
		func(cmd *cobra.Command, _ *sqlstore.Store, accounts *account.Service, name string, _ []string) error {
			g.Name = name
			made, err := accounts.CreateGroup(cmd.Context(), operator(), g)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "created group %s\n", made.Name)
			return err
		})
	flags := cmd.Flags()
	flags.StringVar(&g.DisplayName, "display-name", "", "`name` to display")
	flags.StringVar(&g.Description, "description", "", "`text` that describes the group")
	flags.StringVar(&g.ExternalID, "external-id", "", "`id` of the group in another system")
	flags.StringArrayVar(&g.Roles, "role", nil, "`role` that every member gets; can be repeated")
	return cmd
}

func groupEditCommand() *cobra.Command {
	var force bool
	cmd := groupActionCommand("edit NAME", "Rename or describe a group", cobra.ExactArgs(1),
		func(cmd *cobra.Command, _ *sqlstore.Store, accounts *account.Service, of string, _ []string) error {
			change, named := account.GroupChange{Force: force}, false
			for flag, to := range map[string]**string{
				"name": &change.Name, "display-name": &change.DisplayName, "description": &change.Description, "external-id": &change.ExternalID,
			} {
				if f := cmd.Flags().Lookup(flag); f.Changed {
					value := f.Value.String()
					*to, named = &value, true
				}
			}
			if !named {
				return usagef("nothing to change: give --name, --display-name, --description or --external-id")
			}
			g, err := accounts.ChangeGroup(cmd.Context(), operator(), of, change)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "changed group %s\n", g.Name)
			return err
		})
	flags := cmd.Flags()
	flags.String("name", "", "new `name`, as used in tokens and access rules")
	flags.String("display-name", "", "`name` to display")
	flags.String("description", "", "`text` that describes the group")
	flags.String("external-id", "", "`id` of the group in another system")
	flags.BoolVar(&force, "force", false, "rename it even if access rules of clients name it")
	return cmd
}

func groupSetRolesCommand() *cobra.Command {
	return groupActionCommand("set-roles NAME [ROLE...]", "Replace the roles that a group gives its members; without ROLE it gives none", cobra.MinimumNArgs(1),
		func(cmd *cobra.Command, _ *sqlstore.Store, accounts *account.Service, name string, roles []string) error {
			g, err := accounts.ChangeGroup(cmd.Context(), operator(), name, account.GroupChange{Roles: &roles})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "members of %s have the roles %s\n", g.Name, orNone(g.Roles))
			return err
		})
}

func groupDeleteCommand() *cobra.Command {
	var d destroy
	var force bool
	cmd := groupActionCommand("delete NAME", "Delete a group; its members lose what it gave them", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, accounts *account.Service, name string, _ []string) error {
			g, err := findGroup(cmd, store, name)
			if err != nil {
				return err
			}
			if err := accounts.CheckGroupUse(cmd.Context(), g.Name, force); err != nil {
				return err
			}
			size, err := store.Groups().Sizes(cmd.Context(), []storage.ID{g.ID})
			if err != nil {
				return err
			}
			goes, err := d.gently(cmd, "delete the group %s, which has %s", g.Name, counted(int(size[g.ID]), "member", "members"))
			if err != nil || !goes {
				return err
			}
			if err := accounts.DeleteGroup(cmd.Context(), operator(), name, account.GroupDeletion{Force: force}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "deleted group %s\n", name)
			return err
		})
	cmd.Flags().BoolVar(&force, "force", false, "delete it even if access rules of clients name it")
	d.register(cmd)
	return cmd
}
