package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func epochCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "epoch", Short: "End everything issued so far, after a restored backup"}
	cmd.AddCommand(epochRaiseCommand())
	return cmd
}

func epochRaiseCommand() *cobra.Command {
	var from storeFlags
	var d destroy
	var reason string
	cmd := &cobra.Command{
		Use:   "raise --reason TEXT",
		Short: "End every session, grant, trusted device, unused invitation, pending link and sign-in in progress",
		Long: "A restored backup makes things valid again that ended after the backup was made. This command ends everything that was issued\n" +
			"to anybody: sessions, grants (including offline ones), trusted devices, unused invitations, pending links and codes, links\n" +
			"that restore an account or an address, sign-ins in progress, and access tokens, including those of client_credentials.\n" +
			"Passwords, second factors and consents stay. This cannot be undone.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reason == "" {
				return usagef("--reason is missing: say why; it is recorded")
			}
			if err := checkReason(reason); err != nil {
				return &usageError{err}
			}
			return from.withTables(cmd, func(store *sqlstore.Store, deps *dependencies) error {
				goes, err := d.goes(cmd, "sign everybody out of everything, and void what was issued to them, for good")
				if err != nil || !goes {
					return err
				}
				if err := deps.accounts(store).RaiseEpoch(cmd.Context(), operator(), reason); err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "the epoch is raised: nothing that was issued to people before works any more")
				return err
			})
		},
	}
	from.register(cmd)
	reasonFlag(cmd, &reason, " (required)")
	d.register(cmd)
	return cmd
}
