package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Events keeps the security events. They are only ever added to.
type Events struct{ s *Store }

type eventRow struct {
	bun.BaseModel `bun:"table:audit_events,alias:e"`

	ID        string  `bun:"id,pk"`
	At        instant `bun:"at"`
	Type      string  `bun:"type"`
	UserID    string  `bun:"user_id"`
	ClientID  string  `bun:"client_id"`
	GrantID   string  `bun:"grant_id"`
	SID       string  `bun:"sid"`
	Address   string  `bun:"address"`
	UserAgent string  `bun:"user_agent"`
	RequestID string  `bun:"request_id"`
	Outcome   string  `bun:"outcome"`
	Detail    string  `bun:"detail"`
}

func rowOfEvent(e storage.Event) *eventRow {
	return &eventRow{
		ID: string(e.ID), At: instant{e.At}, Type: string(e.Type), UserID: string(e.UserID), ClientID: e.ClientID,
		GrantID: string(e.GrantID), SID: string(e.SID), Address: e.Address, UserAgent: e.UserAgent,
		RequestID: e.RequestID, Outcome: e.Outcome, Detail: e.Detail,
	}
}

func (r *eventRow) event() storage.Event {
	return storage.Event{
		ID: storage.ID(r.ID), At: r.At.Time, Type: storage.EventType(r.Type), UserID: storage.ID(r.UserID), ClientID: r.ClientID,
		GrantID: storage.ID(r.GrantID), SID: storage.ID(r.SID), Address: r.Address, UserAgent: r.UserAgent,
		RequestID: r.RequestID, Outcome: r.Outcome, Detail: r.Detail,
	}
}

// eventColumns are what [eventArgs] fills.
const eventColumns = `id, at, type, user_id, client_id, grant_id, sid, address, user_agent, request_id, outcome, detail`

// eventColumnCount is the number of eventColumns.
var eventColumnCount = strings.Count(eventColumns, ",") + 1

func eventArgs(e storage.Event) []any {
	return []any{
		string(e.ID), instant{e.At}, string(e.Type), string(e.UserID), e.ClientID, string(e.GrantID), string(e.SID),
		e.Address, e.UserAgent, e.RequestID, e.Outcome, e.Detail,
	}
}

// insertEvent writes an event in the transaction of the change it tells of.
func insertEvent(ctx context.Context, tx bun.IDB, e storage.Event) error {
	if _, err := tx.NewInsert().Model(rowOfEvent(e)).Exec(ctx); err != nil {
		return fmt.Errorf("write event %s: %w", e.Type, err)
	}
	return nil
}

// Append writes an event that goes with no other change.
func (r *Events) Append(ctx context.Context, e storage.Event) error {
	return wrap("append event", insertEvent(ctx, r.s.write, e))
}

// List returns the newest events, newest first, at most limit of them.
func (r *Events) List(ctx context.Context, limit int) ([]storage.Event, error) {
	var rows []eventRow
	if err := r.s.read.NewSelect().Model(&rows).OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, wrap("list events", err)
	}
	events := make([]storage.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].event()
	}
	return events, nil
}

// eraseEvents removes what is personal from a person's events.
func eraseEvents(ctx context.Context, tx bun.IDB, userID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE audit_events SET address = '', user_agent = '' WHERE user_id = ?`, userID)
	return err
}

// conflictIfNone turns "no such row" into "it changed meanwhile".
func conflictIfNone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	}
	return err
}
