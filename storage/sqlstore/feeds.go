package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Feeds keeps how far the events got that leave the house.
type Feeds struct{ s *Store }

// Feeds returns the repository of feeds.
func (s *Store) Feeds() *Feeds { return &Feeds{s} }

type feedRow struct {
	bun.BaseModel `bun:"table:event_feeds,alias:f"`

	Name    string  `bun:"name,pk"`
	Seq     int64   `bun:"seq"`
	MovedAt sqlTime `bun:"moved_at"`
}

func (r *feedRow) feed() storage.Feed {
	return storage.Feed{Name: r.Name, Seq: r.Seq, MovedAt: r.MovedAt.Time}
}

// Place returns how far a feed got. One that is new begins after the last event that
// is linked: what was before it was there it does not get, unless it is moved back.
func (r *Feeds) Place(ctx context.Context, name string, now time.Time) (int64, error) {
	rows, err := r.list(ctx, ` WHERE f.name = $1`, name)
	if err != nil || len(rows) == 1 {
		if err != nil {
			return 0, err
		}
		return rows[0].Seq, nil
	}
	_, err = r.s.exec(ctx, r.s.write, `INSERT INTO event_feeds (name, seq, moved_at)
		SELECT $1, COALESCE((SELECT max(seq) FROM audit_links), 0), $2 ON CONFLICT (name) DO NOTHING`, name, sqlTime{now})
	if err != nil {
		return 0, wrap("begin feed", err)
	}
	var seq int64
	err = r.s.row(ctx, r.s.write, `SELECT seq FROM event_feeds WHERE name = $1`, []any{name}, &seq)
	return seq, wrap("read feed", err)
}

// Advance moves a feed on, and queues what goes out for the events that it passes in
// the same transaction: each event is queued once, whatever fails. It answers
// storage.ErrConflict where another node moved the feed meanwhile.
func (r *Feeds) Advance(ctx context.Context, step storage.FeedStep, m ...storage.Delivery) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE event_feeds SET seq = $1, moved_at = $2 WHERE name = $3 AND seq = $4`,
			step.To, sqlTime{step.Now}, step.Name, step.From))
		if err != nil {
			return err
		}
		return r.s.insertMessages(ctx, tx, m)
	})
	return conflictIfNone(wrap("move feed", err))
}

// Move has a feed get the events after a place again, or leaves some out, and writes the
// event of it. It answers storage.ErrNotFound where there is no such feed.
func (r *Feeds) Move(ctx context.Context, name string, to int64, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `UPDATE event_feeds SET seq = $1, moved_at = $2 WHERE name = $3`, to, sqlTime{now}, name))
	})
	return wrap("move feed", err)
}

// List returns every feed that there ever was, by name.
func (r *Feeds) List(ctx context.Context) ([]storage.Feed, error) {
	return r.list(ctx, ` ORDER BY f.name`)
}

func (r *Feeds) list(ctx context.Context, which string, args ...any) ([]storage.Feed, error) {
	rows, err := list[feedRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[feedRow]()+` FROM event_feeds f`+which, args...)
	if err != nil {
		return nil, wrap("list feeds", err)
	}
	feeds := make([]storage.Feed, len(rows))
	for i := range rows {
		feeds[i] = rows[i].feed()
	}
	return feeds, nil
}
