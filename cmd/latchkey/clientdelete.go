package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func clientDeleteCommand() *cobra.Command {
	var from storeFlags
	var d destroy
	cmd := &cobra.Command{
		Use: "delete CLIENT", Short: "Delete a client of the database, with all that people allowed it", Args: cobra.ExactArgs(1),
		Long: "delete ends every grant of the client, including offline ones, and forgets the consents. Remove a client that is defined\n" +
			"in a configuration file from that file.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error { return deleteClient(cmd, store, p, &d, args[0]) })
		},
	}
	from.register(cmd)
	d.register(cmd)
	return cmd
}

func deleteClient(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, d *destroy, id string) error {
	if place, inFile := p.cfg.ClientPlaces[id]; inFile {
		return fmt.Errorf("%q is a client of the configuration (%s): remove it there", id, place)
	}
	c, row, err := storedClient(cmd, store, p, id)
	if err != nil {
		return err
	}
	if goes, err := d.goes(cmd, "delete the client %s (%s), and end all that people allowed it", id, c.Name); err != nil || !goes {
		return err
	}
	e, err := p.accounts(store).BeginClient(cmd.Context(), operator(), storage.EventClientDeleted)
	if err != nil {
		return err
	}
	if err := p.registrar(store, p.stored(store), false, nil).Remove(cmd.Context(), id, row.Version, e); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "deleted client %s\n", id)
	return err
}
