package main

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/latchkey-id/latchkey/client"
	"github.com/spf13/cobra"
)

// shownClient is a client as JSON: its metadata in the names of RFC 7591, with the
// defaults that apply; never a secret.
type shownClient struct {
	ID string `json:"client_id"`
	client.Metadata
	Secrets int `json:"secrets"`
}

func shownClientOf(c *client.Client) shownClient {
	return shownClient{ID: c.ID, Metadata: c.Metadata, Secrets: len(c.Secrets)}
}

func clientListCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the clients of the configuration", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			clients, err := from.clients()
			if err != nil {
				return err
			}
			if asJSON {
				shown := make([]shownClient, len(clients))
				for i := range clients {
					shown[i] = shownClientOf(&clients[i])
				}
				return writeJSON(cmd.OutOrStdout(), shown)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tTYPE\tGRANTS\tREDIRECT URIS")
			for _, c := range clients {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.ID, dash(c.Name), c.Type, orNone(c.GrantTypes), orNone(c.RedirectURIs))
			}
			return w.Flush()
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the clients as JSON")
	return cmd
}

func clientShowCommand() *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: "show CLIENT", Short: "Show what is registered of a client, with the defaults that apply, as JSON", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clients, err := from.clients()
			if err != nil {
				return err
			}
			i := slices.IndexFunc(clients, func(c client.Client) bool { return c.ID == args[0] })
			if i < 0 {
				return fmt.Errorf("no client is called %q; latchkey client list shows them all", args[0])
			}
			return writeJSON(cmd.OutOrStdout(), shownClientOf(&clients[i]))
		},
	}
	from.register(cmd)
	cmd.Flags().Bool("json", true, "it is always JSON")
	return cmd
}
