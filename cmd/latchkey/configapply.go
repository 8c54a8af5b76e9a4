package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// applyLook is how often `config apply` looks at what nodes report.
const applyLook = 500 * time.Millisecond

func configApplyCommand() *cobra.Command {
	var from storeFlags
	var f diffFlags
	var dryRun bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Say what a reload changes, and wait until every node has loaded it",
		Long: "The files are the source of truth: nodes pick up a changed file on their own within seconds. apply says what the change does,\n" +
			"and waits until every live node runs with it, or says which nodes failed, and why. With --dry-run it does not wait:\n" +
			"use it to check a file before you deploy it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error {
				f.against = againstRunning
				found, err := f.compare(cmd.Context(), store, d)
				if err != nil {
					return err
				}
				if err := f.print(cmd.OutOrStdout(), found); err != nil {
					return err
				}
				if dryRun {
					return nil
				}
				return awaitNodes(cmd, store, d, wait)
			})
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&dryRun, "dry-run", false, "only say what would change")
	flags.BoolVar(&f.json, "json", false, "print the changes as JSON")
	flags.DurationVar(&wait, "wait", time.Minute, "how long to wait for the nodes")
	return cmd
}

// awaitNodes waits until every live node has taken the configuration, but for what
// needs a restart, which it names.
func awaitNodes(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), wait)
	defer cancel()
	look := time.NewTicker(applyLook)
	defer look.Stop()
	for {
		status, err := statusOf(cmd, store, d)
		if err != nil {
			return err
		}
		late := status.late()
		if len(late) == 0 {
			return reportApplied(cmd, status)
		}
		select {
		case <-ctx.Done():
			return errors.New(strings.Join(late, "; "))
		case <-look.C:
		}
	}
}

// late are the live nodes that did not take the configuration, each with the reason.
func (s *configStatus) late() []string {
	var late []string
	for _, n := range s.Nodes {
		switch {
		case !n.Live, n.Current, len(n.Waiting) > 0 && n.Fault == "":
		case n.Fault != "":
			late = append(late, fmt.Sprintf("%s could not reload: %s", n.Node, n.Fault))
		default:
			late = append(late, n.Node+" has not reloaded yet")
		}
	}
	return late
}

func reportApplied(cmd *cobra.Command, status *configStatus) error {
	live := 0
	for _, n := range status.Nodes {
		if !n.Live {
			continue
		}
		live++
		for _, line := range n.Waiting {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: needs a restart: %s\n", n.Node, line)
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s with it\n", counted(live, "node runs", "nodes run"))
	return nil
}
