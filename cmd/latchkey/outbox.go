package main

import (
	"fmt"
	"slices"
	"time"

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

// shownMessage is a message as JSON: a form that others read, so its names stay as
// they are.
type shownMessage struct {
	ID        storage.ID             `json:"id"`
	Topic     storage.Topic          `json:"topic"`
	Kind      storage.MessageKind    `json:"kind"`
	Client    string                 `json:"client_id,omitempty"` // that is told of the end of a session
	Status    storage.DeliveryStatus `json:"status"`
	Attempts  int                    `json:"attempts"`
	CreatedAt time.Time              `json:"created_at"`
	NextAt    *time.Time             `json:"next_at,omitempty"`
	DoneAt    *time.Time             `json:"done_at,omitempty"`
	LastError string                 `json:"last_error,omitempty"`
}

func shownMessageOf(m *storage.Delivery) shownMessage {
	next := m.NextAt
	if !m.DoneAt.IsZero() {
		next = time.Time{}
	}
	return shownMessage{m.ID, m.Topic, m.Kind, m.ClientID, m.Status, m.Attempts, m.CreatedAt.UTC(), timeOrNone(next), timeOrNone(m.DoneAt), m.LastError}
}

func outboxListCommand() *cobra.Command {
	var from storeFlags
	var status, topic string
	var limit int
	var asJSON bool
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
				return listOutbox(cmd, store, about, wanted, limit, asJSON)
			})
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&status, "status", "", "only those of a `status`: queued, sent, failed, expired or skipped")
	cmd.Flags().StringVar(&topic, "topic", "", "only those of a `topic`: email, sms, logout or webhook")
	cmd.Flags().IntVar(&limit, "limit", 50, "list at most so `many`")
	jsonFlag(cmd, &asJSON, "the messages")
	return cmd
}

func listOutbox(cmd *cobra.Command, store *sqlstore.Store, topic storage.Topic, status storage.DeliveryStatus, limit int, asJSON bool) error {
	found, err := store.Outbox().List(cmd.Context(), topic, status, limit)
	if err != nil {
		return err
	}
	if asJSON {
		shown := []shownMessage{}
		for i := range found {
			shown = append(shown, shownMessageOf(&found[i]))
		}
		return writeJSON(cmd.OutOrStdout(), shown)
	}
	rows := newTable(cmd.OutOrStdout(), "ID", "TOPIC", "KIND", "CLIENT", "STATUS", "TRIES", "CREATED", "NEXT TRY", "DONE", "LAST ERROR").mayCut("LAST ERROR")
	for _, m := range found {
		next := at(m.NextAt, "-")
		if !m.DoneAt.IsZero() {
			next = "-"
		}
		err := rows.row(m.ID, m.Topic, m.Kind, dash(m.ClientID), m.Status, m.Attempts, at(m.CreatedAt, "-"), next, at(m.DoneAt, "-"), m.LastError)
		if err != nil {
			return err
		}
	}
	return rows.end()
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
				n, err := p.accounts(store).RetryDeliveries(cmd.Context(), operator(), ids...)
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
