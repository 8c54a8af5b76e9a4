package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// How events are provable. When one is written it gets a MAC over everything in
// it; nothing waits for another event there. Soon after, [Events.Link] gives it
// a number and links it to the one before, and moves the head, which bears a MAC
// of its own. So whoever has the database but not the key can neither change nor
// add an event, nor take one out of the middle (a number and a link are missing)
// or from the end (the head knows the last number). Putting the whole chain back
// to an older state of it is found by whoever noted a later head.

// The purposes of the hashes.
const (
	purposePersonal = "audit personal"
	purposeEvent    = "audit event"
	purposeChain    = "audit chain"
	purposeMark     = "audit mark"
)

// prove puts the MAC on a new row. What is personal enters as a salted hash, so
// that it can be erased later.
func (r *eventRow) prove(h EventHasher) {
	if r.Address != "" || r.UserAgent != "" {
		r.PersonalSalt = rand.Text()
		r.PersonalHash = h.Sum(purposePersonal, r.personal()...)
	}
	r.MAC = h.Sum(purposeEvent, r.content()...)
}

func (r *eventRow) personal() []string { return []string{r.PersonalSalt, r.ID, r.Address, r.UserAgent} }

// eventVersion says which columns the MAC of a new event covers. An event keeps
// the version that it was written under; see [eventRow.content].
const eventVersion = 1

// content is what the MAC covers. A later version covers more; what an earlier
// one covers never changes.
func (r *eventRow) content() []string {
	return []string{
		strconv.Itoa(r.Version), r.ID, strconv.FormatInt(r.At.UnixMicro(), 10), r.Type, r.ActorKind, r.ActorID,
		r.UserID, r.ClientID, r.GrantID, r.SID, r.RequestID, r.IdentifierHash, r.Outcome, r.Detail, r.PersonalHash,
	}
}

// erased reports whether what was personal in the event was taken out.
func (r *eventRow) erased() bool { return r.PersonalHash != "" && r.PersonalSalt == "" }

// proven reports whether the row is as it was written, or only erased since.
func (r *eventRow) proven(h EventHasher) bool {
	if !h.Verify(r.MAC, purposeEvent, r.content()...) {
		return false
	}
	if r.PersonalSalt == "" {
		return r.Address == "" && r.UserAgent == ""
	}
	return h.Verify(r.PersonalHash, purposePersonal, r.personal()...)
}

// link is the chain's value at a row that follows prev.
func (r *eventRow) link(prev string) []string {
	return []string{prev, strconv.FormatInt(r.Seq, 10), r.MAC}
}

// The marks: where the chain begins and ends.
const (
	markBase = "base"
	markHead = "head"
)

type markRow struct {
	bun.BaseModel `bun:"table:audit_marks,alias:a"`

	Name  string `bun:"name,pk"`
	Seq   int64  `bun:"seq"`
	Chain string `bun:"chain"`
	MAC   string `bun:"mac"`
}

func (r *markRow) content() []string { return []string{r.Name, strconv.FormatInt(r.Seq, 10), r.Chain} }

func (r *markRow) mark() storage.AuditMark { return storage.AuditMark{Seq: r.Seq, Chain: r.Chain} }

// moveTo sets the mark to a place, under the key of today.
func (r *markRow) moveTo(seq int64, chain string, h EventHasher) {
	r.Seq, r.Chain = seq, chain
	r.MAC = h.Sum(purposeMark, r.content()...)
}

// lockMark returns a mark that nobody else moves until the transaction ends. It
// answers storage.ErrTampered for one that is not ours: were it moved on, what
// is wrong would be signed for.
func (r *Events) lockMark(ctx context.Context, tx bun.Tx, name string) (*markRow, error) {
	var row markRow
	query := tx.NewSelect().Model(&row).Where("name = ?", name)
	if r.s.dialect == postgres {
		query = query.For("UPDATE")
	}
	if err := query.Scan(ctx); err != nil {
		return nil, err
	}
	if !r.s.cfg.Hasher.Verify(row.MAC, purposeMark, row.content()...) {
		return nil, fmt.Errorf("mark %s: %w", name, storage.ErrTampered)
	}
	return &row, nil
}

// Link links at most limit events that were written since, in the order of their
// ids, and returns how many. Several nodes may do so at once: they take turns.
func (r *Events) Link(ctx context.Context, limit int) (int, error) {
	var rows []eventRow
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		head, err := r.lockMark(ctx, tx, markHead)
		if errors.Is(err, sql.ErrNoRows) {
			head, err = r.beginChain(ctx, tx)
		}
		if err != nil {
			return err
		}
		err = tx.NewRaw(`SELECT e.id, e.mac FROM audit_queue AS q JOIN audit_events AS e ON e.id = q.id ORDER BY q.id LIMIT ?`, limit).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		seq, chain := head.Seq, head.Chain
		for i := range rows {
			seq++
			rows[i].Seq = seq
			chain = r.s.cfg.Hasher.Sum(purposeChain, rows[i].link(chain)...)
			rows[i].Chain = chain
		}
		if err := writeLinks(ctx, tx, rows); err != nil {
			return err
		}
		head.moveTo(seq, chain, r.s.cfg.Hasher)
		return changed(tx.NewUpdate().Model(head).WherePK().Exec(ctx))
	})
	return len(rows), wrap("link events", err)
}

// beginChain makes the marks of a chain that has no event yet, unless another
// node does. Where events are linked, or one mark is there, somebody took the
// head away.
func (r *Events) beginChain(ctx context.Context, tx bun.Tx) (*markRow, error) {
	marks := []markRow{{Name: markBase}, {Name: markHead}}
	for i := range marks {
		marks[i].moveTo(0, "", r.s.cfg.Hasher)
	}
	n, err := affected(tx.NewInsert().Model(&marks).On("CONFLICT DO NOTHING").Exec(ctx))
	if err != nil {
		return nil, err
	}
	if n > 0 {
		var linked bool
		if err := tx.NewRaw(`SELECT EXISTS (SELECT 1 FROM audit_links)`).Scan(ctx, &linked); err != nil {
			return nil, err
		}
		if linked || n < int64(len(marks)) {
			return nil, fmt.Errorf("mark %s is gone: %w", markHead, storage.ErrTampered)
		}
	}
	return r.lockMark(ctx, tx, markHead)
}

// writeLinks writes the numbers and links of rows and takes them out of the queue.
func writeLinks(ctx context.Context, tx bun.Tx, rows []eventRow) error {
	links := make([]linkRow, len(rows))
	ids := make([]string, len(rows))
	for i, row := range rows {
		links[i] = linkRow{Seq: row.Seq, ID: row.ID, Chain: row.Chain}
		ids[i] = row.ID
	}
	if _, err := tx.NewInsert().Model(&links).Exec(ctx); err != nil {
		return err
	}
	n, err := affected(tx.ExecContext(ctx, `DELETE FROM audit_queue WHERE id IN ?`, bun.Tuple(ids)))
	if err == nil && n != int64(len(rows)) {
		err = fmt.Errorf("linked %d of %d events", n, len(rows))
	}
	return err
}

// linkRow is the place of an event in the chain.
type linkRow struct {
	bun.BaseModel `bun:"table:audit_links,alias:l"`

	Seq   int64  `bun:"seq,pk"`
	ID    string `bun:"id"`
	Chain string `bun:"chain"`
}

// pruneBatch bounds the events of one transaction.
const pruneBatch = 1000

// Prune deletes the oldest linked events, up to the first that is not older than
// before, and moves the base of the chain. It returns how many went. What does
// not verify is not pruned, lest that hide it: it answers storage.ErrTampered.
func (r *Events) Prune(ctx context.Context, before time.Time) (int64, error) {
	var pruned int64
	for {
		n, err := r.pruneSome(ctx, before)
		pruned += n
		if errors.Is(err, sql.ErrNoRows) { // there is no chain yet
			return pruned, nil
		}
		if err != nil || n < pruneBatch {
			return pruned, wrap("prune events", err)
		}
	}
}

func (r *Events) pruneSome(ctx context.Context, before time.Time) (n int64, err error) {
	err = r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		base, err := r.lockMark(ctx, tx, markBase)
		if err != nil {
			return err
		}
		var rows []eventRow
		err = tx.NewRaw(`SELECT e.*, l.seq, l.chain FROM `+linkedEvents+` WHERE l.seq > ? ORDER BY l.seq LIMIT ?`, base.Seq, pruneBatch).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		walk := chainReader{h: r.s.cfg.Hasher, at: base.mark()}
		for i := range rows {
			if !rows[i].At.Before(before) {
				break
			}
			if f := walk.step(&rows[i]); f != nil {
				return fmt.Errorf("event %d is %s: %w", f.Seq, f.Problem, storage.ErrTampered)
			}
			n++
		}
		if n == 0 {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM audit_events WHERE id IN (SELECT l.id FROM audit_links AS l WHERE l.seq <= ?)`, walk.at.Seq); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM audit_links WHERE seq <= ?`, walk.at.Seq); err != nil {
			return err
		}
		base.moveTo(walk.at.Seq, walk.at.Chain, r.s.cfg.Hasher)
		return changed(tx.NewUpdate().Model(base).WherePK().Exec(ctx))
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
