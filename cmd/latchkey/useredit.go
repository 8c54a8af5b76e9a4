package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// userEdit is what `user edit` is told.
type userEdit struct {
	claims, attributes []string
}

func userEditCommand() *cobra.Command {
	var e userEdit
	cmd := userCommandOn("edit USER", "Change what is said of a person", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, _ []string) error {
			return e.edit(cmd, d.accounts(store), u)
		})
	flags := cmd.Flags()
	flags.String("name", "", "full `name`")
	flags.String("username", "", "`name` to sign in with besides the address")
	flags.StringArrayVar(&e.claims, "claim", nil, "`NAME=VALUE` of another claim, such as given_name=Ada; without VALUE it goes; may be repeated")
	attributeFlag(cmd, &e.attributes)
	return cmd
}

// attributeFlag is the flag of commands that set custom attributes.
func attributeFlag(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "attribute", nil, "`NAME=VALUE` of a custom attribute, a list with commas; without VALUE it goes; may be repeated")
}

func (e *userEdit) edit(cmd *cobra.Command, accounts *account.Service, u *storage.User) error {
	profile, username, changed := u.Profile, u.Username, len(e.claims) > 0
	for flag, to := range map[string]*string{"name": &profile.Name, "username": &username} {
		if f := cmd.Flags().Lookup(flag); f.Changed {
			*to, changed = f.Value.String(), true
		}
	}
	if err := setClaims(&profile, e.claims); err != nil {
		return err
	}
	attributes, err := attributesTyped(accounts.Attributes(), e.attributes)
	if err != nil {
		return err
	}
	if !changed && len(attributes) == 0 {
		return usagef("nothing to change: give --name, --username, --claim or --attribute")
	}
	if _, problems := accounts.CheckAttributes(operator(), u, attributes); len(problems) > 0 {
		return flagProblem(problems[0])
	}
	if changed {
		if err := accounts.SetProfile(cmd.Context(), operator(), u.ID, profile, username); err != nil {
			return flagProblem(err)
		}
	}
	if len(attributes) > 0 {
		if err := accounts.SetAttributes(cmd.Context(), operator(), u.ID, attributes); err != nil {
			return flagProblem(err)
		}
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "changed %s\n", nameOf(u))
	return err
}

// attributesTyped reads what --attribute was given.
func attributesTyped(schema attribute.Schema, typed []string) (map[string]any, error) {
	set := map[string]any{}
	for _, one := range typed {
		name, text, ok := strings.Cut(one, "=")
		d := schema.Find(name)
		if !ok || d == nil {
			return nil, fmt.Errorf("--attribute %q: write it as NAME=VALUE, with one of the names in attributes of the configuration", one)
		}
		value, err := d.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("--attribute: %w", err)
		}
		set[name] = value
	}
	return set, nil
}

// flagProblem says by which flag something came that is not taken.
func flagProblem(err error) error {
	var wrong *account.FieldError
	switch {
	case errors.Is(err, account.ErrTaken):
		return errors.New("an account with this e-mail address or username exists already")
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: %w", flagOf(wrong.Field), err)
	}
	return err
}
