package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// exportedUser is a person as `user import --format jsonl` takes them; see docs/import.md.
type exportedUser struct {
	storage.Profile
	ID            storage.ID     `json:"id"`
	Email         string         `json:"email,omitempty"`
	EmailVerified bool           `json:"email_verified,omitempty"`
	Username      string         `json:"username,omitempty"`
	Phone         string         `json:"phone,omitempty"`
	PhoneVerified bool           `json:"phone_verified,omitempty"`
	PasswordHash  string         `json:"password_hash,omitempty"`
	Roles         []string       `json:"roles,omitempty"`
	Groups        []string       `json:"groups,omitempty"`
	Attributes    map[string]any `json:"attributes,omitempty"`
	Disabled      bool           `json:"disabled,omitempty"`
	CreatedAt     time.Time      `json:"created_at"`
}

func userExportCommand() *cobra.Command {
	var from storeFlags
	var hashes bool
	var to string
	cmd := &cobra.Command{
		Use: "export", Short: "Write accounts as JSON lines for `user import`, always without the secrets of second factors", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error { return exportUsers(cmd, store, d, to, hashes) })
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&hashes, "password-hashes", false, "include password hashes: protect the file like a backup")
	cmd.Flags().StringVar(&to, "out", "-", "`file` to create, readable only by you; - is standard output")
	return cmd
}

// exportUsers writes people while they are read. That it was done is recorded before.
func exportUsers(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, to string, hashes bool) (err error) {
	out := bufio.NewWriter(cmd.OutOrStdout())
	if to != "-" {
		file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		defer func() {
			if closed := file.Close(); err == nil {
				err = closed
			}
		}()
		out = bufio.NewWriter(file)
	}
	if err := d.accounts(store).RecordExportOfAll(cmd.Context(), operator(), hashes); err != nil {
		return err
	}
	bar := newProgress(cmd.ErrOrStderr(), "people written")
	lines, after := json.NewEncoder(out), storage.ID("")
	for {
		users, err := store.Users().List(cmd.Context(), after, listBatch)
		if err != nil {
			return err
		}
		for i := range users {
			after = users[i].ID
			if err := lines.Encode(exportedUserOf(&users[i], hashes)); err != nil {
				return fmt.Errorf("write person: %w", err)
			}
		}
		bar.add(len(users))
		if len(users) < listBatch {
			break
		}
	}
	bar.end()
	if err := out.Flush(); err != nil || to == "-" {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s to %s\n", counted(bar.n, "person", "people"), to)
	return err
}

func exportedUserOf(u *storage.User, hashes bool) exportedUser {
	e := exportedUser{
		Profile: u.Profile, ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		Roles: u.Roles, Groups: u.Groups, Attributes: u.Attributes, Disabled: u.Disabled(), CreatedAt: u.CreatedAt.UTC(),
	}
	if hashes {
		e.PasswordHash = u.PasswordHash
	}
	return e
}
