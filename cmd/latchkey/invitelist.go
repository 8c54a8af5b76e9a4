package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// shownInvitation is an invitation as JSON: a form that others read, so its names stay as
// they are. Its link is in no store.
type shownInvitation struct {
	ID        storage.ID `json:"id"`
	Email     string     `json:"email"`
	State     string     `json:"state"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// States of an invitation.
const (
	invitationOpen    = "open"
	invitationUsed    = "used"
	invitationExpired = "expired"
)

func shownInvitationOf(i *storage.Invitation, now time.Time) shownInvitation {
	shown := shownInvitation{i.ID, i.Email, invitationOpen, i.CreatedAt.UTC(), i.ExpiresAt.UTC(), timeOrNone(i.UsedAt)}
	switch {
	case !i.UsedAt.IsZero():
		shown.State = invitationUsed
	case !now.Before(i.ExpiresAt):
		shown.State = invitationExpired
	}
	return shown
}

func inviteListCommand() *cobra.Command {
	var from storeFlags
	var asJSON, all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the open invitations, newest first", Args: cobra.NoArgs,
		Long: "list shows who can still sign up with the link they were sent. The links themselves are not stored.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error { return listInvitations(cmd, store, d, all, asJSON) })
		},
	}
	from.register(cmd)
	jsonFlag(cmd, &asJSON, "the invitations")
	cmd.Flags().BoolVar(&all, "all", false, "include used and expired invitations that are still kept")
	return cmd
}

func listInvitations(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, all, asJSON bool) error {
	list := newListing(cmd, asJSON, "ID", "ADDRESS", "STATE", "SINCE", "UNTIL")
	for before := storage.ID(""); ; {
		page, err := store.Invitations().List(cmd.Context(), before, listBatch)
		if err != nil {
			return err
		}
		for i := range page {
			before = page[i].ID
			one := shownInvitationOf(&page[i], d.now())
			if one.State != invitationOpen && !all {
				continue
			}
			if err := list.show(one, one.ID, one.Email, one.State, at(one.CreatedAt, "-"), at(one.ExpiresAt, "-")); err != nil {
				return err
			}
		}
		if len(page) < listBatch {
			return list.end()
		}
	}
}

func inviteRevokeCommand() *cobra.Command {
	var from storeFlags
	var d destroy
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "Revoke an invitation: its link stops working", Args: cobra.ExactArgs(1),
		Long:    "ID is what `latchkey invite list` shows. Anyone who has already signed up with the link keeps the account.",
		Example: "  latchkey invite list\n  latchkey invite revoke 0193b2c41e7a7f0c9d1f6a2b3c4d5e6f --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, deps *dependencies) error {
				if goes, err := d.goes(cmd, "take the invitation %s back", args[0]); err != nil || !goes {
					return err
				}
				err := account.ErrNotFound
				if _, bad := storage.ID(args[0]).Bytes(); bad == nil {
					err = deps.accounts(store).RevokeInvitation(cmd.Context(), operator(), storage.ID(args[0]))
				}
				if errors.Is(err, account.ErrNotFound) {
					return fmt.Errorf("no open invitation has the id %q; latchkey invite list shows them", args[0])
				}
				return report(cmd, err, "", "the invitation %s does not work any more", args[0])
			})
		},
	}
	from.register(cmd)
	d.register(cmd)
	return cmd
}
