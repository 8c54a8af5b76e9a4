package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Ephemeral keeps what expires by itself in a table: the twin of
// storage/ephemeral where there is no Redis. It survives a restart.
type Ephemeral struct{ s *Store }

// Put keeps value under key for ttl, in place of what was there.
func (e *Ephemeral) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := e.s.exec(ctx, e.s.short, `INSERT INTO ephemeral (key, value, count, expires_at) VALUES ($1, $2, 0, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = 0, expires_at = excluded.expires_at`,
		key, value, instant{e.s.cfg.Now().Add(ttl)})
	return wrap("put ephemeral entry", err)
}

// PutNew keeps value under key for ttl, or answers storage.ErrConflict when
// something is there that has not expired.
func (e *Ephemeral) PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	now := e.s.cfg.Now()
	n, err := e.s.exec(ctx, e.s.short, `INSERT INTO ephemeral (key, value, count, expires_at) VALUES ($1, $2, 0, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = 0, expires_at = excluded.expires_at
		WHERE ephemeral.expires_at <= $4`,
		key, value, instant{now.Add(ttl)}, instant{now})
	if err == nil && n == 0 {
		err = storage.ErrConflict
	}
	return wrap("put new ephemeral entry", err)
}

// Get returns what is under key, or storage.ErrNotFound.
func (e *Ephemeral) Get(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := e.s.row(ctx, e.s.short, `SELECT value FROM ephemeral WHERE key = $1 AND expires_at > $2`,
		[]any{key, instant{e.s.cfg.Now()}}, &value)
	return value, wrap("get ephemeral entry", err)
}

// Take returns and removes what is under key in one step: of many callers one
// gets it, the others storage.ErrNotFound.
func (e *Ephemeral) Take(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := e.s.row(ctx, e.s.short, `DELETE FROM ephemeral WHERE key = $1 AND expires_at > $2 RETURNING value`,
		[]any{key, instant{e.s.cfg.Now()}}, &value)
	return value, wrap("take ephemeral entry", err)
}

// Count adds one to the counter under key, which starts again from one when
// window has passed since its first count, and returns it.
func (e *Ephemeral) Count(ctx context.Context, key string, window time.Duration) (int64, error) {
	now := e.s.cfg.Now()
	var count int64
	err := e.s.row(ctx, e.s.short, `INSERT INTO ephemeral (key, value, count, expires_at) VALUES ($1, $2, 1, $3)
		ON CONFLICT (key) DO UPDATE SET
			count = CASE WHEN ephemeral.expires_at <= $4 THEN 1 ELSE ephemeral.count + 1 END,
			expires_at = CASE WHEN ephemeral.expires_at <= $4 THEN excluded.expires_at ELSE ephemeral.expires_at END
		RETURNING count`,
		[]any{key, []byte{}, instant{now.Add(window)}, instant{now}}, &count)
	return count, wrap("count", err)
}

// Ping reports why the table cannot be reached; nil when it can.
func (e *Ephemeral) Ping(ctx context.Context) error { return e.s.Ping(ctx) }
