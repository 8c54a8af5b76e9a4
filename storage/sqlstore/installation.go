package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Installation keeps what all nodes of an installation agree on.
type Installation struct{ s *Store }

// Installation keeps what all nodes of an installation agree on.
func (s *Store) Installation() *Installation { return &Installation{s} }

// hashKeyName names the check value of a hash key.
const hashKeyName = "hash key "

// HashKeys returns how many hash keys have served the installation.
func (r *Installation) HashKeys(ctx context.Context) (n int, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT count(*) FROM installation WHERE name LIKE $1`, []any{hashKeyName + "%"}, &n)
	return n, wrap("count hash keys", err)
}

// HashKeyCheck returns the check value under which a hash key has served, or
// storage.ErrNotFound where none of the id has.
func (r *Installation) HashKeyCheck(ctx context.Context, keyID string) (check string, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT value FROM installation WHERE name = $1`, []any{hashKeyName + keyID}, &check)
	return check, wrap("read the check value of hash key "+keyID, err)
}

// AgreeOnHashKey keeps the check value of a hash key unless there is one already,
// and returns the one that is kept: of nodes that come at once all get the same.
func (r *Installation) AgreeOnHashKey(ctx context.Context, keyID, check string) (kept string, err error) {
	err = r.s.row(ctx, r.s.write, `INSERT INTO installation (name, value, updated_at) VALUES ($1, $2, `+r.s.dialect.now(3)+`)
		ON CONFLICT (name) DO UPDATE SET value = installation.value RETURNING value`,
		[]any{hashKeyName + keyID, check, r.s.clock()}, &kept)
	return kept, wrap("agree on hash key "+keyID, err)
}

// unlinkedEvents counts as many as anybody wants to know of: after an import of a million
// people as many events wait, and this is asked again and again meanwhile.
const unlinkedEvents = `SELECT (SELECT count(*) FROM (SELECT 1 FROM audit_queue LIMIT $1) counted),
	(SELECT e.at FROM audit_queue q JOIN audit_events e ON e.id = q.id ORDER BY q.id LIMIT 1)`

// Unlinked returns how many events wait to be linked to the chain, at most
// storage.MostUnlinked, and since when the oldest does; the zero time where none waits.
func (r *Events) Unlinked(ctx context.Context) (n int, oldest time.Time, err error) {
	var at sqlTime
	err = r.s.row(ctx, r.s.read, unlinkedEvents, []any{storage.MostUnlinked}, &n, &at)
	return n, at.Time, wrap("count unlinked events", err)
}
