package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// newClientSecret is the answer of `client add-secret --json`: a form that others read, so
// its names stay as they are.
type newClientSecret struct {
	ClientID string `json:"client_id"`
	// Secret is empty where it was written to a file.
	Secret string `json:"client_secret,omitempty"`
	// Secrets are how many work now, and OthersEndAt is until when the others do.
	Secrets     int        `json:"secrets"`
	OthersEndAt *time.Time `json:"others_end_at,omitempty"`
}

// secretOrder is what `client add-secret` and `client rotate-secret` are told.
type secretOrder struct {
	from storeFlags
	out  string
	json bool
	// keepOthers is for how long other secrets still work; less than nothing: as before.
	keepOthers time.Duration
}

func (o *secretOrder) register(cmd *cobra.Command) {
	o.from.register(cmd)
	cmd.Flags().StringVar(&o.out, "out", "-", "`file` to create for the secret, readable only by you; - is standard output")
	jsonFlag(cmd, &o.json, "what was made")
}

const secretLong = "The secret is shown once: the database stores only what is needed to verify it. For a client that is defined in a\n" +
	"configuration file, the command says what to write there."

func clientAddSecretCommand() *cobra.Command {
	o := secretOrder{keepOthers: -1}
	cmd := &cobra.Command{
		Use: "add-secret CLIENT", Short: "Give a client of the database one more secret; those that it has go on working", Args: cobra.ExactArgs(1),
		Long: secretLong, Example: "  latchkey client add-secret wiki --out /run/secrets/wiki.new",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				_, row, err := d.withSecret(cmd, store, args[0])
				if err != nil {
					return err
				}
				return o.add(cmd, store, d, row)
			})
		},
	}
	o.register(cmd)
	return cmd
}

func clientRotateSecretCommand() *cobra.Command {
	var o secretOrder
	var d destroy
	cmd := &cobra.Command{
		Use: "rotate-secret CLIENT", Short: "Give a client of the database another secret, and end those that it has after a while", Args: cobra.ExactArgs(1),
		Long:    secretLong + "\n\nBoth secrets work for the time of --keep-old, so that you can update the application without an interruption.",
		Example: "  latchkey client rotate-secret wiki --out /run/secrets/wiki.new\n  latchkey client rotate-secret wiki --keep-old 0s    # the old one leaked",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.keepOthers < 0 {
				return usagef("--keep-old must not be negative")
			}
			return o.from.withTables(cmd, func(store *sqlstore.Store, deps *dependencies) error {
				c, row, err := deps.withSecret(cmd, store, args[0])
				if err != nil {
					return err
				}
				when := "now"
				if o.keepOthers > 0 {
					when = "in " + client.FormatDuration(o.keepOthers)
				}
				goes, err := d.gently(cmd, "give the client %s another secret, and end %s %s", row.ID, counted(validSecrets(c.Secrets, deps.now()), "secret", "secrets"), when)
				if err != nil || !goes {
					return err
				}
				return o.add(cmd, store, deps, row)
			})
		},
	}
	o.register(cmd)
	d.register(cmd)
	cmd.Flags().DurationVar(&o.keepOthers, "keep-old", 24*time.Hour, "how `long` the existing secrets keep working; 0s ends them now")
	return cmd
}

// validSecrets counts those that have not expired.
func validSecrets(secrets []client.Secret, now time.Time) (n int) {
	for _, s := range secrets {
		if s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt) {
			n++
		}
	}
	return n
}

// withSecret finds a client of the database. Of one that a file has it says what to write
// there.
func (d *dependencies) withSecret(cmd *cobra.Command, store *sqlstore.Store, id string) (*client.Client, *storage.Client, error) {
	if place, inFile := d.cfg.ClientPlaces[id]; inFile {
		return nil, nil, fmt.Errorf(`%q is a client of the configuration (%s). Make a secret with `+"`openssl rand -hex 32`"+`, and write there, with the one that it has as the second until the application knows the new one:

    secrets:
      - {value: file:/run/secrets/%s.new}
      - {value: file:/run/secrets/%[3]s, expires_at: %[4]s}

in the place of secret; nodes take the changed file by themselves`,
			id, place, id, d.now().Add(24*time.Hour).UTC().Truncate(time.Minute).Format(time.RFC3339))
	}
	return storedClient(cmd, store, d, id)
}

// add makes the secret. The file for it is made first, so that no secret is made that
// nobody gets.
func (o *secretOrder) add(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, row *storage.Client) (err error) {
	out := cmd.OutOrStdout()
	if o.out != "-" {
		file, failed := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if failed != nil {
			return fmt.Errorf("--out: %w", failed)
		}
		defer func() {
			err = errors.Join(err, file.Close())
			if err != nil {
				err = errors.Join(err, os.Remove(o.out))
			}
		}()
		out = file
	}
	made, err := addSecret(cmd, store, d, row, o.keepOthers)
	if err != nil {
		return err
	}
	told := newClientSecret{ClientID: row.ID, Secret: made.Secret, Secrets: len(made.Client.Secrets)}
	if o.keepOthers >= 0 {
		told.OthersEndAt = setTime(d.now().Add(o.keepOthers).Truncate(time.Second))
	}
	if o.json {
		if o.out != "-" {
			told.Secret = ""
			if _, err := io.WriteString(out, made.Secret+"\n"); err != nil {
				return fmt.Errorf("write the secret: %w", err)
			}
		}
		return writeJSON(cmd.OutOrStdout(), told)
	}
	if _, err := io.WriteString(out, made.Secret+"\n"); err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	ends := ""
	if told.OthersEndAt != nil {
		ends = "; those before it end at " + at(*told.OthersEndAt, "")
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s has a new secret, shown this once%s\n", row.ID, ends)
	return err
}

func addSecret(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, row *storage.Client, keepOthers time.Duration) (*registration.Registered, error) {
	e, err := d.accounts(store).BeginClient(cmd.Context(), operator(), storage.EventClientChanged)
	if err != nil {
		return nil, err
	}
	e.Detail += ": a secret was added"
	if keepOthers >= 0 {
		e.Detail += ", the others end in " + client.FormatDuration(keepOthers)
	}
	made, err := d.registrar(store, d.stored(store), false, nil).AddSecret(cmd.Context(), row, keepOthers, e)
	var wrong *registration.Error
	switch {
	case errors.Is(err, storage.ErrFull):
		return nil, fmt.Errorf("%s has %d secrets that work, which is as many as may be: `latchkey client rotate-secret` ends them", row.ID, registration.MaxSecrets)
	case errors.Is(err, storage.ErrConflict):
		return nil, fmt.Errorf("%s was changed meanwhile: try again", row.ID)
	case errors.As(err, &wrong):
		return nil, errors.New(wrong.Description)
	}
	return made, err
}
