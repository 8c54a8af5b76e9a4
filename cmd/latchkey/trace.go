package main

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// Bounds of what one story is made of.
const (
	traceBefore = 15 * time.Minute
	traceAfter  = 15 * time.Minute
	traceMost   = 200
)

func traceCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "trace ID",
		Short: "Tell the story of one sign-in: what the request of an id did, and what came before and after",
		Long: "ID is the one that an error page, or the page of a wrong password, shows in small print. trace lists the events of\n" +
			"that request, and of the same person or, where nobody is known, the same address, up to 15 minutes around it.\n" +
			"Requests without an event are in the log: grep for the id.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error {
				events, err := storyOf(cmd, store, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return writeEvents(cmd.OutOrStdout(), events)
				}
				return tellStory(cmd.OutOrStdout(), events, args[0])
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one line of JSON for each event, as audit export writes them")
	return cmd
}

// storyOf finds the events of a request and those around it, oldest first.
func storyOf(cmd *cobra.Command, store *sqlstore.Store, id string) ([]storage.Event, error) {
	own, err := store.Events().List(cmd.Context(), storage.EventFilter{RequestID: id, Limit: traceMost})
	if err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return nil, errors.New("no event bears this id; the log may: grep for it")
	}
	all := slices.Clone(own)
	for _, e := range own {
		around := storage.EventFilter{UserID: e.UserID, Since: e.At.Add(-traceBefore), Until: e.At.Add(traceAfter), Limit: traceMost}
		if e.UserID == "" {
			around.Address = e.Address
		}
		if around.UserID == "" && around.Address == "" {
			continue
		}
		more, err := store.Events().List(cmd.Context(), around)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	slices.SortStableFunc(all, func(a, b storage.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(all, func(a, b storage.Event) bool { return a.ID == b.ID }), nil
}

// tellStory writes one row an event; those of the request itself are marked.
func tellStory(w io.Writer, events []storage.Event, id string) error {
	rows := newTable(w, "  TIME", "TYPE", "OUTCOME", "USER", "CLIENT", "ADDRESS", "REQUEST", "DETAIL").mayCut("DETAIL")
	for _, e := range events {
		mark := "  "
		if e.RequestID == id {
			mark = "> "
		}
		err := rows.row(mark+at(e.At, "-"), e.Type, e.Outcome, dash(string(e.UserID)), dash(e.ClientID), dash(e.Address), dash(e.RequestID), dash(e.Detail))
		if err != nil {
			return err
		}
	}
	return rows.end()
}
