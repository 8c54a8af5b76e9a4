package main

import (
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// application is a client.
type application struct {
	*lockdownFlags
	id string
}

// lockedClient is the answer of `lockdown --client ID --json`: a form that others read,
// so its names stay as they are.
type lockedClient struct {
	ClientID string                 `json:"client_id"`
	Ended    storage.ClientHoldings `json:"ended"`
}

func (t application) lock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	ctx := cmd.Context()
	if err := d.mustKnow(cmd, store, t.id); err != nil {
		return err
	}
	open, err := store.LockedClients().Holdings(ctx, t.id)
	if err != nil {
		return err
	}
	goes, err := t.goes(cmd, "lock the client %s down: %d grants end, it is told of %d sessions, and no node serves it until --undo", t.id, open.Grants, open.Sessions)
	if err != nil || !goes {
		return err
	}
	had, err := d.accounts(store).LockClient(ctx, operator(), t.id, t.reason)
	if errors.Is(err, account.ErrConflict) {
		return fmt.Errorf("the client %s is already locked down", t.id)
	}
	if err != nil {
		return err
	}
	if t.json {
		return writeJSON(cmd.OutOrStdout(), lockedClient{t.id, had})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "the client %s is locked down: %d grants ended, and it is notified of %d sessions; give it a new secret, then run --undo\n",
		t.id, had.Grants, had.Sessions)
	return err
}

func (t application) unlock(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) error {
	err := d.accounts(store).UnlockClient(cmd.Context(), operator(), t.id, t.reason)
	if errors.Is(err, account.ErrNotFound) {
		return fmt.Errorf("the client %s is not locked down", t.id)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "the client %s is served again; what ended stays ended\n", t.id)
	return err
}

// mustKnow refuses clients that nobody has registered.
func (d *dependencies) mustKnow(cmd *cobra.Command, store *sqlstore.Store, id string) error {
	clients, err := d.clients()
	if err != nil {
		return err
	}
	for i := range clients {
		if clients[i].ID == id {
			return nil
		}
	}
	if client.IsDocumentID(id) && d.cfg.ClientDocuments.On() {
		_, err := client.CheckDocumentID(id)
		return err // nobody registers those: one may be kept out before it comes
	}
	_, _, err = storedClient(cmd, store, d, id)
	return err
}
