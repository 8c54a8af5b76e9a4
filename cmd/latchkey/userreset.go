package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func userResetPasswordCommand() *cobra.Command {
	var printLink bool
	var reason string
	cmd := userCommandOn("reset-password USER", "Send a person a link to set a new password, or print it", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, _ []string) error {
			if printLink {
				return printReset(cmd, store, d, u, reason)
			}
			switch {
			case u.Email == "":
				return fmt.Errorf("%s has no address: print the link with --print-link instead", nameOf(u))
			case u.Locked():
				return fmt.Errorf("%s is locked down: use --print-link for a link that reopens the account with a new password", nameOf(u))
			case u.Disabled():
				return fmt.Errorf("%s is disabled", nameOf(u))
			case d.cfg.Mail.SMTPURL.IsZero():
				return errors.New("mail is not configured (mail.smtp_url): print the link with --print-link instead")
			}
			if err := checkReason(reason); err != nil {
				return err
			}
			err := d.accounts(store).SendReset(cmd.Context(), operator(), u.ID, reason)
			return report(cmd, err, nameOf(u)+" is gone", "sent a link to %s", u.Email)
		})
	cmd.Flags().BoolVar(&printLink, "print-link", false, "print the link instead of sending it; anyone who has it can set the password")
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, and how you verified who is asking; required with --print-link, and recorded")
	return cmd
}

// printReset prints the link. It is kept where nodes keep theirs, so that any of them
// takes it.
func printReset(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, reason string) (err error) {
	if reason == "" {
		return errors.New("--reason is missing: say why, and how you know who asked; it is recorded")
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	short, err := openEphemeral(d.cfg, store, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, short.close()) }()
	cfg := d.accountConfig(store)
	cfg.Tokens = onetime.New(onetime.Config{Store: short.store, Hasher: d.hasher, Sealer: d.sealer, Now: d.now})
	lasts := d.cfg.Account.Links.Reset
	token, err := account.New(cfg).IssueReset(cmd.Context(), operator(), u.ID, lasts, reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s%s?%s\n", d.cfg.Issuer, message.PathResetPassword, url.Values{message.TokenParam: {token}}.Encode())
	fmt.Fprintf(cmd.ErrOrStderr(), "give it to nobody but %s; it works once, within %s\n", nameOf(u), client.FormatDuration(lasts))
	return nil
}
