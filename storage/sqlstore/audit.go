package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// How events are provable: a hash chain of keyed MACs. When an event is written it
// gets a MAC over everything in it; nothing waits for another event there. Soon
// after, [Events.Link] gives it a number and links it to the one before, in a row
// of audit_links, and moves the head, which bears a MAC of its own. So whoever has
// the database but not the key can neither change nor add an event, nor take one
// out of the middle (a number and a link are missing) or from the end (the head
// knows the last number). Putting the whole chain back to an older state of it is
// found by whoever noted a later head.

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

// link is what the chain's value at an event covers, which follows the value prev.
func link(prev string, seq int64, mac string) []string {
	return []string{prev, strconv.FormatInt(seq, 10), mac}
}

// unknownKey returns the id of a key that the row was proven under and that is
// not among ours; empty where all are.
func (r *eventRow) unknownKey(h EventHasher) string {
	for _, sum := range []string{r.MAC, r.PersonalHash, r.Chain} {
		if sum != "" && !h.Knows(sum) {
			return keyOf(sum)
		}
	}
	return ""
}

// keyOf is the id of the key that a sum says it was made under.
func keyOf(sum string) string {
	id, _, _ := strings.Cut(sum, ".")
	return id
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

var selectMark = `SELECT ` + columnsOf[markRow]() + ` FROM audit_marks a WHERE a.name = $1`

// lockMark returns a mark that nobody else moves until the transaction ends. It
// answers storage.ErrTampered for one that is not ours: were it moved on, what
// is wrong would be signed for. One that was moved under a key that this node does
// not have cannot be judged: that is storage.ErrUnknownKey.
func (r *Events) lockMark(ctx context.Context, tx bun.Tx, name string) (*markRow, error) {
	var row markRow
	if err := r.s.row(ctx, tx, selectMark+r.s.dialect.lock("UPDATE"), []any{name}, &row); err != nil {
		return nil, err
	}
	return &row, row.judge(r.s.cfg.Hasher)
}

// judge answers as [Events.lockMark] does for a mark that is not ours.
func (r *markRow) judge(h EventHasher) error {
	switch {
	case !h.Knows(r.MAC):
		return fmt.Errorf("mark %s: key %q: %w", r.Name, keyOf(r.MAC), storage.ErrUnknownKey)
	case !h.Verify(r.MAC, purposeMark, r.content()...):
		return fmt.Errorf("mark %s: %w", r.Name, storage.ErrTampered)
	}
	return nil
}

// Head returns where the chain ends; an empty mark where it has not begun. It looks at no
// event: it answers storage.ErrTampered where the record of the end is not ours, and
// storage.ErrUnknownKey where this node cannot tell, with the mark as it is.
func (r *Events) Head(ctx context.Context) (storage.AuditMark, error) {
	head, err := r.readMark(ctx, markHead)
	if err == nil && head.Name != "" {
		err = head.judge(r.s.cfg.Hasher)
	}
	return head.mark(), wrap("read the head of the chain", err)
}

// setMark writes a mark that was moved.
func (r *Events) setMark(ctx context.Context, tx bun.Tx, m *markRow) error {
	return must(r.s.exec(ctx, tx, `UPDATE audit_marks SET seq = $1, chain = $2, mac = $3 WHERE name = $4`, m.Seq, m.Chain, m.MAC, m.Name))
}

// waitingRow is what a link says of an event: its MAC, which covers the rest.
type waitingRow struct {
	bun.BaseModel `bun:"table:audit_events,alias:e"`

	ID  string `bun:"id,pk"`
	MAC string `bun:"mac"`
}

// waitingEvents are the first events that wait to be linked.
var waitingEvents = `SELECT ` + columnsOf[waitingRow]() + ` FROM audit_queue q JOIN audit_events e ON e.id = q.id ORDER BY q.id LIMIT $1`

// Link links at most limit events that were written since, in the order of their
// ids, and returns how many. Several nodes may do so at once: they take turns. It
// answers storage.ErrUnknownKey where the chain was continued under a key that
// this node does not have: those that have it go on.
func (r *Events) Link(ctx context.Context, limit int) (int, error) {
	var linked int
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		head, err := r.lockMark(ctx, tx, markHead)
		if errors.Is(err, sql.ErrNoRows) {
			head, err = r.beginChain(ctx, tx)
		}
		if err != nil {
			return err
		}
		waiting, err := list[waitingRow](ctx, r.s, tx, waitingEvents, limit)
		if err != nil || len(waiting) == 0 {
			return err
		}
		linked = len(waiting)
		seq, chain := head.Seq, head.Chain
		links := make([]linkRow, len(waiting))
		for i, event := range waiting {
			seq++
			chain = r.s.cfg.Hasher.Sum(purposeChain, link(chain, seq, event.MAC)...)
			links[i] = linkRow{Seq: seq, ID: event.ID, Chain: chain}
		}
		if err := r.writeLinks(ctx, tx, links); err != nil {
			return err
		}
		head.moveTo(seq, chain, r.s.cfg.Hasher)
		return r.setMark(ctx, tx, head)
	})
	if err != nil {
		return 0, wrap("link events", err)
	}
	return linked, nil
}

// beginChain makes the marks of a chain that has no event yet, unless another
// node does. Where events are linked, or one mark is there, somebody took the
// head away.
func (r *Events) beginChain(ctx context.Context, tx bun.Tx) (*markRow, error) {
	var made int64
	for _, name := range []string{markBase, markHead} {
		mark := markRow{Name: name}
		mark.moveTo(0, "", r.s.cfg.Hasher)
		n, err := r.s.exec(ctx, tx, insertInto[markRow]()+` ON CONFLICT DO NOTHING`, values(&mark)...)
		if err != nil {
			return nil, err
		}
		made += n
	}
	if made > 0 {
		var linked bool
		if err := r.s.row(ctx, tx, `SELECT EXISTS (SELECT 1 FROM audit_links)`, nil, &linked); err != nil {
			return nil, err
		}
		if linked || made < 2 {
			return nil, fmt.Errorf("mark %s is gone: %w", markHead, storage.ErrTampered)
		}
	}
	return r.lockMark(ctx, tx, markHead)
}

// insertLinks and linkedNow have one text however many events are linked, so that
// drivers prepare them once, and keep no text for each number.
var (
	insertLinks = map[dialect]string{postgres: postgres.insertLinks(), sqliteDB: sqliteDB.insertLinks()}
	linkedNow   = `DELETE FROM audit_queue WHERE id IN (SELECT l.id FROM audit_links l WHERE l.seq > $1 AND l.seq <= $2)`
)

// insertLinks takes the rows as a list in JSON, each a list of its columns.
func (d dialect) insertLinks() string {
	from := `json_array_elements(CAST($1 AS JSON)) AS j(value)`
	if d == sqliteDB {
		from = `json_each($1) AS j`
	}
	return `INSERT INTO audit_links (seq, id, chain) SELECT CAST(j.value ->> 0 AS BIGINT), j.value ->> 1, j.value ->> 2 FROM ` + from
}

// writeLinks writes the numbers and links of rows, which follow one another, and takes
// them out of the queue.
func (r *Events) writeLinks(ctx context.Context, tx bun.Tx, rows []linkRow) error {
	tuples := make([][3]any, len(rows))
	for i, row := range rows {
		tuples[i] = [3]any{row.Seq, row.ID, row.Chain}
	}
	encoded, err := json.Marshal(tuples)
	if err != nil {
		return fmt.Errorf("encode links: %w", err)
	}
	if _, err := r.s.exec(ctx, tx, insertLinks[r.s.dialect], string(encoded)); err != nil {
		return err
	}
	n, err := r.s.exec(ctx, tx, linkedNow, rows[0].Seq-1, rows[len(rows)-1].Seq)
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
// not verify is not pruned, lest that hide it: it answers storage.ErrTampered, or
// storage.ErrUnknownKey where this node cannot tell.
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
	err = r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n = 0
		base, err := r.lockMark(ctx, tx, markBase)
		if err != nil {
			return err
		}
		rows, err := list[eventRow](ctx, r.s, tx, linkedEvents, base.Seq, int64(math.MaxInt64), pruneBatch)
		if err != nil {
			return err
		}
		chain := r.s.newChainReader(tx, base.mark())
		for i := range rows {
			if !rows[i].At.Before(before) {
				break
			}
			finding, err := chain.step(ctx, &rows[i])
			if err != nil {
				return err
			}
			if finding != nil {
				return finding.refusal()
			}
			n++
		}
		if n == 0 {
			return nil
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM audit_events WHERE id IN (SELECT l.id FROM audit_links l WHERE l.seq > $1 AND l.seq <= $2)`, base.Seq, chain.at.Seq); err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM audit_links WHERE seq > $1 AND seq <= $2`, base.Seq, chain.at.Seq); err != nil {
			return err
		}
		base.moveTo(chain.at.Seq, chain.at.Chain, r.s.cfg.Hasher)
		return r.setMark(ctx, tx, base)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
