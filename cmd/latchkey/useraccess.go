package main

import (
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func userEndSessionsCommand() *cobra.Command {
	var d destroy
	cmd := userActionCommand("end-sessions USER", "Sign a person out everywhere, and end what applications may do for them", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if goes, err := d.goes(cmd, "sign %s out everywhere", nameOf(u)); err != nil || !goes {
				return err
			}
			err := accounts.EndAllSessions(cmd.Context(), operator(), u.ID)
			return report(cmd, err, nameOf(u)+" is gone", "%s is signed out everywhere", nameOf(u))
		})
	d.register(cmd)
	return cmd
}

func userRevokeGrantsCommand() *cobra.Command {
	var d destroy
	var client string
	cmd := userCommandOn("revoke-grants USER", "End what applications may do for a person: grants, offline ones too, and consents", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, _ []string) error {
			return revokeGrants(cmd, store, deps, u, client, &d)
		})
	cmd.Flags().StringVar(&client, "client", "", "only grants of this `client`")
	d.register(cmd)
	return cmd
}

// revokeGrants ends the access of one application to a person's account, or of all.
func revokeGrants(cmd *cobra.Command, store *sqlstore.Store, deps *dependencies, u *storage.User, client string, d *destroy) error {
	applications, err := store.Grants().ApplicationsOf(cmd.Context(), u.ID, deps.now())
	if err != nil {
		return err
	}
	var ids []string
	for _, a := range applications {
		if client == "" || a.ClientID == client {
			ids = append(ids, a.ClientID)
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s has given no application access", nameOf(u))
	}
	if goes, err := d.goes(cmd, "end the access of %s to the account of %s", orNone(ids), nameOf(u)); err != nil || !goes {
		return err
	}
	accounts := deps.accounts(store)
	for _, id := range ids {
		err := accounts.RevokeClient(cmd.Context(), operator(), u.ID, id)
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "ended the access of %s\n", id)
	}
	return nil
}
