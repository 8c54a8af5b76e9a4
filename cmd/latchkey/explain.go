package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/cmd/internal/explain"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func explainCommand() *cobra.Command {
	var from storeFlags
	var network, acr, resource string
	var scopes []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "explain USER CLIENT", Short: "Show whether a person may use an application, by which rule, after which steps and with which claims",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := explain.Question{ACR: acr, Scopes: scopes, Resource: resource}
			if network != "" {
				var err error
				if q.Address, err = netip.ParseAddr(network); err != nil {
					return usagef("--network %q is not an address", network)
				}
			}
			if acr != "" && !slices.Contains(client.ACRs(), acr) {
				return usagef("--acr %q is not one of %s", acr, strings.Join(client.ACRs(), ", "))
			}
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				user, err := findUser(cmd.Context(), store, args[0])
				if err != nil {
					return err
				}
				q.User = user
				if q.Client, q.Unserved, err = d.anyClient(cmd, store, args[1]); err != nil {
					return err
				}
				answer, err := d.explainer().Explain(q)
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(answer)
				}
				return writeAnswer(cmd.OutOrStdout(), nameOf(user), q.Client, answer)
			})
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&network, "network", "", "the `address` of the person's browser; without it, they are in no known network")
	cmd.Flags().StringVar(&acr, "acr", "", "the authentication context `class` (acr) of their session; without it, they are not signed in")
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "a `scope` that the application requests; default: all that it is registered for")
	cmd.Flags().StringVar(&resource, "resource", "", "the `identifier` of the resource server that the access token is for")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// anyClient returns a client of the configuration or of the database, and why no node
// serves it; empty where they do.
func (d *dependencies) anyClient(cmd *cobra.Command, store *sqlstore.Store, id string) (c *client.Client, unserved string, err error) {
	clients, err := d.clients()
	if err != nil {
		return nil, "", err
	}
	if i := slices.IndexFunc(clients, func(c client.Client) bool { return c.ID == id }); i >= 0 {
		c = &clients[i]
	} else {
		var row *storage.Client
		if c, row, err = storedClient(cmd, store, d, id); err != nil {
			return nil, "", err
		}
		switch {
		case !row.DisabledAt.IsZero():
			unserved = "the client is disabled"
		case !row.EndsAt.IsZero() && !d.now().Before(row.EndsAt):
			unserved = "the client has ended: it was not used for long"
		}
	}
	locked, err := store.LockedClients().List(cmd.Context())
	if slices.ContainsFunc(locked, func(l storage.LockedClient) bool { return l.ClientID == id }) {
		unserved = "the client is locked down"
	}
	return c, unserved, err
}

// explainer answers for this installation.
func (d *dependencies) explainer() *explain.Provider {
	return &explain.Provider{Issuer: d.cfg.Issuer, Catalog: d.cfg.Catalog, Policy: d.policy(), Log: d.log, Now: d.now()}
}

// writeAnswer prints an answer for people.
func writeAnswer(w io.Writer, person string, c *client.Client, a *explain.Answer) error {
	var b strings.Builder
	verdict := "may not use"
	if a.Allowed() {
		verdict = "may use"
	}
	fmt.Fprintf(&b, "%s %s %s: %s\n", person, verdict, c.ID, a.By)
	if a.Elsewhere {
		b.WriteString("From another network a rule would fit.\n")
	}
	for _, rule := range a.Rules {
		fit := "fits"
		if rule.Unmet != "" {
			fit = "does not fit: " + rule.Unmet
		} else if rule.ACR != "" {
			fit += ", and wants " + rule.ACR
		}
		fmt.Fprintf(&b, "  %s, %s: %s\n", rule.Name, rule.Effect, fit)
	}
	steps := "nothing"
	if len(a.Steps) > 0 {
		steps = strings.Join(a.Steps, ", ")
	}
	fmt.Fprintf(&b, "Sign-in asks for: %s\n", steps)
	if a.Preview != nil {
		for _, claims := range []struct {
			of    string
			value map[string]any
		}{{"ID token", a.IDToken}, {"userinfo", a.UserInfo}, {"access token", a.AccessToken}} {
			if claims.value == nil {
				continue
			}
			text, err := json.MarshalIndent(claims.value, "  ", "  ")
			if err != nil {
				return fmt.Errorf("print claims: %w", err)
			}
			fmt.Fprintf(&b, "%s:\n  %s\n", claims.of, text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
