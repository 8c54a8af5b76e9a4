package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func eventsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "events", Short: "Look after where security events go besides the record: the stream and webhooks"}
	cmd.AddCommand(eventsListCommand(), eventsReplayCommand(), eventsTestCommand(), eventsSecretCommand(), eventsSchemaCommand())
	return cmd
}

// shownFeed is a feed as --json prints it: a form that others read, so its names stay
// as they are.
type shownFeed struct {
	Name       string    `json:"name"`
	Configured bool      `json:"configured"`
	Seq        int64     `json:"seq"`
	MovedAt    time.Time `json:"moved_at"`
}

func eventsListCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the stream and the webhooks, and up to which event of the record each has them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withTables(cmd, func(store *sqlstore.Store, d *dependencies) error { return listFeeds(cmd, store, d, asJSON) })
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// feedNames are the names of the feeds that the configuration has.
func (p *dependencies) feedNames() []string {
	var names []string
	if p.cfg.Events.Stream.To != "" {
		names = append(names, eventfeed.StreamName)
	}
	for _, w := range p.cfg.Events.Webhooks {
		names = append(names, eventfeed.WebhookPrefix+w.Name)
	}
	return names
}

func listFeeds(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, asJSON bool) error {
	found, err := store.Feeds().List(cmd.Context())
	if err != nil {
		return err
	}
	known := d.feedNames()
	shown := []shownFeed{}
	for _, f := range found {
		shown = append(shown, shownFeed{f.Name, slices.Contains(known, f.Name), f.Seq, f.MovedAt.UTC()})
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), shown)
	}
	rows := newTable(cmd.OutOrStdout(), "NAME", "CONFIGURED", "LAST EVENT", "MOVED")
	for _, f := range shown {
		if err := rows.row(f.Name, yesNo(f.Configured), f.Seq, at(f.MovedAt, "-")); err != nil {
			return err
		}
	}
	return rows.end()
}

func eventsReplayCommand() *cobra.Command {
	var from storeFlags
	var d destroy
	var since string
	var after int64
	cmd := &cobra.Command{
		Use:   "replay NAME --since TIME | --after SEQ",
		Short: "Bring the events of the record to the stream or a webhook again",
		Long: "NAME is stream or the name of a webhook. A node brings every event after the time or the place again, those that it has too,\n" +
			"with the ids that they had: a receiver that knows an id has nothing to do. A webhook gets what is of its types.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (since == "") == !cmd.Flags().Changed("after") {
				return usagef("say either --since or --after")
			}
			if after < 0 {
				return usagef("--after must not be negative")
			}
			return from.withTables(cmd, func(store *sqlstore.Store, p *dependencies) error {
				to := after
				if since != "" {
					var err error
					if to, err = placeBefore(cmd.Context(), store, p, since); err != nil {
						return err
					}
				}
				return replay(cmd, store, p, &d, args[0], to)
			})
		},
	}
	from.register(cmd)
	d.register(cmd)
	cmd.Flags().StringVar(&since, "since", "", "from this `time` on, such as 24h or 2027-01-31T00:00:00Z")
	cmd.Flags().Int64Var(&after, "after", 0, "from after this `place` on, the seq of an event; 0 is everything that is kept")
	return cmd
}

// placeBefore is the place in the chain before the first event since a time.
func placeBefore(ctx context.Context, store *sqlstore.Store, d *dependencies, since string) (int64, error) {
	at, err := readTime("--since", since, d.now())
	if err != nil {
		return 0, &usageError{err}
	}
	if err := linkWaiting(ctx, store); err != nil {
		return 0, err
	}
	first, err := store.Events().List(ctx, storage.EventFilter{InOrder: true, Since: at, Limit: 1})
	if err != nil {
		return 0, err
	}
	if len(first) == 0 {
		return 0, fmt.Errorf("no event is kept since %s", at.UTC().Format(time.RFC3339))
	}
	return first[0].Seq - 1, nil
}

func replay(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, d *destroy, name string, to int64) error {
	known := p.feedNames()
	feed := name
	if name != eventfeed.StreamName {
		feed = eventfeed.WebhookPrefix + name
	}
	if !slices.Contains(known, feed) {
		return fmt.Errorf("events go to no %q: the configuration has %s", name, orNone(known))
	}
	goes, err := d.goes(cmd, "bring every event after place %d to %s again", to, name)
	if err != nil || !goes {
		return err
	}
	err = p.accounts(store).ReplayEvents(cmd.Context(), operator(), feed, to)
	if errors.Is(err, account.ErrNotFound) {
		return fmt.Errorf("no node has begun with %s yet: it gets what happens from then on; try again when one runs with it", name)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s gets every event after place %d again\n", name, to)
	return err
}

func eventsTestCommand() *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Post an event to a webhook now, which says that it is a test, and tell how it went", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withConfig(cmd, func(d *dependencies) error {
				handler, err := d.webhooks(d.fetcher(from.data != ""))
				if err != nil {
					return err
				}
				hook, ok := handler.Hooks[args[0]]
				if !ok {
					return fmt.Errorf("no webhook is named %q", args[0])
				}
				id, err := storage.NewID(d.now(), rand.Reader)
				if err != nil {
					return err
				}
				event := eventfeed.Event{ID: id, At: d.now().UTC(), Type: "test", Outcome: storage.Success, Detail: "latchkey events test"}
				if err := handler.Post(cmd.Context(), hook, event); err != nil {
					return errors.New(delivery.Detail(err))
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s took event %s\n", hook.Name, id)
				return err
			})
		},
	}
	from.register(cmd)
	return cmd
}

func eventsSecretCommand() *cobra.Command {
	return &cobra.Command{
		Use: "secret", Short: "Make a secret for a webhook", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := eventfeed.NewSecret(rand.Reader)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
			return err
		},
	}
}

func eventsSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON schema of an event", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(eventfeed.Schema)))
			return err
		},
	}
}
