package main

import (
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Look at the signing keys, or rotate them"}
	cmd.AddCommand(keysListCommand(), keysRotateCommand())
	return cmd
}

func keysListCommand() *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the published signing keys and what each does now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error { return listKeys(cmd, store, p) })
		},
	}
	from.register(cmd)
	return cmd
}

func keysRotateCommand() *cobra.Command {
	var from storeFlags
	var alg string
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Publish successors of the signing keys now; they sign after signing_keys.publish_ahead",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				if err := rotateKeys(cmd, store, p, alg); err != nil {
					return err
				}
				return listKeys(cmd, store, p)
			})
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&alg, "alg", "", "rotate this algorithm's `key` only: RS256, ES256 or EdDSA")
	return cmd
}

func rotateKeys(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, alg string) error {
	ring, err := p.loadRing(cmd.Context(), store)
	if err != nil {
		return err
	}
	algs := ring.Algs()
	if alg != "" {
		if !slices.Contains(algs, alg) {
			return fmt.Errorf("--alg %s is not among signing_keys.algs %v", alg, algs)
		}
		algs = []string{alg}
	}
	for _, alg := range algs {
		err := ring.Rotate(cmd.Context(), alg)
		if errors.Is(err, keys.ErrPending) {
			fmt.Fprintln(cmd.ErrOrStderr(), "skipped:", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func listKeys(cmd *cobra.Command, store *sqlstore.Store, p *dependencies) error {
	ring, err := p.loadRing(cmd.Context(), store)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KID\tALG\tSTATE\tPUBLISHED\tSIGNS FROM\tSIGNS UNTIL\tLEAVES JWKS")
	for _, k := range ring.Keys() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			k.ID, k.Alg, keyState(k, p.now()), stamp(k.CreatedAt), stamp(k.SignsFrom), stamp(k.SignsUntil), stamp(k.ExpiresAt))
	}
	return w.Flush()
}

// keyState says in a word what a key does at now.
func keyState(k storage.SigningKey, now time.Time) string {
	switch {
	case now.Before(k.SignsFrom):
		return "next"
	case k.SignsUntil.IsZero() || now.Before(k.SignsUntil):
		return "signing"
	}
	return "verifying"
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
