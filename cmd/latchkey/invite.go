package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func inviteCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "invite", Short: "Invite people to sign up"}
	cmd.AddCommand(inviteCreateCommand(), inviteListCommand(), inviteRevokeCommand())
	return cmd
}

// newInvitation is what `invite create` is told.
type newInvitation struct {
	email, locale string
	printLink     bool
}

func inviteCreateCommand() *cobra.Command {
	var from storeFlags
	var i newInvitation
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Send somebody a link to sign up with (sign_up.mode: invitation)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error { return i.create(cmd, store, d) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&i.email, "email", "", "`address` to invite (required)")
	flags.StringVar(&i.locale, "locale", "", "`language` of the message, such as de")
	flags.BoolVar(&i.printLink, "print-link", false, "print the link instead of sending it; anyone who has it can sign up with this address")
	return cmd
}

func (i *newInvitation) create(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	token, made, err := d.accounts(store).Invite(cmd.Context(), operator(), i.email, i.locale, !i.printLink)
	var wrong *account.FieldError
	switch {
	case errors.Is(err, account.ErrClosed):
		return fmt.Errorf("sign_up.mode is %s: invitations are used where it is invitation", d.cfg.SignUp.Mode)
	case errors.Is(err, account.ErrTaken):
		return errors.New("somebody with this address has an account already")
	case errors.As(err, &wrong):
		return fmt.Errorf("--%s: %w", wrong.Field, err)
	case err != nil:
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "invited %s until %s\n", i.email, at(made.ExpiresAt, ""))
	if i.printLink {
		query := url.Values{message.InvitationParam: {token}}
		fmt.Fprintf(cmd.OutOrStdout(), "%s%s?%s\n", d.cfg.Issuer, message.PathSignUp, query.Encode())
	}
	return nil
}
