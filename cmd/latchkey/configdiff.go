package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// consequence is a change of the configuration and what it does.
type consequence struct {
	Key    string            `json:"key"`
	Kind   config.ChangeKind `json:"kind"`
	Before string            `json:"before,omitempty"`
	After  string            `json:"after,omitempty"`
	// Effect says in words what it does to what is in use.
	Effect string `json:"effect,omitempty"`
	// Restart says that a running process cannot change it.
	Restart bool `json:"restart,omitempty"`
}

// String is one line for people.
func (c consequence) String() string {
	line := config.Change{Key: c.Key, Kind: c.Kind, Before: c.Before, After: c.After}.String()
	if c.Restart {
		line += " (needs a restart)"
	}
	if c.Effect != "" {
		line += "\n    " + c.Effect
	}
	return line
}

// mostCounted bounds how far grants are counted: more than that is many.
const mostCounted = 100_000

// counter counts what a change is about.
type counter interface {
	CountLiveByClient(ctx context.Context, clientID string, now time.Time, most int) (int, error)
}

// consequencesOf says what changes do, with the effects on what is live. after is what
// would be in force.
func consequencesOf(ctx context.Context, changes []config.Change, after *config.Config, grants counter, now time.Time) ([]consequence, error) {
	all := make([]consequence, 0, len(changes))
	for _, c := range changes {
		one := consequence{Key: c.Key, Kind: c.Kind, Before: c.Before, After: c.After, Restart: needsRestart(c.Key)}
		id, field := clientKey(c.Key)
		switch {
		case one.Restart:
		case id != "" && field == "" && c.Kind == config.Removed:
			n, err := grants.CountLiveByClient(ctx, id, now, mostCounted)
			if err != nil {
				return nil, err
			}
			one.Effect = fmt.Sprintf("its tokens stop working at once: %s; what people allowed it is kept for %s, and good again when it is back by then",
				countedGrants(n), client.FormatDuration(after.PruneAfter))
		case id != "":
			one.Effect = effectOn(field)
		default:
			one.Effect = effectOn(strings.TrimPrefix(c.Key, "tokens."))
		}
		all = append(all, one)
	}
	return all, nil
}

func countedGrants(n int) string {
	switch {
	case n >= mostCounted:
		return "more than " + grouped(mostCounted) + " live grants end"
	case n == 0:
		return "no live grants"
	}
	return counted(n, "live grant ends", "live grants end")
}

// clientKey takes the key of a client's value apart: clients[wiki].name.
func clientKey(key string) (id, field string) {
	rest, ok := strings.CutPrefix(key, "clients[")
	if !ok {
		return "", ""
	}
	id, field, _ = strings.Cut(rest, "]")
	return id, strings.TrimPrefix(field, ".")
}

// The effects of changes that live grants feel.
var effects = map[string]string{
	"access_token_lifetime": "tokens that were issued keep their end; those from now on get the new lifetime",
	"id_token_lifetime":     "tokens that were issued keep their end; those from now on get the new lifetime",
	"refresh_idle_lifetime": "counts from the next refresh of a grant on",
	"refresh_lifetime":      "live grants keep their end; new ones get the new lifetime",
	"refresh_grace":         "holds at once, for live grants too",
	"scopes":                "live grants lose at their next refresh what the client may not ask for any more",
	"grant_types":           "live grants that a client may not refresh any more end when their access token does",
	"secret":                "the old secret stops working at once, unless it is among secrets",
	"secrets":               "a secret that is gone stops working at once",
	"redirect_uris":         "sign-ins under way to an address that is gone are refused",
	"require_mfa":           "is asked for at the next sign-in or authorization",
	"access":                "is decided again at the next refresh, exchange and userinfo request of each person",
	"messages.templates":    "messages that are sent from now on have it, those too that are queued",
	"mutual_tls.ca_file":    "clients are judged by it at their next request",
	"idle":                  "holds for sessions from their next use on",
	"absolute":              "live sessions keep their end; new ones get the new lifetime",
}

// effectOn is what a change of a key does to what is live; empty where it is nothing
// worth telling.
func effectOn(key string) string {
	key = strings.TrimPrefix(key, "sessions.")
	for name, effect := range effects {
		if key == name || strings.HasPrefix(key, name+"[") || strings.HasPrefix(key, name+".") {
			return effect
		}
	}
	return ""
}

// running are the configurations that live nodes run with, by digest.
func running(ctx context.Context, store *sqlstore.Store, now time.Time) ([]storage.Node, error) {
	nodes, err := store.Nodes().List(ctx)
	if err != nil {
		return nil, err
	}
	var live []storage.Node
	for _, n := range nodes {
		if n.Live(now) {
			live = append(live, n)
		}
	}
	return live, nil
}

// diffFlags are what `config diff` and `config apply` are told.
type diffFlags struct {
	against string
	json    bool
}

func configDiffCommand() *cobra.Command {
	var from storeFlags
	var f diffFlags
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Describe what a reload would change",
		Long: "diff compares the configuration with the one that the live nodes run with (--against running, the default), or with another\n" +
			"file. It exits with 1 if there is a difference, for use in pipelines.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error {
				found, err := f.compare(cmd.Context(), store, d)
				if err != nil {
					return err
				}
				if err := f.print(cmd.OutOrStdout(), found); err != nil {
					return err
				}
				if len(found) > 0 {
					return errDiffers
				}
				return nil
			})
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&f.against, "against", againstRunning, "what to compare with: running, or a `file`")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the changes as JSON")
	return cmd
}

const againstRunning = "running"

// errDiffers ends a comparison that found something.
var errDiffers = errors.New("the configurations differ")

// errNoNodes says that there is nothing to compare with.
var errNoNodes = errors.New("no node is running, so there is nothing to compare with; `latchkey config validate` checks the file alone")

// compare lists what would change. Nodes that run with different configurations are
// compared one after the other, and what several would change is listed once.
func (f *diffFlags) compare(ctx context.Context, store *sqlstore.Store, d *dependencies) ([]consequence, error) {
	var changes []config.Change
	if f.against != againstRunning {
		other, err := config.Load(config.LoadOptions{File: f.against})
		if err != nil {
			return nil, err
		}
		changes = config.Changes(other, d.cfg)
		return f.withAccess(ctx, store, d, changes, []config.Policies{other.Policies()})
	}
	nodes, err := running(ctx, store, d.now())
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, errNoNodes
	}
	compared, listed := map[string]bool{}, map[config.Change]bool{}
	var before []config.Policies
	for _, n := range nodes {
		if compared[n.Digest] {
			continue
		}
		compared[n.Digest] = true
		document, err := store.Nodes().Document(ctx, n.Digest)
		if err != nil {
			return nil, err
		}
		snapshot, err := config.DecodeSnapshot(document)
		if err != nil {
			return nil, err
		}
		if snapshot.Policies != nil {
			before = append(before, snapshot.Policies)
		}
		for _, c := range snapshot.ChangesTo(d.cfg) {
			if !listed[c] {
				listed[c], changes = true, append(changes, c)
			}
		}
	}
	return f.withAccess(ctx, store, d, changes, before)
}

// withAccess are the consequences of changes, and who gains and loses access by them.
func (f *diffFlags) withAccess(
	ctx context.Context, store *sqlstore.Store, d *dependencies, changes []config.Change, before []config.Policies,
) ([]consequence, error) {
	found, err := consequencesOf(ctx, changes, d.cfg, store.Grants(), d.now())
	if err != nil {
		return nil, err
	}
	moved, err := accessChanges(ctx, store.Users(), before, d.cfg.Policies())
	if err != nil {
		return nil, err
	}
	return append(found, moved...), nil
}

func (f *diffFlags) print(w io.Writer, found []consequence) error {
	if f.json {
		return writeJSON(w, found)
	}
	if len(found) == 0 {
		fmt.Fprintln(w, "nothing would change")
		return nil
	}
	for _, c := range found {
		fmt.Fprintln(w, c)
	}
	return nil
}

// writeJSON writes a value for scripts.
// jsonFlag is how every command is asked for JSON.
func jsonFlag(cmd *cobra.Command, asJSON *bool, what string) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print "+what+" as JSON")
}

func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(v)
}
