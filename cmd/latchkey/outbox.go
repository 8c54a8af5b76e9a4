package main

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func outboxCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "outbox", Short: "Look at the messages that wait, or try them again"}
	cmd.AddCommand(outboxListCommand(), outboxRetryCommand())
	return cmd
}

var messageStatuses = []storage.DeliveryStatus{
	storage.DeliveryQueued, storage.DeliverySent, storage.DeliveryFailed, storage.DeliveryExpired, storage.DeliverySkipped,
}

func outboxListCommand() *cobra.Command {
	var from storeFlags
	var status, topic string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List messages, the newest first, with what became of them; never what they say", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted := storage.DeliveryStatus(status)
			if wanted != "" && !slices.Contains(messageStatuses, wanted) {
				return fmt.Errorf("--status %q is none of %v", status, messageStatuses)
			}
			about := storage.Topic(topic)
			if about != "" && !slices.Contains(storage.Topics(), about) {
				return usagef("--topic %q is none of %v", topic, storage.Topics())
			}
			if limit < 1 {
				return fmt.Errorf("--limit %d: want at least 1", limit)
			}
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error {
				return listOutbox(cmd, store, about, wanted, limit)
			})
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&status, "status", "", "only those of a `status`: queued, sent, failed, expired or skipped")
	cmd.Flags().StringVar(&topic, "topic", "", "only those of a `topic`: email, sms, logout or webhook")
	cmd.Flags().IntVar(&limit, "limit", 50, "list at most so `many`")
	return cmd
}

func listOutbox(cmd *cobra.Command, store *sqlstore.Store, topic storage.Topic, status storage.DeliveryStatus, limit int) error {
	found, err := store.Outbox().List(cmd.Context(), topic, status, limit)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTOPIC\tKIND\tSTATUS\tTRIES\tCREATED\tNEXT TRY\tDONE\tLAST ERROR")
	for _, m := range found {
		next := stamp(m.NextAt)
		if !m.DoneAt.IsZero() {
			next = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n",
			m.ID, m.Topic, m.Kind, m.Status, m.Attempts, stamp(m.CreatedAt), next, stamp(m.DoneAt), m.LastError)
	}
	return w.Flush()
}

func outboxRetryCommand() *cobra.Command {
	var from storeFlags
	cmd := &cobra.Command{
		Use:   "retry [ID…]",
		Short: "Try messages again at once: those named, or every one that failed",
		RunE: func(cmd *cobra.Command, args []string) error {
			ids := make([]storage.ID, len(args))
			for i, arg := range args {
				ids[i] = storage.ID(arg)
				if _, err := ids[i].Bytes(); err != nil {
					return fmt.Errorf("%q is no id of a message: %w", arg, err)
				}
			}
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error {
				n, err := store.Outbox().RetryNow(cmd.Context(), p.now(), ids...)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d messages are due again\n", n)
				if int(n) < len(ids) {
					return fmt.Errorf("%d of those named are unknown, delivered, or being delivered now", len(ids)-int(n))
				}
				return nil
			})
		},
	}
	from.register(cmd)
	return cmd
}
