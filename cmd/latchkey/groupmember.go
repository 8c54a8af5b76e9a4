package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// findGroup finds a group by its name, in any case.
func findGroup(cmd *cobra.Command, store *sqlstore.Store, name string) (*storage.Group, error) {
	g, err := store.Groups().ByName(cmd.Context(), name)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", account.ErrNoGroup, err)
	}
	return g, err
}

// findUsers finds people, all or none.
func findUsers(cmd *cobra.Command, store *sqlstore.Store, who []string) ([]*storage.User, error) {
	people := make([]*storage.User, len(who))
	for i, name := range who {
		var err error
		if people[i], err = findUser(cmd.Context(), store, name); err != nil {
			return nil, err
		}
	}
	return people, nil
}

func groupAddCommand() *cobra.Command {
	return groupActionCommand("add GROUP USER...", "Add people to a group", cobra.MinimumNArgs(2),
		func(cmd *cobra.Command, store *sqlstore.Store, accounts *account.Service, name string, who []string) error {
			people, err := findUsers(cmd, store, who)
			if err != nil {
				return err
			}
			for _, u := range people {
				said := "is a member of"
				switch err := accounts.AddToGroup(cmd.Context(), operator(), u.ID, name); {
				case errors.Is(err, account.ErrUnchanged):
					said = "was a member before of"
				case err != nil:
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s\n", nameOf(u), said, name)
			}
			return nil
		})
}

// operators are the sources of memberships that are an operator's own word.
var operators = []storage.MembershipSource{storage.SourceManual, storage.SourceImport}

// sourceNamed is the source that [storage.MembershipSource.String] names.
func sourceNamed(name string) storage.MembershipSource {
	if name == storage.SourceManual.String() {
		return storage.SourceManual
	}
	return storage.MembershipSource(name)
}

func groupRemoveCommand() *cobra.Command {
	var source string
	cmd := groupActionCommand("remove GROUP USER...", "Remove people from a group", cobra.MinimumNArgs(2),
		func(cmd *cobra.Command, store *sqlstore.Store, accounts *account.Service, name string, who []string) error {
			people, err := findUsers(cmd, store, who)
			if err != nil {
				return err
			}
			from := operators
			if source != "" {
				from = []storage.MembershipSource{sourceNamed(source)}
			}
			var remain []error
			for _, u := range people {
				for _, s := range from {
					err := accounts.RemoveFromGroup(cmd.Context(), operator(), u.ID, name, s)
					if err != nil && !errors.Is(err, account.ErrUnchanged) {
						return err
					}
				}
				remain = append(remain, sayRemoved(cmd, accounts, u, name))
			}
			return errors.Join(remain...)
		})
	cmd.Long = cmd.Short + ".\n\nThis removes memberships that operators added, by hand or by an import. Anyone who is a member through\n" +
		"another source (see group show) stays one; name that source to remove them until the source adds them again."
	cmd.Flags().StringVar(&source, "source", "", "remove only what this `source` added: manual, import, …")
	return cmd
}

// sayRemoved says how a removal ended; an error where another source keeps the
// person in the group.
func sayRemoved(cmd *cobra.Command, accounts *account.Service, u *storage.User, name string) error {
	groups, err := accounts.GroupsOf(cmd.Context(), u.ID)
	if err != nil {
		return err
	}
	same := func(g storage.GroupOf) bool { return ident.Canonical(g.Name) == ident.Canonical(name) }
	if i := slices.IndexFunc(groups, same); i >= 0 {
		return fmt.Errorf("%s is still a member of %s through %s", nameOf(u), groups[i].Name, orNone(sourceNames(groups[i].Sources)))
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is not a member of %s\n", nameOf(u), name)
	return err
}
