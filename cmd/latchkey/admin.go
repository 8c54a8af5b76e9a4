package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func adminCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "admin", Short: "Create administrators"}
	cmd.AddCommand(adminInviteCommand())
	return cmd
}

// newAdmin is what `admin invite` is told.
type newAdmin struct{ email, name, role string }

func adminInviteCommand() *cobra.Command {
	var from storeFlags
	var n newAdmin
	cmd := &cobra.Command{
		Use: "invite", Short: "Create an administrator, and print the link for setting their password", Args: cobra.NoArgs,
		Long: "A new installation has no default account and no default password: this command creates the first administrator. The\n" +
			"account has no password yet; the link sets it, once. Administrators must also use a second factor, which they set up when\n" +
			"they first sign in. To make an existing account an administrator, use `latchkey user set-roles`.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error { return n.invite(cmd, store, d) })
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&n.email, "email", "", "the administrator's email `address`, which you know is theirs (required)")
	flags.StringVar(&n.name, "name", "", "full `name`")
	flags.StringVar(&n.role, "role", string(admin.Owner), "`kind` of administrator: owner, people, help_desk or auditor")
	return cmd
}

func (n *newAdmin) invite(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) (err error) {
	if n.email == "" {
		return usagef("--email is missing: the address of the administrator")
	}
	if !slices.Contains(admin.Roles(), admin.Role(n.role)) {
		return usagef("--role %q is not one of %v", n.role, admin.Roles())
	}
	roles := d.cfg.Admin.Policy()[admin.Role(n.role)]
	if len(roles) == 0 {
		return fmt.Errorf("admin.roles.%s names no role", n.role)
	}
	short, err := openEphemeral(d.cfg, store, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, short.close()) }()
	cfg := d.accountConfig(store)
	cfg.Tokens = onetime.New(onetime.Config{Store: short.store, Hasher: d.hasher, Sealer: d.sealer, Now: d.now})
	accounts, ctx := account.New(cfg), cmd.Context()
	made, err := accounts.Create(ctx, operator(), account.NewAccount{Email: n.email, EmailVerified: true, Profile: storage.Profile{Name: n.name}})
	switch {
	case errors.Is(err, account.ErrTaken):
		return fmt.Errorf("%s already has an account: make them an administrator with `latchkey user set-roles %s %s`", n.email, n.email, roles[0])
	case err != nil:
		return flagProblem(err)
	}
	if _, err := accounts.SetRoles(ctx, operator(), made.ID, roles[:1]); err != nil {
		return err
	}
	lasts := d.cfg.Account.Links.Reset
	token, err := accounts.IssueReset(ctx, operator(), made.ID, lasts, "invited as administrator")
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s%s?%s\n", d.cfg.Issuer, message.PathResetPassword, url.Values{message.TokenParam: {token}}.Encode())
	fmt.Fprintf(cmd.ErrOrStderr(), "%s is an administrator (%s); give the link to nobody else: it works once, within %s\n", n.email, roles[0], client.FormatDuration(lasts))
	return nil
}
