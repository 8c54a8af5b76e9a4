package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func epochCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "epoch", Short: "End everything that was issued before, after a restored backup"}
	cmd.AddCommand(epochRaiseCommand())
	return cmd
}

const epochQuestion = "This signs everybody out of everything, and voids what was issued to them. Raise the epoch?"

func epochRaiseCommand() *cobra.Command {
	var from storeFlags
	var reason string
	var yes bool
	cmd := &cobra.Command{
		Use:   "raise --reason TEXT",
		Short: "End every session, grant, trusted device, unused invitation, pending link and sign-in under way",
		Long: "A restored backup makes valid again what was ended after it was made. This ends everything that was issued to anybody:\n" +
			"sessions, grants (offline ones too), trust in devices, unused invitations, pending links and codes, links that give an\n" +
			"account or an address back, sign-ins under way. Passwords, second factors and consents stay, and access tokens of\n" +
			"client_credentials work until they expire. It cannot be undone.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reason == "" {
				return usagef("--reason is missing: say why; it is recorded")
			}
			if err := checkReason(reason); err != nil {
				return &usageError{err}
			}
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error {
				if !yes {
					if err := agreed(cmd.InOrStdin(), cmd.ErrOrStderr(), epochQuestion); err != nil {
						return err
					}
				}
				if err := d.accounts(store).RaiseEpoch(cmd.Context(), operator(), reason); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "the epoch is raised: nothing that was issued to people before works any more")
				return err
			})
		},
	}
	from.register(cmd)
	reasonFlag(cmd, &reason, " (required)")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it without asking, as in scripts")
	return cmd
}

// agreed asks whoever sits at a terminal a yes/no question; nil is yes. Where
// nobody sits there it asks for --yes.
func agreed(in io.Reader, out io.Writer, question string) error {
	if f, ok := in.(*os.File); ok && !isTerminal(f) {
		return usagef("say --yes: there is no terminal to ask at")
	}
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}
