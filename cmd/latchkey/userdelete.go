package main

import (
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

func userDeleteCommand() *cobra.Command {
	var d destroy
	cmd := userActionCommand("delete USER", "Delete an account, with everything that is its own, when account.deletion_grace is over", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if !u.DeleteAt.IsZero() {
				return fmt.Errorf("%s is already scheduled for deletion on %s", nameOf(u), u.DeleteAt.UTC().Format(time.DateOnly))
			}
			when := "now"
			if grace := accounts.DeletionGrace(); grace > 0 {
				when = "in " + client.FormatDuration(grace) + ", and end all access now"
			}
			if goes, err := d.goes(cmd, "delete the account of %s %s", nameOf(u), when); err != nil || !goes {
				return err
			}
			at, err := accounts.PlanDeletion(cmd.Context(), operator(), u.ID)
			if err == nil && accounts.DeletionGrace() == 0 {
				return report(cmd, nil, "", "deleted %s", nameOf(u))
			}
			return report(cmd, err, nameOf(u)+" is already scheduled for deletion", "%s will be deleted on %s; cancel this with `latchkey user keep`", nameOf(u), at.UTC().Format(time.DateOnly))
		})
	d.register(cmd)
	return cmd
}

func userKeepCommand() *cobra.Command {
	return userActionCommand("keep USER", "Take back that an account is deleted", cobra.ExactArgs(1),
		func(cmd *cobra.Command, accounts *account.Service, u *storage.User, _ []string) error {
			if u.DeleteAt.IsZero() {
				return fmt.Errorf("%s is not scheduled for deletion", nameOf(u))
			}
			err := accounts.KeepAccount(cmd.Context(), operator(), u.ID)
			return report(cmd, err, nameOf(u)+" is not scheduled for deletion", "%s will not be deleted", nameOf(u))
		})
}
