package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

const (
	// maxFindings is how many findings a report holds: one is enough to act on.
	maxFindings = 100
	// linkWithin is how long an event may wait to be linked: seconds, and by how much
	// the clock of the node that wrote it may be behind ours.
	linkWithin = 10 * time.Minute
	// verifyBatch bounds the events that are read at once.
	verifyBatch = 1000
)

// verification is a look at every event as it goes on.
type verification struct {
	r      *Events
	report storage.AuditReport
	known  []storage.AuditMark
	// looked is told how far it is.
	looked func(events, of int64)
}

func (v *verification) found(f storage.AuditFinding) {
	if f.Problem == storage.AuditUncheckable {
		v.report.Uncheckable++
		// One finding a key says where it begins; there is one for each event else.
		if slices.ContainsFunc(v.report.Findings, func(o storage.AuditFinding) bool { return o.Problem == f.Problem && o.KeyID == f.KeyID }) {
			return
		}
	}
	if len(v.report.Findings) < maxFindings {
		v.report.Findings = append(v.report.Findings, f)
	}
}

// Verify looks at every event, and at the places in the chain that were noted
// before, and reports what does not fit. It holds nobody up: what is written
// meanwhile is not looked at. Now and then looked is told how many linked events were
// looked at, of how many; nil is nobody.
func (r *Events) Verify(ctx context.Context, looked func(events, of int64), known ...storage.AuditMark) (storage.AuditReport, error) {
	if looked == nil {
		looked = func(int64, int64) {}
	}
	for {
		v := &verification{r: r, known: known, looked: looked}
		base, err := v.run(ctx)
		if err != nil {
			return v.report, wrap("verify events", err)
		}
		after, err := r.readMark(ctx, markBase)
		if err != nil {
			return v.report, wrap("verify events", err)
		}
		if after.Seq == base.Seq {
			return v.report, nil
		} // else events were pruned meanwhile
	}
}

// run makes the report and returns the base that it began from.
func (v *verification) run(ctx context.Context) (base markRow, err error) {
	if base, err = v.r.readMark(ctx, markBase); err != nil {
		return base, err
	}
	head, err := v.r.readMark(ctx, markHead)
	if err != nil {
		return base, err
	}
	v.report.Base, v.report.Head = base.mark(), head.mark()
	if base.Name != "" || head.Name != "" {
		for _, mark := range []markRow{base, head} {
			switch h := v.r.s.cfg.Hasher; {
			case mark.MAC != "" && !h.Knows(mark.MAC):
				v.found(storage.AuditFinding{Problem: storage.AuditUncheckable, Seq: mark.Seq, KeyID: keyOf(mark.MAC)})
			case !h.Verify(mark.MAC, purposeMark, mark.content()...):
				v.found(storage.AuditFinding{Problem: storage.AuditMarkBad, Seq: mark.Seq})
			}
		}
	}
	if err := v.linked(ctx); err != nil {
		return base, err
	}
	if err := v.outside(ctx); err != nil {
		return base, err
	}
	return base, v.unlinked(ctx)
}

// readMark returns a mark, or an empty one where there is none.
func (r *Events) readMark(ctx context.Context, name string) (markRow, error) {
	var row markRow
	err := r.s.row(ctx, r.s.read, selectMark, []any{name}, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return markRow{}, nil
	}
	return row, err
}

// linked follows the chain from base to head.
func (v *verification) linked(ctx context.Context) error {
	base, head := v.report.Base, v.report.Head
	chain := v.r.s.newChainReader(v.r.s.read, base)
	for chain.at.Seq < head.Seq {
		rows, err := list[eventRow](ctx, v.r.s, v.r.s.read, linkedEvents, chain.at.Seq, head.Seq, verifyBatch)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			f, err := chain.step(ctx, &rows[i])
			if err != nil {
				return err
			}
			if f != nil {
				v.found(f.AuditFinding)
			}
			v.report.Events++
			if rows[i].erased() {
				v.report.Erased++
			}
			v.compare(chain.at)
		}
		v.looked(v.report.Events, head.Seq-base.Seq)
	}
	if chain.at != head {
		v.found(storage.AuditFinding{Problem: storage.AuditTruncated, Seq: chain.at.Seq})
	}
	for _, mark := range v.known {
		if mark.Seq > head.Seq {
			v.found(storage.AuditFinding{Problem: storage.AuditTruncated, Seq: mark.Seq})
		}
	}
	return nil
}

// compare holds a place against what was noted of it before.
func (v *verification) compare(at storage.AuditMark) {
	if slices.ContainsFunc(v.known, func(m storage.AuditMark) bool { return m.Seq == at.Seq && m.Chain != at.Chain }) {
		v.found(storage.AuditFinding{Problem: storage.AuditOtherPast, Seq: at.Seq})
	}
}

// outside looks for rows that pretend to be linked, before the base or after the
// head. Both are of the statement's own moment, for the head moves.
func (v *verification) outside(ctx context.Context) error {
	for _, where := range []string{
		`l.seq <= COALESCE((SELECT a.seq FROM audit_marks a WHERE a.name = '` + markBase + `'), 0)`,
		`l.seq > COALESCE((SELECT a.seq FROM audit_marks a WHERE a.name = '` + markHead + `'), 0)`,
	} {
		rows, err := list[linkRow](ctx, v.r.s, v.r.s.read, `SELECT `+columnsOf[linkRow]()+` FROM audit_links l WHERE `+where+` ORDER BY l.seq LIMIT $1`, maxFindings)
		if err != nil {
			return err
		}
		for _, row := range rows {
			v.found(storage.AuditFinding{Problem: storage.AuditExtra, Seq: row.Seq, EventID: storage.ID(row.ID)})
		}
	}
	return nil
}

// unlinkedBatch bounds the events among which those without a link are looked for.
const unlinkedBatch = 10_000

// unlinked looks at events that wait for their link. It goes through all events,
// whatever the queue says of them, some at a time.
func (v *verification) unlinked(ctx context.Context) error {
	s := v.r.s
	overdue := s.cfg.Now().Add(-linkWithin)
	for after := ""; ; {
		var last nullString
		err := s.row(ctx, s.read, `SELECT max(id) FROM (SELECT id FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2) AS batch`,
			[]any{after, unlinkedBatch}, &last)
		if err != nil || last == "" {
			return err
		}
		// One look at the index for each event: as a join it would read every link.
		ids, err := list[string](ctx, s, s.read, `SELECT e.id FROM audit_events e WHERE e.id > $1 AND e.id <= $2
			AND (SELECT l.seq FROM audit_links l WHERE l.id = e.id) IS NULL ORDER BY e.id`, after, string(last))
		if err != nil {
			return err
		}
		rows, err := v.eventsOf(ctx, ids)
		if err != nil {
			return err
		}
		for i := range rows {
			v.report.Unlinked++
			f := storage.AuditFinding{EventID: storage.ID(rows[i].ID)}
			switch key := rows[i].unknownKey(s.cfg.Hasher); {
			case key != "":
				f.Problem, f.KeyID = storage.AuditUncheckable, key
			case !rows[i].proven(s.cfg.Hasher):
				f.Problem = storage.AuditForged
			case rows[i].At.Before(overdue):
				f.Problem = storage.AuditUnlinked
			default:
				continue
			}
			v.found(f)
		}
		after = string(last)
	}
}

// eventsOf reads events by their ids.
func (v *verification) eventsOf(ctx context.Context, ids []string) ([]eventRow, error) {
	var events []eventRow
	for chunk := range slices.Chunk(ids, maxPlaceholders) {
		var args []any
		which := anyOf(&args, chunk)
		rows, err := list[eventRow](ctx, v.r.s, v.r.s.read, `SELECT `+eventColumns+` FROM audit_events e LEFT JOIN audit_links l ON l.id = e.id
			WHERE e.id IN `+which+` ORDER BY e.id`, args...)
		if err != nil {
			return nil, err
		}
		events = append(events, rows...)
	}
	return events, nil
}
