package sqlstore

import (
	"context"
	"time"
)

// Jobs says which node runs a periodic job.
type Jobs struct{ s *Store }

// Claim reports whether the caller is to run the job now: of all nodes that ask,
// one may begin in each period.
func (r *Jobs) Claim(ctx context.Context, name string, every time.Duration, now time.Time) (bool, error) {
	n, err := r.s.exec(ctx, r.s.write, `INSERT INTO jobs (name, claimed_at) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET claimed_at = excluded.claimed_at WHERE jobs.claimed_at <= $3`,
		name, sqlTime{now}, sqlTime{now.Add(-every)})
	return n > 0, wrap("claim job "+name, err)
}
