package main

import (
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

func userEditCommand() *cobra.Command {
	var username, email string
	var verified bool
	var attributes []string
	var p storage.Profile
	fields := []struct {
		flag, usage string
		typed, of   func(*storage.Profile) *string
	}{}
	add := func(flag, usage string, of func(*storage.Profile) *string) {
		fields = append(fields, struct {
			flag, usage string
			typed, of   func(*storage.Profile) *string
		}{flag, usage, of, of})
	}
	add("name", "full `name`", func(p *storage.Profile) *string { return &p.Name })
	add("given-name", "given `name`", func(p *storage.Profile) *string { return &p.GivenName })
	add("family-name", "family `name`", func(p *storage.Profile) *string { return &p.FamilyName })
	add("nickname", "`name` that they are called by", func(p *storage.Profile) *string { return &p.Nickname })
	add("locale", "`language`, such as de", func(p *storage.Profile) *string { return &p.Locale })
	add("zoneinfo", "time `zone`, such as Europe/Berlin", func(p *storage.Profile) *string { return &p.Zoneinfo })
	add("picture", "`address` of a picture", func(p *storage.Profile) *string { return &p.Picture })
	add("website", "`address` of their page", func(p *storage.Profile) *string { return &p.Website })
	cmd := userActionCommand("edit USER", "Change a person's address, username and profile, all at once or not at all; an empty value removes one", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			next, edit, changed := u.Profile, account.Edit{EmailVerified: verified}, verified
			for _, f := range fields {
				if cmd.Flags().Changed(f.flag) {
					*f.of(&next), edit.Profile, changed = *f.typed(&p), &next, true
				}
			}
			if cmd.Flags().Changed("username") {
				edit.Username, changed = &username, true
			}
			if cmd.Flags().Changed("email") {
				edit.Email, changed = &email, true
			}
			set, err := attributesTyped(accounts.Attributes(), attributes)
			if err != nil {
				return err
			}
			if !changed && len(set) == 0 {
				return usagef("nothing to change: say what, such as --name")
			}
			if _, problems := accounts.CheckAttributes(operator(), u, set); len(problems) > 0 {
				return fmt.Errorf("--attribute: %w", problems[0])
			}
			edit.Attributes = set
			err = accounts.Edit(cmd.Context(), operator(), u.ID, edit)
			var wrong *account.FieldError
			switch {
			case errors.Is(err, account.ErrTaken) && edit.Email != nil && edit.Username != nil:
				return errors.New("another account has this address or username")
			case errors.Is(err, account.ErrTaken) && edit.Email != nil:
				return errors.New("another account has this address")
			case errors.Is(err, account.ErrTaken):
				return errors.New("another account has this username")
			case errors.As(err, &wrong):
				return fmt.Errorf("%s: %w", wrong.Field, err)
			}
			return report(cmd, err, nameOf(u)+" is gone", "changed %s", nameOf(u))
		})
	cmd.Long += "\n\nAnother address is told to the one before it, with a link that takes the account back. It counts as theirs with --verified alone."
	cmd.Example = "  latchkey user edit ada --email ada@example.com --verified\n  latchkey user edit ada@example.com --name 'Ada Lovelace' --locale de"
	cmd.Flags().StringVar(&email, "email", "", "new email `address`")
	cmd.Flags().BoolVar(&verified, "verified", false, "the address is verified: you know that it is theirs")
	cmd.Flags().StringVar(&username, "username", "", "`name` to sign in with, besides the address")
	attributeFlag(cmd, &attributes)
	for _, f := range fields {
		cmd.Flags().StringVar(f.typed(&p), f.flag, "", f.usage)
	}
	return cmd
}

func userVerifyEmailCommand() *cobra.Command {
	return userActionCommand("verify-email USER", "Note that a person's address is known to be theirs", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			switch {
			case u.Email == "":
				return fmt.Errorf("%s has no address", nameOf(u))
			case u.EmailVerified:
				return fmt.Errorf("the address of %s is already verified", nameOf(u))
			}
			err := accounts.MarkEmailVerified(cmd.Context(), operator(), u.ID)
			return report(cmd, err, nameOf(u)+" is gone", "%s is verified", u.Email)
		})
}
