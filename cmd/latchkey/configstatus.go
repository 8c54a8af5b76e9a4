package main

import (
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// nodeStatus is a node as JSON: a form that others read, so its names stay as they are.
type nodeStatus struct {
	Node      string    `json:"node"`
	Live      bool      `json:"live"`
	Version   string    `json:"version"`
	Digest    string    `json:"digest"`
	Current   bool      `json:"current"`
	Fault     string    `json:"fault,omitempty"`
	Waiting   []string  `json:"needs_restart,omitempty"`
	StartedAt time.Time `json:"started_at"`
	LoadedAt  time.Time `json:"loaded_at"`
	SeenAt    time.Time `json:"seen_at"`
}

// configStatus is the answer of `config status`.
type configStatus struct {
	// Digest is that of the configuration that the command was given.
	Digest string       `json:"digest"`
	Nodes  []nodeStatus `json:"nodes"`
}

func configStatusCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which configuration each node runs with",
		Long: "status shows each node with the digest of its configuration, whether that is the one which --config says now,\n" +
			"and why its last reload changed nothing, if so. It ends with 1 unless every live node runs with this configuration.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error {
				status, err := statusOf(cmd, store, d)
				if err != nil {
					return err
				}
				if asJSON {
					err = writeJSON(cmd.OutOrStdout(), status)
				} else {
					err = showStatus(cmd, status)
				}
				if err != nil {
					return err
				}
				return status.verdict()
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the nodes as JSON")
	return cmd
}

func statusOf(cmd *cobra.Command, store *sqlstore.Store, d *dependencies) (*configStatus, error) {
	nodes, err := store.Nodes().List(cmd.Context())
	if err != nil {
		return nil, err
	}
	now, status := d.now(), &configStatus{Digest: d.cfg.Digest(), Nodes: []nodeStatus{}}
	for i := range nodes {
		status.Nodes = append(status.Nodes, statusOfNode(&nodes[i], status.Digest, now))
	}
	return status, nil
}

func statusOfNode(n *storage.Node, digest string, now time.Time) nodeStatus {
	return nodeStatus{
		Node: n.ID, Live: n.Live(now), Version: n.Version, Digest: n.Digest, Current: n.Digest == digest, Fault: n.Fault, Waiting: n.Waiting,
		StartedAt: n.StartedAt.UTC(), LoadedAt: n.LoadedAt.UTC(), SeenAt: n.SeenAt.UTC(),
	}
}

func showStatus(cmd *cobra.Command, status *configStatus) error {
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, "this configuration is", status.Digest)
	rows := newTable(out, "NODE", "STATE", "CONFIGURATION", "LOADED", "VERSION", "SEEN").mayCut("NODE", "VERSION")
	for _, n := range status.Nodes {
		state := "live"
		if !n.Live {
			state = "gone"
		}
		runs := n.Digest
		if n.Current {
			runs = "this one"
		}
		if err := rows.row(n.Node, state, runs, at(n.LoadedAt, "-"), n.Version, at(n.SeenAt, "-")); err != nil {
			return err
		}
	}
	if err := rows.end(); err != nil {
		return err
	}
	for _, n := range status.Nodes {
		if n.Fault != "" {
			if err := tell(out, "", "%s: the last reload changed nothing: %s", n.Node, n.Fault); err != nil {
				return err
			}
		}
		for _, line := range n.Waiting {
			if err := tell(out, "", "%s: needs a restart: %s", n.Node, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// verdict is nil where every live node runs with this configuration.
func (s *configStatus) verdict() error {
	live := 0
	for _, n := range s.Nodes {
		switch {
		case !n.Live:
		case n.Fault != "":
			return fmt.Errorf("%s could not reload", n.Node)
		case !n.Current:
			return fmt.Errorf("%s does not run with this configuration", n.Node)
		default:
			live++
		}
	}
	if live == 0 {
		return fmt.Errorf("no node runs")
	}
	return nil
}
