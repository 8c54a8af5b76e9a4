package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func groupCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "group", Short: "Manage groups, their members and their roles"}
	cmd.AddCommand(
		groupCreateCommand(), groupListCommand(), groupShowCommand(), groupAddCommand(), groupRemoveCommand(),
		groupEditCommand(), groupSetRolesCommand(), groupDeleteCommand(),
	)
	return cmd
}

// groupAction is a command that changes the group of a name.
type groupAction func(cmd *cobra.Command, store *sqlstore.Store, accounts *account.Service, name string, rest []string) error

// groupActionCommand makes such a command.
func groupActionCommand(use, short string, args cobra.PositionalArgs, do groupAction) *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error {
				return groupProblem(args[0], do(cmd, store, d.accounts(store), args[0], args[1:]))
			})
		},
	}
	from.register(cmd)
	return cmd
}

// groupProblem says in a command's words why a group was not changed.
func groupProblem(name string, err error) error {
	var wrong *account.FieldError
	var used *account.InUseError
	switch {
	case errors.Is(err, account.ErrNoGroup):
		return fmt.Errorf("there is no group %q; see latchkey group list", name)
	case errors.Is(err, account.ErrTaken):
		return errors.New("a group with that name already exists, or was changed in the meantime")
	case errors.As(err, &used):
		return fmt.Errorf("%w: change that first, or use --force, after which the rule matches nobody", err)
	case errors.As(err, &wrong) && wrong.Field != "name" && wrong.Field != "roles":
		return fmt.Errorf("--%s: %w", strings.ReplaceAll(wrong.Field, "_", "-"), err)
	}
	return err
}

// shownGroup is a group as --json prints it.
type shownGroup struct {
	ID          storage.ID    `json:"id"`
	Name        string        `json:"name"`
	DisplayName string        `json:"display_name,omitempty"`
	Description string        `json:"description,omitempty"`
	Source      string        `json:"source"`
	ExternalID  string        `json:"external_id,omitempty"`
	Roles       []string      `json:"roles"`
	Size        int64         `json:"size"`
	CreatedAt   time.Time     `json:"created_at"`
	UpdatedAt   time.Time     `json:"updated_at"`
	Members     []shownMember `json:"members,omitempty"`
}

type shownMember struct {
	ID       storage.ID `json:"id"`
	Email    string     `json:"email,omitempty"`
	Username string     `json:"username,omitempty"`
	Sources  []string   `json:"sources"`
	AddedAt  time.Time  `json:"added_at"`
}

func showGroupAs(g *storage.Group, size int64) shownGroup {
	return shownGroup{
		ID: g.ID, Name: g.Name, DisplayName: g.DisplayName, Description: g.Description, Source: g.Source.String(), ExternalID: g.ExternalID,
		Roles: append([]string{}, g.Roles...), Size: size, CreatedAt: g.CreatedAt.UTC(), UpdatedAt: g.UpdatedAt.UTC(),
	}
}

func sourceNames(sources []storage.MembershipSource) []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.String()
	}
	return names
}
