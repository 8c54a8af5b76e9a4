package sqlstore

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// linkedEvents are the events of a stretch of the chain, in its order.
var linkedEvents = `SELECT ` + eventColumns + ` FROM audit_links l JOIN audit_events e ON e.id = l.id
	WHERE l.seq > $1 AND l.seq <= $2 ORDER BY l.seq LIMIT $3`

// chainReader follows the chain row by row.
type chainReader struct {
	s  *Store
	db bun.IDB
	at storage.AuditMark // the row before
	// deleted are people whose deletion was looked for, and whether it was found.
	deleted map[string]bool
}

func (s *Store) newChainReader(db bun.IDB, from storage.AuditMark) *chainReader {
	return &chainReader{s: s, db: db, at: from, deleted: map[string]bool{}}
}

// finding is what does not fit at a row.
type finding struct{ storage.AuditFinding }

// refusal is why a row that does not fit is not pruned.
func (f *finding) refusal() error {
	if f.Problem == storage.AuditUncheckable {
		return fmt.Errorf("event %d: key %q: %w", f.Seq, f.KeyID, storage.ErrUnknownKey)
	}
	return fmt.Errorf("event %d is %s: %w", f.Seq, f.Problem, storage.ErrTampered)
}

// step goes to the next row and returns what does not fit there; nil if all does.
func (c *chainReader) step(ctx context.Context, row *eventRow) (*finding, error) {
	prev, h := c.at, c.s.cfg.Hasher
	c.at = storage.AuditMark{Seq: row.Seq, Chain: row.Chain}
	found := &finding{storage.AuditFinding{Seq: row.Seq, EventID: storage.ID(row.ID)}}
	if key := row.unknownKey(h); key != "" {
		found.Problem, found.KeyID = storage.AuditUncheckable, key
		if row.Seq != prev.Seq+1 {
			found.Problem = storage.AuditRemoved
		}
		return found, nil
	}
	follows := h.Verify(row.Chain, purposeChain, link(prev.Chain, row.Seq, row.MAC)...)
	switch proven := row.proven(h); {
	case !proven && follows:
		found.Problem = storage.AuditChanged
	case !proven:
		found.Problem = storage.AuditForged
	case row.Seq != prev.Seq+1:
		found.Problem = storage.AuditRemoved
	case !follows:
		found.Problem = storage.AuditReordered
	default:
		return c.checkErasure(ctx, row, found)
	}
	return found, nil
}

// checkErasure finds an event that lost what was personal in it though its person
// is there: whoever writes to the database could else wipe their traces.
func (c *chainReader) checkErasure(ctx context.Context, row *eventRow, found *finding) (*finding, error) {
	if !row.erased() {
		return nil, nil
	}
	gone, known := c.deleted[row.UserID]
	if !known {
		deletions, err := list[eventRow](ctx, c.s, c.db, `SELECT `+eventColumns+` FROM audit_events e LEFT JOIN audit_links l ON l.id = e.id
			WHERE e.user_id = $1 AND e.type = $2`, row.UserID, string(storage.EventUserDeleted))
		if err != nil {
			return nil, err
		}
		for i := range deletions {
			// One under a key that is not ours is a finding of its own.
			gone = gone || deletions[i].unknownKey(c.s.cfg.Hasher) != "" || deletions[i].proven(c.s.cfg.Hasher)
		}
		c.deleted[row.UserID] = gone
	}
	if gone && row.UserID != "" {
		return nil, nil
	}
	found.Problem = storage.AuditErased
	return found, nil
}
