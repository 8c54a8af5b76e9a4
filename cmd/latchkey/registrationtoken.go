package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func registrationTokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "registration-token", Short: "Make the initial access tokens that clients register themselves with, where registration.mode is token"}
	cmd.AddCommand(registrationTokenCreateCommand(), registrationTokenListCommand(), registrationTokenRevokeCommand())
	return cmd
}

// issuedToken is an initial access token, as JSON; the token itself only when it is made.
type issuedToken struct {
	ID        storage.ID `json:"id"`
	Token     string     `json:"token,omitempty"`
	Note      string     `json:"note,omitempty"`
	UsesLeft  int64      `json:"uses_left"`
	CreatedBy string     `json:"created_by,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
}

func issuedTokenOf(t *storage.RegistrationToken, token string) issuedToken {
	return issuedToken{ID: t.ID, Token: token, Note: t.Note, UsesLeft: t.UsesLeft, CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt.UTC(), ExpiresAt: t.ExpiresAt.UTC()}
}

func registrationTokenCreateCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	var n registration.NewToken
	cmd := &cobra.Command{
		Use: "create", Short: "Make an initial access token, and print it: it is kept nowhere", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n.Uses < 1 || n.Uses > registration.MaxTokenUses || n.Lasts <= 0 || n.Lasts > registration.MaxTokenLasts {
				return usagef("--uses is 1 to %d, and --lasts at most %s", registration.MaxTokenUses, registration.MaxTokenLasts)
			}
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				if p.cfg.Registration.Mode != registration.ModeToken {
					return fmt.Errorf("registration.mode is %s: initial access tokens are used where it is token", p.cfg.Registration.Mode)
				}
				e, err := p.accounts(store).BeginClient(cmd.Context(), operator(), storage.EventRegistrationTokenCreated)
				if err != nil {
					return err
				}
				n.By = e.ActorID
				token, made, err := p.registrar(store, p.stored(store), false, nil).IssueToken(cmd.Context(), n, e)
				if err != nil {
					return err
				}
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), issuedTokenOf(made, token))
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "initial access token %s: registers %d, until %s\n", made.ID, made.UsesLeft, at(made.ExpiresAt, ""))
				_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
				return err
			})
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&n.Note, "note", "", "`text` that says whom it is for")
	flags.Int64Var(&n.Uses, "uses", 1, "how `many` clients may be registered with it")
	flags.DurationVar(&n.Lasts, "lasts", 24*time.Hour, "for how `long` it is good")
	flags.BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func registrationTokenListCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the initial access tokens, without the tokens themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, _ *dependencies) error {
				const most = 10_000
				tokens, err := store.RegistrationTokens().List(cmd.Context(), "", most)
				if err != nil {
					return err
				}
				shown := make([]issuedToken, len(tokens))
				for i := range tokens {
					shown[i] = issuedTokenOf(&tokens[i], "")
				}
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), shown)
				}
				rows := newTable(cmd.OutOrStdout(), "ID", "NOTE", "USES LEFT", "EXPIRES", "MADE BY").mayCut("NOTE")
				for _, t := range shown {
					if err := rows.row(t.ID, dash(t.Note), t.UsesLeft, at(t.ExpiresAt, "-"), dash(t.CreatedBy)); err != nil {
						return err
					}
				}
				return rows.end()
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the tokens as JSON")
	return cmd
}

func registrationTokenRevokeCommand() *cobra.Command {
	var from storeFlags
	var d destroy
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "Take an initial access token back; the clients that it registered stay", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				goes, err := d.gently(cmd, "take the initial access token %s back", args[0])
				if err != nil || !goes {
					return err
				}
				e, err := p.accounts(store).BeginClient(cmd.Context(), operator(), storage.EventRegistrationTokenRevoked)
				if err != nil {
					return err
				}
				e.Detail += ": " + args[0]
				err = store.RegistrationTokens().Delete(cmd.Context(), storage.ID(args[0]), e)
				if errors.Is(err, storage.ErrNotFound) {
					return fmt.Errorf("no initial access token has the id %q", args[0])
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "revoked initial access token %s\n", args[0])
				return err
			})
		},
	}
	from.register(cmd)
	d.register(cmd)
	return cmd
}
