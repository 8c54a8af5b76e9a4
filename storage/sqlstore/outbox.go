package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Outbox is the transactional outbox: deliveries come in with the change that
// made them necessary, and the worker of any node claims them.
type Outbox struct{ s *Store }

type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:d"`

	ID        string  `bun:"id,pk"`
	Topic     string  `bun:"topic"`
	Kind      string  `bun:"kind"`
	UserID    string  `bun:"user_id"`
	SID       string  `bun:"sid"`
	ClientID  string  `bun:"client_id"`
	Priority  int     `bun:"priority"`
	Sealed    string  `bun:"sealed"`
	Composed  bool    `bun:"composed"`
	Status    string  `bun:"status"`
	Attempts  int     `bun:"attempts"`
	Claimed   bool    `bun:"claimed"` // next_at is the end of a lease
	NextAt    sqlTime `bun:"next_at"`
	NotAfter  sqlTime `bun:"not_after"`
	LastError string  `bun:"last_error"`
	CreatedAt sqlTime `bun:"created_at"`
	DoneAt    sqlTime `bun:"done_at"`
}

func rowOfDelivery(m storage.Delivery) deliveryRow {
	return deliveryRow{
		ID: string(m.ID), Topic: string(m.Topic), Kind: string(m.Kind), UserID: string(m.UserID), SID: string(m.SID), ClientID: m.ClientID, Priority: int(m.Priority),
		Sealed: m.Sealed, Composed: m.Composed, Status: string(m.Status), Attempts: m.Attempts,
		NextAt: sqlTime{m.NextAt}, NotAfter: sqlTime{m.NotAfter}, LastError: m.LastError,
		CreatedAt: sqlTime{m.CreatedAt}, DoneAt: sqlTime{m.DoneAt},
	}
}

func (r *deliveryRow) delivery() storage.Delivery {
	return storage.Delivery{
		ID: storage.ID(r.ID), Topic: storage.Topic(r.Topic), Kind: storage.MessageKind(r.Kind),
		UserID: storage.ID(r.UserID), SID: storage.ID(r.SID), ClientID: r.ClientID, Priority: storage.Priority(r.Priority), Sealed: r.Sealed, Composed: r.Composed,
		Status: storage.DeliveryStatus(r.Status), Attempts: r.Attempts,
		NextAt: r.NextAt.Time, NotAfter: r.NotAfter.Time, LastError: r.LastError,
		CreatedAt: r.CreatedAt.Time, DoneAt: r.DoneAt.Time,
	}
}

func deliveries(rows []deliveryRow) []storage.Delivery {
	out := make([]storage.Delivery, len(rows))
	for i := range rows {
		out[i] = rows[i].delivery()
	}
	return out
}

var insertDeliveryRow = insertInto[deliveryRow]()

// insertMessages writes deliveries in the transaction of the change that made
// them necessary. One without a status is queued, and due when created.
func (s *Store) insertMessages(ctx context.Context, tx bun.Tx, m []storage.Delivery) error {
	s.deliveries.Add(int64(len(m)))
	for i := range m {
		row := rowOfDelivery(m[i])
		if row.Status == "" {
			row.Status = string(storage.DeliveryQueued)
		}
		if row.NextAt.IsZero() {
			row.NextAt = row.CreatedAt
		}
		if _, err := s.exec(ctx, tx, insertDeliveryRow, values(&row)...); err != nil {
			return fmt.Errorf("write messages: %w", err)
		}
	}
	return nil
}

// Add queues messages that go with no change but an event, or with none.
func (r *Outbox) Add(ctx context.Context, e *storage.Event, m ...storage.Message) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.insertMessages(ctx, tx, m); err != nil || e == nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, *e)
	})
	return wrap("add messages", err)
}

// Claim takes the deliveries of a topic that are due, the urgent first, and
// leases them to the caller: nobody else gets them before the lease ends. It
// counts the try.
func (r *Outbox) Claim(ctx context.Context, c storage.DeliveryClaim) ([]storage.Delivery, error) {
	highest := storage.PriorityUrgent
	if !c.UrgentOnly {
		highest = math.MaxInt16
	}
	rows, err := list[deliveryRow](ctx, r.s, r.s.write, `WITH due AS MATERIALIZED (
			SELECT id FROM deliveries WHERE done_at IS NULL AND topic = $1 AND priority <= $2 AND next_at <= $3
			ORDER BY priority, next_at, id LIMIT $4`+r.s.dialect.lock("UPDATE SKIP LOCKED")+`)
		UPDATE deliveries SET attempts = attempts + 1, claimed = TRUE, next_at = $5
		WHERE id IN (SELECT id FROM due) RETURNING `+tableColumnsOf[deliveryRow](),
		string(c.Topic), int(highest), sqlTime{c.Now}, c.Limit, sqlTime{c.Now.Add(c.Lease)})
	if err != nil {
		return nil, wrap("claim deliveries", err)
	}
	slices.SortFunc(rows, func(a, b deliveryRow) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	return deliveries(rows), nil
}

// SaveComposed replaces a claimed intent by what was made of it, so that the
// next try sends the same.
func (r *Outbox) SaveComposed(ctx context.Context, id storage.ID, sealed string) error {
	err := must(r.s.exec(ctx, r.s.write, `UPDATE deliveries SET sealed = $1, composed = TRUE WHERE id = $2 AND done_at IS NULL`, sealed, string(id)))
	return wrap("save composed delivery", err)
}

// Retry sets when a delivery is tried again, and gives up its lease.
func (r *Outbox) Retry(ctx context.Context, id storage.ID, nextAt time.Time, lastError string) error {
	err := must(r.s.exec(ctx, r.s.write, `UPDATE deliveries SET next_at = $1, claimed = FALSE, last_error = $2 WHERE id = $3 AND done_at IS NULL`,
		sqlTime{nextAt}, lastError, string(id)))
	return wrap("put delivery back", err)
}

// Finish ends a delivery, and records the event of it, if there is one, in the
// same transaction. Only a delivery that failed keeps what it says. It answers
// storage.ErrNotFound where the delivery has ended already.
func (r *Outbox) Finish(ctx context.Context, id storage.ID, end storage.DeliveryEnd, e *storage.Event) error {
	finish := func(ctx context.Context, db bun.IDB) error {
		return must(r.s.exec(ctx, db, `UPDATE deliveries SET status = $1, claimed = FALSE, last_error = $2, done_at = $3,
			sealed = CASE WHEN $1 = $5 THEN sealed ELSE '' END WHERE id = $4 AND done_at IS NULL`,
			string(end.Status), end.Reason, sqlTime{end.At}, string(id), string(storage.DeliveryFailed)))
	}
	if e == nil {
		return wrap("finish delivery", finish(ctx, r.s.write))
	}
	return wrap("finish delivery", r.s.change(ctx, *e, nil, func(ctx context.Context, tx bun.Tx) error { return finish(ctx, tx) }))
}

// List returns the newest deliveries of a topic and a status, or of all for "".
func (r *Outbox) List(ctx context.Context, topic storage.Topic, status storage.DeliveryStatus, limit int) ([]storage.Delivery, error) {
	which, args := ``, []any{limit}
	switch {
	case topic != "" && status != "":
		which, args = `WHERE d.topic = $2 AND d.status = $3 `, append(args, string(topic), string(status))
	case topic != "":
		which, args = `WHERE d.topic = $2 `, append(args, string(topic))
	case status != "":
		which, args = `WHERE d.status = $2 `, append(args, string(status))
	}
	rows, err := list[deliveryRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[deliveryRow]()+` FROM deliveries d `+which+`ORDER BY d.id DESC LIMIT $1`, args...)
	if err != nil {
		return nil, wrap("list deliveries", err)
	}
	return deliveries(rows), nil
}

// Farewells returns the notices of the end of a session, with what became of them.
func (r *Outbox) Farewells(ctx context.Context, sid storage.ID) ([]storage.Delivery, error) {
	rows, err := list[deliveryRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[deliveryRow]()+` FROM deliveries d WHERE d.sid = $1 AND d.sid <> '' ORDER BY d.id`, string(sid))
	if err != nil {
		return nil, wrap("list farewells of a session", err)
	}
	return deliveries(rows), nil
}

// RetryNow makes deliveries due that failed or wait for their next try, with all
// tries before them: those named, or every failed one when none is. What a node
// is working on stays with it. It returns how many there were; note makes the event that
// is written unless there were none.
func (r *Outbox) RetryNow(ctx context.Context, now time.Time, note func(n int64) storage.Event, ids ...storage.ID) (n int64, err error) {
	args := []any{string(storage.DeliveryQueued), sqlTime{now}, string(storage.DeliveryFailed)}
	which := `status = $3`
	if len(ids) > 0 {
		which = `(status = $3 OR done_at IS NULL AND (NOT claimed OR next_at <= $2)) AND id IN ` + anyOf(&args, ids)
	}
	err = r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err = r.s.exec(ctx, tx, `UPDATE deliveries SET status = $1, attempts = 0, claimed = FALSE, next_at = $2, done_at = NULL WHERE `+which, args...)
		if err != nil || n == 0 {
			return err
		}
		return r.s.insertEvent(ctx, tx, note(n))
	})
	return n, wrap("retry deliveries", err)
}

// Backlog tells what waits. Its oldest is of what people wait for: that the program of
// somebody else does not take a logout token or an event is no fault of the node that
// tries again.
func (r *Outbox) Backlog(ctx context.Context, now time.Time) (storage.Backlog, error) {
	var b storage.Backlog
	var oldest, dueSince sqlTime
	err := r.s.row(ctx, r.s.read, `SELECT count(*), min(CASE WHEN d.topic NOT IN ($2, $3) THEN d.created_at END),
			count(CASE WHEN d.next_at <= $1 THEN 1 END), min(CASE WHEN d.next_at <= $1 THEN d.next_at END)
		FROM deliveries d WHERE d.done_at IS NULL`, []any{sqlTime{now}, string(storage.TopicLogout), string(storage.TopicWebhook)}, &b.Queued, &oldest, &b.Due, &dueSince)
	b.Oldest, b.DueSince = oldest.Time, dueSince.Time
	return b, wrap("read backlog", err)
}
