package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Ephemeral keeps what expires by itself in a table: the twin of
// storage/ephemeral where there is no Redis. It survives a restart.
type Ephemeral struct{ s *Store }

// Put keeps value under key for ttl, in place of what was there.
func (e *Ephemeral) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := e.s.exec(ctx, e.s.ephemeralDB, `INSERT INTO ephemeral (key, value, count, expires_at) VALUES ($1, $2, 0, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = 0, expires_at = excluded.expires_at`,
		key, value, sqlTime{e.s.cfg.Now().Add(ttl)})
	return wrap("put ephemeral entry", err)
}

// Swap is a compare-and-swap of what is under key; see ephemeral.Store.
func (e *Ephemeral) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error {
	if old == nil {
		return e.putNew(ctx, key, value, ttl)
	}
	now := e.s.cfg.Now()
	n, err := e.s.exec(ctx, e.s.ephemeralDB, `UPDATE ephemeral SET value = $2, count = 0, expires_at = $3 WHERE key = $1 AND expires_at > $4 AND value = $5`,
		key, value, sqlTime{now.Add(ttl)}, sqlTime{now}, old)
	if err == nil && n == 0 {
		if _, err = e.Get(ctx, key); err == nil {
			err = storage.ErrConflict
		}
	}
	return wrap("swap ephemeral entry", err)
}

// putNew keeps value under key unless something is there that has not expired.
func (e *Ephemeral) putNew(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	now := e.s.cfg.Now()
	n, err := e.s.exec(ctx, e.s.ephemeralDB, `INSERT INTO ephemeral (key, value, count, expires_at) VALUES ($1, $2, 0, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = 0, expires_at = excluded.expires_at
		WHERE ephemeral.expires_at <= $4`,
		key, value, sqlTime{now.Add(ttl)}, sqlTime{now})
	if err == nil && n == 0 {
		err = storage.ErrConflict
	}
	return wrap("put new ephemeral entry", err)
}

// Get returns what is under key, or storage.ErrNotFound.
func (e *Ephemeral) Get(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := e.s.row(ctx, e.s.ephemeralDB, `SELECT value FROM ephemeral WHERE key = $1 AND expires_at > $2`,
		[]any{key, sqlTime{e.s.cfg.Now()}}, &value)
	return value, wrap("get ephemeral entry", err)
}

// Take returns and removes what is under key in one step: of many callers one
// gets it, the others storage.ErrNotFound.
func (e *Ephemeral) Take(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := e.s.row(ctx, e.s.ephemeralDB, `DELETE FROM ephemeral WHERE key = $1 AND expires_at > $2 RETURNING value`,
		[]any{key, sqlTime{e.s.cfg.Now()}}, &value)
	return value, wrap("take ephemeral entry", err)
}

// Count adds one to the counter under key, which starts again from one when
// window has passed since its first count, and returns it.
func (e *Ephemeral) Count(ctx context.Context, key string, window time.Duration) (int64, error) {
	now := e.s.cfg.Now()
	var count int64
	err := e.s.row(ctx, e.s.ephemeralDB, `INSERT INTO ephemeral (key, value, count, expires_at) VALUES ($1, $2, 1, $3)
		ON CONFLICT (key) DO UPDATE SET
			count = CASE WHEN ephemeral.expires_at <= $4 THEN 1 ELSE ephemeral.count + 1 END,
			expires_at = CASE WHEN ephemeral.expires_at <= $4 THEN excluded.expires_at ELSE ephemeral.expires_at END
		RETURNING count`,
		[]any{key, []byte{}, sqlTime{now.Add(window)}, sqlTime{now}}, &count)
	return count, wrap("count", err)
}

// TakeIf removes what is under key if it is value, in one step: of many callers
// one does, the others get storage.ErrNotFound.
func (e *Ephemeral) TakeIf(ctx context.Context, key string, value []byte) error {
	n, err := e.s.exec(ctx, e.s.ephemeralDB, `DELETE FROM ephemeral WHERE key = $1 AND expires_at > $2 AND value = $3`,
		key, sqlTime{e.s.cfg.Now()}, value)
	if err == nil && n == 0 {
		err = storage.ErrNotFound
	}
	return wrap("take ephemeral entry", err)
}

// Delete removes what is under the keys, if anything is.
func (e *Ephemeral) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	var args []any
	which := anyOf(&args, keys)
	_, err := e.s.exec(ctx, e.s.ephemeralDB, `DELETE FROM ephemeral WHERE key IN `+which, args...)
	return wrap("delete ephemeral entries", err)
}

// attempt counts one more, unless a wait is running: then it changes nothing. No
// wait is 0 rather than now: a request that was held up behind later ones has an
// earlier now, and must not be refused for that.
var attempt = `INSERT INTO ephemeral (key, value, count, waits_until, expires_at) VALUES ($1, $2, 1, $3, $4)
	ON CONFLICT (key) DO UPDATE SET (count, waits_until, expires_at) = (
		SELECT n, CASE WHEN wait > 0 THEN CAST($5 AS BIGINT) + wait ELSE 0 END, CAST($5 AS BIGINT) + CASE WHEN wait > CAST($6 AS BIGINT) THEN wait ELSE CAST($6 AS BIGINT) END
		FROM (SELECT n, ` + waitAfter("$7", "$8", "$9", "$10") + ` AS wait
			FROM (SELECT CASE WHEN ephemeral.expires_at <= $5 THEN 1 ELSE ephemeral.count + 1 END AS n) AS counted) AS waiting)
	WHERE ephemeral.waits_until <= $5`

// Attempt asks to be let through, of those that share key. While a wait is
// running it answers how much of it is left, and counts nothing; otherwise it
// counts one, starts the wait that b has for that count, and answers zero.
func (e *Ephemeral) Attempt(ctx context.Context, key string, b storage.Backoff) (time.Duration, error) {
	now, first := e.s.cfg.Now(), b.Wait(1)
	var firstUntil int64
	if first > 0 {
		firstUntil = now.Add(first).UnixMicro()
	}
	args := append([]any{
		key, []byte{}, firstUntil, sqlTime{now.Add(max(b.Window, first))}, sqlTime{now}, b.Window.Microseconds(),
	}, backoffArgs(b)...)
	for {
		n, err := e.s.exec(ctx, e.s.ephemeralDB, attempt, args...)
		if err != nil || n > 0 {
			return 0, wrap("count attempt", err)
		}
		var until sqlTime
		err = e.s.row(ctx, e.s.ephemeralDB, `SELECT waits_until FROM ephemeral WHERE key = $1 AND waits_until > $2`, []any{key, sqlTime{now}}, &until)
		if errors.Is(err, sql.ErrNoRows) {
			continue // it was deleted meanwhile
		}
		return until.Sub(now), wrap("read wait", err)
	}
}

// draw is [storage.Bucket.Draw] in SQL: waits_until is when the bucket will be full.
const draw = `INSERT INTO ephemeral (key, value, count, waits_until, expires_at) VALUES ($1, $2, 1, CAST($3 AS BIGINT) + CAST($4 AS BIGINT), CAST($3 AS BIGINT) + CAST($4 AS BIGINT))
	ON CONFLICT (key) DO UPDATE SET
		waits_until = CASE WHEN ephemeral.waits_until > $3 THEN ephemeral.waits_until ELSE CAST($3 AS BIGINT) END + CAST($4 AS BIGINT),
		expires_at = CASE WHEN ephemeral.waits_until > $3 THEN ephemeral.waits_until ELSE CAST($3 AS BIGINT) END + CAST($4 AS BIGINT)
	WHERE CASE WHEN ephemeral.waits_until > $3 THEN ephemeral.waits_until - CAST($3 AS BIGINT) ELSE 0 END + CAST($4 AS BIGINT) <= CAST($5 AS BIGINT)`

// Draw takes a token out of a bucket that refills, and answers zero; of an empty
// one it takes nothing, and answers when the next token is there.
func (e *Ephemeral) Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error) {
	now, room := e.s.cfg.Now(), time.Duration(b.Burst)*b.Every
	for {
		n, err := e.s.exec(ctx, e.s.ephemeralDB, draw, key, []byte{}, sqlTime{now}, b.Every.Microseconds(), room.Microseconds())
		if err != nil || n > 0 {
			return 0, wrap("draw from bucket", err)
		}
		var full sqlTime
		err = e.s.row(ctx, e.s.ephemeralDB, `SELECT waits_until FROM ephemeral WHERE key = $1`, []any{key}, &full)
		if errors.Is(err, sql.ErrNoRows) {
			continue // it was deleted meanwhile
		}
		_, wait := b.Draw(full.Time, now)
		if err != nil || wait > 0 {
			return wait, wrap("read bucket", err)
		}
	}
}

// Ping reports why the table cannot be reached; nil when it can.
func (e *Ephemeral) Ping(ctx context.Context) error { return e.s.Ping(ctx) }
