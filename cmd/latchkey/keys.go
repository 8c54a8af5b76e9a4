package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Look at the signing keys, rotate them, take one out, or seal secrets anew"}
	cmd.AddCommand(keysListCommand(), keysRotateCommand(), keysRevokeCommand(), keysResealCommand())
	return cmd
}

// shownKey is a signing key as JSON: a form that others read, so its names stay as
// they are.
type shownKey struct {
	ID          string     `json:"kid"`
	Alg         string     `json:"alg"`
	State       string     `json:"state"`
	PublishedAt time.Time  `json:"published_at"`
	SignsFrom   time.Time  `json:"signs_from"`
	SignsUntil  *time.Time `json:"signs_until,omitempty"`
	ExpiresAt   *time.Time `json:"leaves_jwks_at,omitempty"`
}

func keysListCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the published signing keys and what each does now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error { return listKeys(cmd, store, p, asJSON) })
		},
	}
	from.register(cmd)
	jsonFlag(cmd, &asJSON, "the keys")
	return cmd
}

func keysRotateCommand() *cobra.Command {
	var from storeFlags
	var alg string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Publish successors of the signing keys now; they sign after signing_keys.publish_ahead",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				if err := rotateKeys(cmd, store, p, alg); err != nil {
					return err
				}
				return listKeys(cmd, store, p, asJSON)
			})
		},
	}
	from.register(cmd)
	jsonFlag(cmd, &asJSON, "the keys as they are then")
	cmd.Flags().StringVar(&alg, "alg", "", "rotate this algorithm's `key` only, such as RS256")
	return cmd
}

// keysRevokeCommand takes a stolen key out. It wants --now, because that breaks
// what relying parties remember: they meet a signature of a key that they have not
// seen, and tokens of the old one that they still take for good.
func keysRevokeCommand() *cobra.Command {
	var from storeFlags
	var d destroy
	var now, asJSON bool
	cmd := &cobra.Command{
		Use:   "revoke KID",
		Short: "Take a stolen signing key out at once; its successor signs from now on",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !now && !d.decided() {
				return errors.New("say --now: the key leaves the JWKS and every token that it signed stops working here; " +
					"to replace a key that nobody stole use `latchkey keys rotate`")
			}
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				ring, err := p.loadRing(cmd.Context(), store)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(ring.Keys(), func(k storage.SigningKey) bool { return k.ID == args[0] }) {
					return noKey(args[0])
				}
				goes, err := d.gently(cmd, "take the signing key %s out of the JWKS: every token that it signed stops working here", args[0])
				if err != nil || !goes {
					return err
				}
				e, err := p.accounts(store).BeginKeyChange(cmd.Context(), operator(), storage.EventSigningKeyRevoked)
				if err != nil {
					return err
				}
				err = ring.Revoke(cmd.Context(), args[0], e)
				if errors.Is(err, storage.ErrNotFound) {
					return noKey(args[0])
				}
				if err != nil {
					return err
				}
				return listKeys(cmd, store, p, asJSON)
			})
		},
	}
	from.register(cmd)
	jsonFlag(cmd, &asJSON, "the keys as they are then")
	cmd.Flags().BoolVar(&now, "now", false, "do it, although relying parties have not seen the successor")
	d.register(cmd)
	return cmd
}

func noKey(id string) error {
	return fmt.Errorf("no signing key is named %q: `latchkey keys list` names them", id)
}

func rotateKeys(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, alg string) error {
	ring, err := p.loadRing(cmd.Context(), store)
	if err != nil {
		return err
	}
	algs := ring.KeyAlgs()
	if alg != "" {
		if !slices.Contains(algs, alg) {
			return fmt.Errorf("--alg %s is not among signing_keys.algs and encryption_algs %v", alg, algs)
		}
		algs = []string{alg}
	}
	e, err := p.accounts(store).BeginKeyChange(cmd.Context(), operator(), storage.EventSigningKeyRotated)
	if err != nil {
		return err
	}
	for _, alg := range algs {
		err := ring.Rotate(cmd.Context(), alg, e)
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

func listKeys(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, asJSON bool) error {
	ring, err := p.loadRing(cmd.Context(), store)
	if err != nil {
		return err
	}
	if asJSON {
		shown := []shownKey{}
		for _, k := range ring.Keys() {
			shown = append(shown, shownKey{
				k.ID, k.Alg, keyState(k, p.now()), k.CreatedAt.UTC(), k.SignsFrom.UTC(), timeOrNone(k.SignsUntil), timeOrNone(k.ExpiresAt),
			})
		}
		return writeJSON(cmd.OutOrStdout(), shown)
	}
	rows := newTable(cmd.OutOrStdout(), "KID", "ALG", "STATE", "PUBLISHED", "SIGNS FROM", "SIGNS UNTIL", "LEAVES JWKS")
	for _, k := range ring.Keys() {
		if err := rows.row(k.ID, k.Alg, keyState(k, p.now()), at(k.CreatedAt, "-"), at(k.SignsFrom, "-"), at(k.SignsUntil, "-"), at(k.ExpiresAt, "-")); err != nil {
			return err
		}
	}
	return rows.end()
}

// keyState says in a word what a key does at now.
func keyState(k storage.SigningKey, now time.Time) string {
	switch {
	case now.Before(k.SignsFrom):
		return "next"
	case keys.IsEncryptionAlg(k.Alg):
		return "decrypting"
	case k.SignsUntil.IsZero() || now.Before(k.SignsUntil):
		return "signing"
	}
	return "verifying"
}
