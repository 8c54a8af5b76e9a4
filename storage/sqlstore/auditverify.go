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
	// linkWithin is how long an event may wait to be linked.
	linkWithin = time.Minute
	// verifyBatch bounds the events that are read at once.
	verifyBatch = 1000
)

// chainReader follows the chain row by row.
type chainReader struct {
	h  EventHasher
	at storage.AuditMark // the row before
}

// step goes to the next row and returns what does not fit there; nil if all does.
func (w *chainReader) step(row *eventRow) *storage.AuditFinding {
	prev := w.at
	w.at = storage.AuditMark{Seq: row.Seq, Chain: row.Chain}
	finding := &storage.AuditFinding{Seq: row.Seq, EventID: storage.ID(row.ID)}
	follows := w.h.Verify(row.Chain, purposeChain, row.link(prev.Chain)...)
	switch proven := row.proven(w.h); {
	case !proven && follows:
		finding.Problem = storage.AuditChanged
	case !proven:
		finding.Problem = storage.AuditForged
	case row.Seq != prev.Seq+1:
		finding.Problem = storage.AuditRemoved
	case !follows:
		finding.Problem = storage.AuditReordered
	default:
		return nil
	}
	return finding
}

// verification is a look at every event as it goes on.
type verification struct {
	r      *Events
	report storage.AuditReport
	known  []storage.AuditMark
}

func (v *verification) found(f storage.AuditFinding) {
	if len(v.report.Findings) < maxFindings {
		v.report.Findings = append(v.report.Findings, f)
	}
}

// Verify looks at every event, and at the places in the chain that were noted
// before, and reports what does not fit. It holds nobody up: what is written
// meanwhile is not looked at.
func (r *Events) Verify(ctx context.Context, known ...storage.AuditMark) (storage.AuditReport, error) {
	for {
		v := &verification{r: r, known: known}
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
			if !v.r.s.cfg.Hasher.Verify(mark.MAC, purposeMark, mark.content()...) {
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
	err := r.s.read.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return markRow{}, nil
	}
	return row, err
}

// linked follows the chain from base to head.
func (v *verification) linked(ctx context.Context) error {
	base, head := v.report.Base, v.report.Head
	walk := chainReader{h: v.r.s.cfg.Hasher, at: base}
	for walk.at.Seq < head.Seq {
		var rows []eventRow
		err := v.r.s.read.NewRaw(`SELECT e.*, l.seq, l.chain FROM `+linkedEvents+` WHERE l.seq > ? AND l.seq <= ?
			ORDER BY l.seq LIMIT ?`, walk.at.Seq, head.Seq, verifyBatch).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			if f := walk.step(&rows[i]); f != nil {
				v.found(*f)
			}
			v.report.Events++
			if rows[i].erased() {
				v.report.Erased++
			}
			v.compare(walk.at)
		}
	}
	if walk.at != head {
		v.found(storage.AuditFinding{Problem: storage.AuditTruncated, Seq: walk.at.Seq})
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
	var rows []linkRow
	err := v.r.s.read.NewSelect().Model(&rows).Column("id", "seq").
		Where(`seq <= COALESCE((SELECT a.seq FROM audit_marks AS a WHERE a.name = ?), 0)
			OR seq > COALESCE((SELECT a.seq FROM audit_marks AS a WHERE a.name = ?), 0)`, markBase, markHead).
		OrderExpr("seq").Limit(maxFindings).Scan(ctx)
	for _, row := range rows {
		v.found(storage.AuditFinding{Problem: storage.AuditExtra, Seq: row.Seq, EventID: storage.ID(row.ID)})
	}
	return err
}

// unlinked looks at events that wait for their link.
func (v *verification) unlinked(ctx context.Context) error {
	overdue := v.r.s.cfg.Now().Add(-linkWithin)
	for after := ""; ; {
		var rows []eventRow
		err := v.r.s.read.NewRaw(`SELECT e.* FROM audit_events AS e WHERE e.id > ?
			AND NOT EXISTS (SELECT 1 FROM audit_links AS l WHERE l.id = e.id) ORDER BY e.id LIMIT ?`, after, verifyBatch).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			v.report.Unlinked++
			finding := storage.AuditFinding{EventID: storage.ID(rows[i].ID)}
			if !rows[i].proven(v.r.s.cfg.Hasher) {
				finding.Problem = storage.AuditForged
			} else if rows[i].At.Before(overdue) {
				finding.Problem = storage.AuditUnlinked
			} else {
				continue
			}
			v.found(finding)
		}
		after = rows[len(rows)-1].ID
	}
}
