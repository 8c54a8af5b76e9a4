package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

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

	// Of the row of audit_links l.
	Seq   int64  `bun:"seq,scanonly"`
	Chain string `bun:"chain,scanonly"`
}

// computed returns the place of an event in the chain: of none, where it waits.
func (eventRow) computed(column string) string {
	if column == "seq" {
		return `COALESCE(l.seq, 0)`
	}
	return `COALESCE(l.chain, '')`
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

const (
	// queueEvent has an event wait to be linked.
	queueEvent = `INSERT INTO audit_queue (id) VALUES ($1)`
	// eventOrder is the time that ids of events may differ from the events' own.
	eventOrder = time.Minute
)

var (
	insertEventRow = insertInto[eventRow]()
	// insertQueuedEvent does both in one round trip.
	insertQueuedEvent = `WITH event AS (` + insertEventRow + ` RETURNING id) INSERT INTO audit_queue (id) SELECT id FROM event`
	eventColumns      = columnsOf[eventRow]()
)

// insertEvent writes an event in the transaction of the change it tells of.
func (s *Store) insertEvent(ctx context.Context, tx bun.Tx, e storage.Event) error {
	row := s.rowOfEvent(e)
	if s.dialect == postgres {
		_, err := s.exec(ctx, tx, insertQueuedEvent, values(row)...)
		return s.eventFailed(e, err)
	}
	if _, err := s.exec(ctx, tx, insertEventRow, values(row)...); err != nil {
		return s.eventFailed(e, err)
	}
	_, err := s.exec(ctx, tx, queueEvent, row.ID)
	return s.eventFailed(e, err)
}

func (s *Store) eventFailed(e storage.Event, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write event %s: %w", e.Type, err)
}

// Append writes an event that goes with no other change.
func (r *Events) Append(ctx context.Context, e storage.Event) error {
	if r.s.dialect == postgres {
		_, err := r.s.exec(ctx, r.s.write, insertQueuedEvent, values(r.s.rowOfEvent(e))...)
		return wrap("append event", r.s.eventFailed(e, err))
	}
	return wrap("append event", r.s.change(ctx, e, nil, func(context.Context, bun.Tx) error { return nil }))
}

// List returns the events that the filter names.
func (r *Events) List(ctx context.Context, f storage.EventFilter) ([]storage.Event, error) {
	var args []any
	where := []string{"TRUE"}
	narrow := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	from, order := `audit_events e LEFT JOIN audit_links l ON l.id = e.id`, `e.id DESC`
	if f.InOrder {
		from, order = `audit_links l JOIN audit_events e ON e.id = l.id`, `l.seq`
		narrow(`l.seq > $%d`, f.AfterSeq)
	}
	for _, equals := range []struct{ column, value string }{
		{"user_id", string(f.UserID)}, {"type", string(f.Type)}, {"client_id", f.ClientID}, {"request_id", f.RequestID},
		{"outcome", f.Outcome}, {"address", f.Address}, {"identifier_hash", f.IdentifierHash},
	} {
		if equals.value != "" {
			narrow(`e.`+equals.column+` = $%d`, equals.value)
		}
	}
	if f.Outcome == storage.Failure { // said in the text: the indexes of what failed hold nothing else
		where = append(where, `e.outcome = 'failure'`)
		if f.ClientID != "" {
			where = append(where, `e.client_id <> ''`)
		}
	}
	if f.WithoutReads && f.Type == "" && f.RequestID == "" {
		narrow(`e.type <> $%d`, string(storage.EventAdminRead))
	}
	if f.Before != "" {
		narrow(`e.id < $%d`, string(f.Before))
	}
	// Ids are in the order of time, and indexed with whatever else is asked for.
	if !f.Since.IsZero() {
		narrow(`e.at >= $%d`, sqlTime{f.Since})
		narrow(`e.id >= $%d`, firstID(f.Since.Add(-eventOrder)))
	}
	if !f.Until.IsZero() {
		narrow(`e.at < $%d`, sqlTime{f.Until})
		narrow(`e.id < $%d`, firstID(f.Until.Add(eventOrder)))
	}
	args = append(args, f.Limit)
	rows, err := list[eventRow](ctx, r.s, r.s.read, `SELECT `+eventColumns+` FROM `+from+` WHERE `+strings.Join(where, " AND ")+
		` ORDER BY `+order+` LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, wrap("list events", err)
	}
	events := make([]storage.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].event()
	}
	return events, nil
}

// firstID is the least id that can have been made at the time.
func firstID(at time.Time) string {
	id, err := storage.NewID(at, zeros{})
	if err != nil {
		return "" // zeros never fail
	}
	return string(id)
}

// zeros is an endless source of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// ListByUser returns a person's newest events, newest first, but for what administrators
// looked at.
func (r *Events) ListByUser(ctx context.Context, userID storage.ID, limit int) ([]storage.Event, error) {
	return r.List(ctx, storage.EventFilter{UserID: userID, WithoutReads: true, Limit: limit})
}

// eraseEvents removes what is personal from a person's events. They stay
// provable, but by nobody who would guess what it was: the salt goes too.
func (s *Store) eraseEvents(ctx context.Context, tx bun.Tx, userID string) error {
	_, err := s.exec(ctx, tx, `UPDATE audit_events SET address = '', user_agent = '', personal_salt = '' WHERE user_id = $1`, userID)
	return err
}
