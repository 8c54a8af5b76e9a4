package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Outbox keeps what is to be said to people. Messages come in with the change
// that made them necessary; the worker of any node claims them.
type Outbox struct{ s *Store }

type messageRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:m"`

	ID        string  `bun:"id,pk"`
	Channel   string  `bun:"topic"`
	Kind      string  `bun:"kind"`
	UserID    string  `bun:"user_id"`
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

func rowOfMessage(m storage.Message) messageRow {
	return messageRow{
		ID: string(m.ID), Channel: string(m.Channel), Kind: string(m.Kind), UserID: string(m.UserID),
		Sealed: m.Sealed, Composed: m.Composed, Status: string(m.Status), Attempts: m.Attempts,
		NextAt: sqlTime{m.NextAt}, NotAfter: sqlTime{m.NotAfter}, LastError: m.LastError,
		CreatedAt: sqlTime{m.CreatedAt}, DoneAt: sqlTime{m.DoneAt},
	}
}

func (r *messageRow) message() storage.Message {
	return storage.Message{
		ID: storage.ID(r.ID), Channel: storage.Channel(r.Channel), Kind: storage.MessageKind(r.Kind),
		UserID: storage.ID(r.UserID), Sealed: r.Sealed, Composed: r.Composed,
		Status: storage.MessageStatus(r.Status), Attempts: r.Attempts,
		NextAt: r.NextAt.Time, NotAfter: r.NotAfter.Time, LastError: r.LastError,
		CreatedAt: r.CreatedAt.Time, DoneAt: r.DoneAt.Time,
	}
}

func messages(rows []messageRow) []storage.Message {
	out := make([]storage.Message, len(rows))
	for i := range rows {
		out[i] = rows[i].message()
	}
	return out
}

// insertMessages writes messages in the transaction of the change that made
// them necessary. A message without a status is queued, and due when created.
func insertMessages(ctx context.Context, tx bun.IDB, m []storage.Message) error {
	if len(m) == 0 {
		return nil
	}
	rows := make([]messageRow, len(m))
	for i := range m {
		rows[i] = rowOfMessage(m[i])
		if rows[i].Status == "" {
			rows[i].Status = string(storage.MessageQueued)
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

// Claim returns at most limit messages that are due and leases them to the
// caller: nobody else gets them before the lease ends. It counts the try.
func (r *Outbox) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]storage.Message, error) {
	due := `SELECT id FROM deliveries WHERE done_at IS NULL AND next_at <= ? ORDER BY priority, next_at, id LIMIT ?`
	if r.s.dialect == postgres {
		due += ` FOR UPDATE SKIP LOCKED`
	}
	var rows []messageRow
	err := r.s.write.NewRaw(`WITH due AS MATERIALIZED (`+due+`)
		UPDATE deliveries SET attempts = attempts + 1, claimed = ?, next_at = ?
		WHERE id IN (SELECT id FROM due) RETURNING *`,
		sqlTime{now}, limit, true, sqlTime{now.Add(lease)}).Scan(ctx, &rows)
	if err != nil {
		return nil, wrap("claim messages", err)
	}
	return messages(rows), nil
}

// SaveComposed replaces a claimed intent by the message made of it.
func (r *Outbox) SaveComposed(ctx context.Context, id storage.ID, sealed string) error {
	return wrap("keep composed message", changed(r.queued(id).Set("sealed = ?", sealed).Set("composed = ?", true).Exec(ctx)))
}

// Sent ends a message that was handed over.
func (r *Outbox) Sent(ctx context.Context, id storage.ID, now time.Time) error {
	return r.Finish(ctx, id, storage.MessageSent, "", now)
}

// Retry sets when a message is tried again, and gives up its lease.
func (r *Outbox) Retry(ctx context.Context, id storage.ID, nextAt time.Time, lastError string) error {
	return wrap("put message back", changed(r.queued(id).Set("next_at = ?", sqlTime{nextAt}).
		Set("claimed = ?", false).Set("last_error = ?", lastError).Exec(ctx)))
}

// Finish ends a message in a final status. Only one that failed keeps what it says.
func (r *Outbox) Finish(ctx context.Context, id storage.ID, status storage.MessageStatus, lastError string, now time.Time) error {
	query := r.queued(id).Set("status = ?", string(status)).Set("claimed = ?", false).
		Set("last_error = ?", lastError).Set("done_at = ?", sqlTime{now})
	if status != storage.MessageFailed {
		query = query.Set("sealed = ?", "")
	}
	return wrap("finish message", changed(query.Exec(ctx)))
}

func (r *Outbox) queued(id storage.ID) *bun.UpdateQuery {
	return r.s.write.NewUpdate().Model((*messageRow)(nil)).Where("id = ?", string(id)).Where("done_at IS NULL")
}

// List returns the newest messages of a status, or of all for "".
func (r *Outbox) List(ctx context.Context, status storage.MessageStatus, limit int) ([]storage.Message, error) {
	var rows []messageRow
	query := r.s.read.NewSelect().Model(&rows).OrderExpr("id DESC").Limit(int64(limit))
	if status != "" {
		query = query.Where("status = ?", string(status))
	}
	if err := query.Scan(ctx); err != nil {
		return nil, wrap("list messages", err)
	}
	return messages(rows), nil
}

// RetryNow makes messages due that failed or wait for their next try, with all
// tries before them: those named, or every failed one when none is. What a node
// is working on stays with it. It returns how many there were.
func (r *Outbox) RetryNow(ctx context.Context, now time.Time, ids ...storage.ID) (int64, error) {
	query := r.s.write.NewUpdate().Model((*messageRow)(nil)).
		Set("status = ?", string(storage.MessageQueued)).Set("attempts = 0").Set("claimed = ?", false).
		Set("next_at = ?", sqlTime{now}).Set("done_at = NULL")
	if len(ids) == 0 {
		query = query.Where("status = ?", string(storage.MessageFailed))
	} else {
		query = query.Where("id IN ?", bun.Tuple(ids)).
			Where("status = ? OR (done_at IS NULL AND (claimed = ? OR next_at <= ?))", string(storage.MessageFailed), false, sqlTime{now})
	}
	result, err := query.Exec(ctx)
	if err != nil {
		return 0, wrap("retry messages", err)
	}
	return result.RowsAffected()
}

// Backlog tells what waits.
func (r *Outbox) Backlog(ctx context.Context, now time.Time) (storage.Backlog, error) {
	var b storage.Backlog
	var oldest, dueSince sqlTime
	err := r.s.row(ctx, r.s.read, `SELECT count(*), min(m.created_at),
			count(CASE WHEN m.next_at <= $1 THEN 1 END), min(CASE WHEN m.next_at <= $1 THEN m.next_at END)
		FROM deliveries m WHERE m.done_at IS NULL`, []any{sqlTime{now}}, &b.Queued, &oldest, &b.Due, &dueSince)
	b.Oldest, b.DueSince = oldest.Time, dueSince.Time
	return b, wrap("read backlog", err)
}
