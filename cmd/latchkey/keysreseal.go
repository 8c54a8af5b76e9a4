package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// resealBatch is how many sealed values are read at once.
const resealBatch = 500

// resealed is the answer of `keys reseal --json`: a form that others read, so its names
// stay as they are.
type resealed struct {
	Looked   int            `json:"looked_at"`
	Resealed map[string]int `json:"resealed"`
}

func keysResealCommand() *cobra.Command {
	var from storeFlags
	var asJSON, dryRun bool
	cmd := &cobra.Command{
		Use: "reseal", Short: "Seal every stored secret again with the current sealing key", Args: cobra.NoArgs,
		Long: "Seals signing keys, secrets of authenticator apps and queued messages again that are sealed with any key other than the first\n" +
			"of secrets.sealing_keys, while nodes keep serving. Once it has finished, and no node seals with the old key any more, you can\n" +
			"remove the old key from the configuration. You can run it again at any time; it continues where it was stopped.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				done, err := reseal(cmd, store, d, dryRun)
				if err != nil {
					return err
				}
				return tellResealed(cmd, done, dryRun, asJSON)
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would be sealed again")
	jsonFlag(cmd, &asJSON, "how many were sealed again")
	return cmd
}

func tellResealed(cmd *cobra.Command, done *resealed, dryRun, asJSON bool) error {
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), done)
	}
	verb := "sealed again"
	if dryRun {
		verb = "would seal again"
	}
	var parts []string
	for _, kind := range storage.SealedKinds() {
		parts = append(parts, fmt.Sprintf("%s %s", grouped(done.Resealed[string(kind)]), strings.ReplaceAll(string(kind), "_", " ")))
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, of %s\n", verb, strings.Join(parts, ", "), counted(done.Looked, "sealed value", "sealed values"))
	return err
}

// reseal goes over everything that is sealed, page by page.
func reseal(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, dryRun bool) (*resealed, error) {
	done := &resealed{Resealed: map[string]int{}}
	bar := newProgress(cmd.ErrOrStderr(), "secrets looked at")
	defer bar.end()
	for _, kind := range storage.SealedKinds() {
		if err := resealKind(cmd, store, d, kind, dryRun, done, bar); err != nil {
			return nil, err
		}
	}
	changed := 0
	for _, n := range done.Resealed {
		changed += n
	}
	if dryRun || changed == 0 {
		return done, nil
	}
	e, err := account.NewEvent(d.now(), rand.Reader, operator(), storage.EventSecretsResealed, "")
	if err != nil {
		return nil, err
	}
	e.Detail += fmt.Sprintf(": %d of %d", changed, done.Looked)
	return done, store.Events().Append(cmd.Context(), e)
}

func resealKind(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, kind storage.SealedKind, dryRun bool, done *resealed, bar *progress) error {
	ctx, after := cmd.Context(), ""
	for {
		page, err := store.Secrets().Page(ctx, kind, after, resealBatch)
		if err != nil {
			return err
		}
		for _, v := range page {
			after = v.Key
			if v.Sealed == "" {
				continue
			}
			next, changed, err := sealAnew(d.sealer, kind, v)
			if err != nil {
				return sealingAdvice(fmt.Errorf("%s %s: %w", kind, v.Key, err))
			}
			done.Looked++
			bar.add(1)
			if !changed {
				continue
			}
			if !dryRun {
				err = store.Secrets().Replace(ctx, kind, v.Key, v.Sealed, next)
			}
			if errors.Is(err, storage.ErrNotFound) {
				continue // gone, or sealed anew by somebody else
			}
			if err != nil {
				return err
			}
			done.Resealed[string(kind)]++
		}
		if len(page) < resealBatch {
			return nil
		}
	}
}

// sealAnew is the one table of how values of a kind are sealed to their rows.
func sealAnew(sealer *keys.Sealer, kind storage.SealedKind, v storage.SealedValue) (string, bool, error) {
	switch kind {
	case storage.SealedSigningKeys:
		return keys.ResealPrivateKey(sealer, v.Key, v.Sealed)
	case storage.SealedFactors:
		return mfa.ResealTOTPSecret(sealer, storage.ID(v.Key), v.Owner, v.Sealed)
	case storage.SealedMessages:
		return message.Reseal(sealer, storage.ID(v.Key), v.Sealed)
	}
	return "", false, fmt.Errorf("unknown kind of sealed value: %s", kind)
}
