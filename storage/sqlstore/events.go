package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Events keeps the security events. They are only ever added to, until they are
// so old that they are pruned; see audit.go for how that is provable.
type Events struct{ s *Store }

type eventRow struct {
	bun.BaseModel `bun:"table:audit_events,alias:e"`

	ID             string  `bun:"id,pk"`
	Version        int     `bun:"version"`
	At             sqlTime `bun:"at"`
	Type           string  `bun:"type"`
	ActorKind      string  `bun:"actor_kind"`
	ActorID        string  `bun:"actor_id"`
	UserID         string  `bun:"user_id"`
	ClientID       string  `bun:"client_id"`
	GrantID        string  `bun:"grant_id"`
	SID            string  `bun:"sid"`
	Address        string  `bun:"address"`
	UserAgent      string  `bun:"user_agent"`
	RequestID      string  `bun:"request_id"`
	IdentifierHash string  `bun:"identifier_hash"`
	Outcome        string  `bun:"outcome"`
	Detail         string  `bun:"detail"`
	PersonalSalt   string  `bun:"personal_salt"`
	PersonalHash   string  `bun:"personal_hash"`
	MAC            string  `bun:"mac"`

	// Of the row of audit_links.
	Seq   int64  `bun:"seq,scanonly"`
	Chain string `bun:"chain,scanonly"`
}

// rowOfEvent makes the row of an event, with its proof.
func (s *Store) rowOfEvent(e storage.Event) *eventRow {
	row := &eventRow{
		ID: string(e.ID), Version: eventVersion, At: sqlTime{e.At}, Type: string(e.Type),
		ActorKind: string(e.ActorKind), ActorID: e.ActorID, UserID: string(e.UserID), ClientID: e.ClientID,
		GrantID: string(e.GrantID), SID: string(e.SID), Address: e.Address, UserAgent: e.UserAgent,
		RequestID: e.RequestID, IdentifierHash: e.IdentifierHash, Outcome: e.Outcome, Detail: e.Detail,
	}
	row.prove(s.cfg.Hasher)
	return row
}

func (r *eventRow) event() storage.Event {
	return storage.Event{
		ID: storage.ID(r.ID), At: r.At.Time, Type: storage.EventType(r.Type),
		ActorKind: storage.ActorKind(r.ActorKind), ActorID: r.ActorID, UserID: storage.ID(r.UserID), ClientID: r.ClientID,
		GrantID: storage.ID(r.GrantID), SID: storage.ID(r.SID), Address: r.Address, UserAgent: r.UserAgent,
		RequestID: r.RequestID, IdentifierHash: r.IdentifierHash, Outcome: r.Outcome, Detail: r.Detail, Seq: r.Seq,
	}
}

// eventColumns are what [eventRow.args] fills.
const eventColumns = `id, version, at, type, actor_kind, actor_id, user_id, client_id, grant_id, sid, address, user_agent,
	request_id, identifier_hash, outcome, detail, personal_salt, personal_hash, mac`

// eventColumnCount is the number of eventColumns.
var eventColumnCount = strings.Count(eventColumns, ",") + 1

func (r *eventRow) args() []any {
	return []any{
		r.ID, r.Version, r.At, r.Type, r.ActorKind, r.ActorID, r.UserID, r.ClientID, r.GrantID, r.SID, r.Address, r.UserAgent,
		r.RequestID, r.IdentifierHash, r.Outcome, r.Detail, r.PersonalSalt, r.PersonalHash, r.MAC,
	}
}

const (
	// queueEvent has an event wait to be linked.
	queueEvent = `INSERT INTO audit_queue (id) VALUES ($1)`
	// linkedEvents are events with their place in the chain.
	linkedEvents = `audit_links AS l JOIN audit_events AS e ON e.id = l.id`
)

// insertEvent writes an event in the transaction of the change it tells of.
func (s *Store) insertEvent(ctx context.Context, tx bun.IDB, e storage.Event) error {
	if _, err := tx.NewInsert().Model(s.rowOfEvent(e)).Exec(ctx); err != nil {
		return fmt.Errorf("write event %s: %w", e.Type, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_queue (id) VALUES (?)`, string(e.ID)); err != nil {
		return fmt.Errorf("queue event %s: %w", e.Type, err)
	}
	return nil
}

// Append writes an event that goes with no other change.
func (r *Events) Append(ctx context.Context, e storage.Event) error {
	return wrap("append event", r.s.change(ctx, e, nil, func(context.Context, bun.Tx) error { return nil }))
}

// List returns the events that the filter names.
func (r *Events) List(ctx context.Context, f storage.EventFilter) ([]storage.Event, error) {
	var rows []eventRow
	query := r.s.read.NewSelect().Model(&rows).ColumnExpr("e.*").ColumnExpr("COALESCE(l.seq, 0) AS seq").Limit(int64(f.Limit))
	if f.InOrder {
		query = query.Join("JOIN audit_links AS l ON l.id = e.id").Where("l.seq > ?", f.AfterSeq).OrderExpr("l.seq")
	} else {
		query = query.Join("LEFT JOIN audit_links AS l ON l.id = e.id").OrderExpr("e.id DESC")
	}
	if f.UserID != "" {
		query = query.Where("e.user_id = ?", string(f.UserID))
	}
	if f.Type != "" {
		query = query.Where("e.type = ?", string(f.Type))
	}
	if !f.Since.IsZero() {
		query = query.Where("e.at >= ?", sqlTime{f.Since})
	}
	if !f.Until.IsZero() {
		query = query.Where("e.at < ?", sqlTime{f.Until})
	}
	if err := query.Scan(ctx); err != nil {
		return nil, wrap("list events", err)
	}
	events := make([]storage.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].event()
	}
	return events, nil
}

// ListByUser returns a person's newest events, newest first.
func (r *Events) ListByUser(ctx context.Context, userID storage.ID, limit int) ([]storage.Event, error) {
	return r.List(ctx, storage.EventFilter{UserID: userID, Limit: limit})
}

// eraseEvents removes what is personal from a person's events. They stay
// provable, but by nobody who would guess what it was: the salt goes too.
func eraseEvents(ctx context.Context, tx bun.IDB, userID string) error {
	_, err := tx.NewUpdate().Model((*eventRow)(nil)).Where("user_id = ?", userID).
		Set("address = ''").Set("user_agent = ''").Set("personal_salt = ''").Exec(ctx)
	return err
}

// conflictIfNone turns "no such row" into "it changed meanwhile".
func conflictIfNone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	}
	return err
}
