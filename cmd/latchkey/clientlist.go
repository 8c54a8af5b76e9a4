package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// shownClient is a client as JSON: its metadata in the names of RFC 7591, with the
// defaults that apply; never a secret.
type shownClient struct {
	ID string `json:"client_id"`
	client.Metadata
	Secrets int `json:"secrets"`
	// Source is file, or how the client came into the database, and Place where in which
	// file it stands.
	Source string `json:"source"`
	Place  string `json:"place,omitempty"`
	// Vouched says that somebody stands for what the client says of itself.
	Vouched    bool       `json:"vouched"`
	CreatedAt  *time.Time `json:"created_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"`
	// EndsAt is when it goes unless it is used before.
	EndsAt *time.Time `json:"ends_at,omitempty"`
}

// shownClientOf shows a client; row is nil of one that a file has.
func shownClientOf(c *client.Client, place string, row *storage.Client) shownClient {
	shown := shownClient{ID: c.ID, Metadata: c.Metadata, Secrets: len(c.Secrets), Source: "file", Place: place, Vouched: c.Vouched()}
	if row != nil {
		shown.Source, shown.Place = string(row.Source), ""
		shown.CreatedAt, shown.LastUsedAt = setTime(row.CreatedAt), setTime(row.LastUsedAt)
		shown.DisabledAt, shown.EndsAt = setTime(row.DisabledAt), setTime(row.EndsAt)
	}
	return shown
}

// setTime is nil for no time.
func setTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

func clientListCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the clients, those of the configuration first and then those of the database", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				all, err := allClients(cmd, store, p)
				if err != nil {
					return err
				}
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), all)
				}
				rows := newTable(cmd.OutOrStdout(), "ID", "NAME", "TYPE", "SOURCE", "GRANTS", "REDIRECT URIS").mayCut("NAME", "GRANTS", "REDIRECT URIS")
				for _, c := range all {
					if err := rows.row(c.ID, dash(c.Name), c.Type, c.Source, orNone(c.GrantTypes), orNone(c.RedirectURIs)); err != nil {
						return err
					}
				}
				return rows.end()
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the clients as JSON")
	return cmd
}

// allClients are those of files, and after them those of the database.
func allClients(cmd *cobra.Command, store *sqlstore.Store, p *dependencies) ([]shownClient, error) {
	const page = 500
	inFiles, err := p.clients()
	if err != nil {
		return nil, err
	}
	all := make([]shownClient, len(inFiles))
	for i := range inFiles {
		all[i] = shownClientOf(&inFiles[i], p.cfg.ClientPlaces[inFiles[i].ID], nil)
	}
	stored := p.stored(store)
	for after := ""; ; {
		rows, err := store.Clients().List(cmd.Context(), after, page)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			c, err := stored.Read(&rows[i])
			if err != nil {
				return nil, err
			}
			all = append(all, shownClientOf(c, "", &rows[i]))
		}
		if len(rows) < page {
			return all, nil
		}
		after = rows[len(rows)-1].ID
	}
}

func clientShowCommand() *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: "show CLIENT", Short: "Show what is registered of a client, with the defaults that apply, as JSON", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			shown, err := from.shownClient(cmd, args[0])
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), shown)
		},
	}
	from.register(cmd)
	cmd.Flags().Bool("json", true, "it is always JSON")
	return cmd
}

// shownClient finds a client in files, and where none has it in the database.
func (f *storeFlags) shownClient(cmd *cobra.Command, id string) (shown shownClient, err error) {
	clients, err := f.clients()
	if err != nil {
		return shown, err
	}
	if i := slices.IndexFunc(clients, func(c client.Client) bool { return c.ID == id }); i >= 0 {
		cfg, err := f.load()
		if err != nil {
			return shown, err
		}
		return shownClientOf(&clients[i], cfg.ClientPlaces[id], nil), nil
	}
	err = f.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
		c, row, err := storedClient(cmd, store, p, id)
		if err == nil {
			shown = shownClientOf(c, "", row)
		}
		return err
	})
	return shown, err
}

// storedClient is a client of the database, disabled or not.
func storedClient(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, id string) (*client.Client, *storage.Client, error) {
	row, err := store.Clients().ByID(cmd.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil, fmt.Errorf("no client is called %q; latchkey client list shows them all", id)
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := p.stored(store).Read(row)
	return c, row, err
}
