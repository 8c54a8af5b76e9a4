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
		ID: string(m.ID), Topic: string(m.Topic), Kind: string(m.Kind), UserID: string(m.UserID), Priority: int(m.Priority),
		Sealed: m.Sealed, Composed: m.Composed, Status: string(m.Status), Attempts: m.Attempts,
		NextAt: sqlTime{m.NextAt}, NotAfter: sqlTime{m.NotAfter}, LastError: m.LastError,
		CreatedAt: sqlTime{m.CreatedAt}, DoneAt: sqlTime{m.DoneAt},
	}
}

func (r *deliveryRow) delivery() storage.Delivery {
	return storage.Delivery{
		ID: storage.ID(r.ID), Topic: storage.Topic(r.Topic), Kind: storage.MessageKind(r.Kind),
		UserID: storage.ID(r.UserID), Priority: storage.Priority(r.Priority), Sealed: r.Sealed, Composed: r.Composed,
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

// insertMessages writes deliveries in the transaction of the change that made
// them necessary. One without a status is queued, and due when created.
func insertMessages(ctx context.Context, tx bun.IDB, m []storage.Delivery) error {
	if len(m) == 0 {
		return nil
	}
	rows := make([]deliveryRow, len(m))
	for i := range m {
		rows[i] = rowOfDelivery(m[i])
		if rows[i].Status == "" {
			rows[i].Status = string(storage.DeliveryQueued)
		}
		if rows[i].NextAt.IsZero() {
			rows[i].NextAt = rows[i].CreatedAt
		}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	return nil
}

// Add queues messages that go with no change but an event, or with none.
func (r *Outbox) Add(ctx context.Context, e *storage.Event, m ...storage.Message) error {
	if e == nil {
		return wrap("add messages", insertMessages(ctx, r.s.write, m))
	}
	err := r.s.change(ctx, *e, m, func(context.Context, bun.Tx) error { return nil })
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
	due := `SELECT id FROM deliveries WHERE done_at IS NULL AND topic = ? AND priority <= ? AND next_at <= ?
		ORDER BY priority, next_at, id LIMIT ?`
	if r.s.dialect == postgres {
		due += ` FOR UPDATE SKIP LOCKED`
	}
	var rows []deliveryRow
	err := r.s.write.NewRaw(`WITH due AS MATERIALIZED (`+due+`)
		UPDATE deliveries SET attempts = attempts + 1, claimed = ?, next_at = ?
		WHERE id IN (SELECT id FROM due) RETURNING *`,
		string(c.Topic), int(highest), sqlTime{c.Now}, c.Limit, true, sqlTime{c.Now.Add(c.Lease)}).Scan(ctx, &rows)
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
	return wrap("save composed delivery", changed(r.queued(id).Set("sealed = ?", sealed).Set("composed = ?", true).Exec(ctx)))
}

// Retry sets when a delivery is tried again, and gives up its lease.
func (r *Outbox) Retry(ctx context.Context, id storage.ID, nextAt time.Time, lastError string) error {
	return wrap("put delivery back", changed(r.queued(id).Set("next_at = ?", sqlTime{nextAt}).
		Set("claimed = ?", false).Set("last_error = ?", lastError).Exec(ctx)))
}

// Finish ends a delivery, and records the event of it, if there is one, in the
// same transaction. Only a delivery that failed keeps what it says. It answers
// storage.ErrNotFound where the delivery has ended already.
func (r *Outbox) Finish(ctx context.Context, id storage.ID, end storage.DeliveryEnd, e *storage.Event) error {
	finish := func(ctx context.Context, db bun.IDB) error {
		query := r.queued(id).Conn(db).Set("status = ?", string(end.Status)).Set("claimed = ?", false).
			Set("last_error = ?", end.Reason).Set("done_at = ?", sqlTime{end.At})
		if end.Status != storage.DeliveryFailed {
			query = query.Set("sealed = ?", "")
		}
		return changed(query.Exec(ctx))
	}
	if e == nil {
		return wrap("finish delivery", finish(ctx, r.s.write))
	}
	return wrap("finish delivery", r.s.change(ctx, *e, nil, func(ctx context.Context, tx bun.Tx) error { return finish(ctx, tx) }))
}

func (r *Outbox) queued(id storage.ID) *bun.UpdateQuery {
	return r.s.write.NewUpdate().Model((*deliveryRow)(nil)).Where("id = ?", string(id)).Where("done_at IS NULL")
}

// List returns the newest deliveries of a status, or of all for "".
func (r *Outbox) List(ctx context.Context, status storage.DeliveryStatus, limit int) ([]storage.Delivery, error) {
	var rows []deliveryRow
	query := r.s.read.NewSelect().Model(&rows).OrderExpr("id DESC").Limit(int64(limit))
	if status != "" {
		query = query.Where("status = ?", string(status))
	}
	if err := query.Scan(ctx); err != nil {
		return nil, wrap("list deliveries", err)
	}
	return deliveries(rows), nil
}

// RetryNow makes deliveries due that failed or wait for their next try, with all
// tries before them: those named, or every failed one when none is. What a node
// is working on stays with it. It returns how many there were.
func (r *Outbox) RetryNow(ctx context.Context, now time.Time, ids ...storage.ID) (int64, error) {
	query := r.s.write.NewUpdate().Model((*deliveryRow)(nil)).
		Set("status = ?", string(storage.DeliveryQueued)).Set("attempts = 0").Set("claimed = ?", false).
		Set("next_at = ?", sqlTime{now}).Set("done_at = NULL")
	if len(ids) == 0 {
		query = query.Where("status = ?", string(storage.DeliveryFailed))
	} else {
		query = query.Where("id IN ?", bun.Tuple(ids)).
			Where("status = ? OR (done_at IS NULL AND (claimed = ? OR next_at <= ?))", string(storage.DeliveryFailed), false, sqlTime{now})
	}
	result, err := query.Exec(ctx)
	if err != nil {
		return 0, wrap("retry deliveries", err)
	}
	return result.RowsAffected()
}

// Backlog tells what waits.
func (r *Outbox) Backlog(ctx context.Context, now time.Time) (storage.Backlog, error) {
	var b storage.Backlog
	var oldest, dueSince sqlTime
	err := r.s.row(ctx, r.s.read, `SELECT count(*), min(d.created_at),
			count(CASE WHEN d.next_at <= $1 THEN 1 END), min(CASE WHEN d.next_at <= $1 THEN d.next_at END)
		FROM deliveries d WHERE d.done_at IS NULL`, []any{sqlTime{now}}, &b.Queued, &oldest, &b.Due, &dueSince)
	b.Oldest, b.DueSince = oldest.Time, dueSince.Time
	return b, wrap("read backlog", err)
}
