// Package ephemeral keeps what expires by itself (codes, interactions, one-time
// tokens, counters) in Redis, through rueidis. Its embedded twin, for servers
// without Redis, is the table behind sqlstore.Ephemeral; one suite of contract
// tests holds both to the same behaviour.
//
// Losing Redis loses what is in flight and nothing else: every effect that must
// happen once is a conditional write in SQL as well. A Redis that does not
// answer is an error to the caller, never an absent entry (requirement TH5).
package ephemeral

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/redis/rueidis"
)

// prefix keeps our keys apart from those of others in the same database.
const prefix = "latchkey:"

// Redis is a client of a Redis server. Its methods may be called concurrently;
// concurrent ones share round trips.
type Redis struct{ client rueidis.Client }

// OpenRedis connects to redis://[user:password@]host:port[/database], or
// rediss:// for TLS.
func OpenRedis(ctx context.Context, url string) (*Redis, error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("redis url: %w", err)
	}
	// Every answer must be the server's own: what was spent must not be read again.
	option.DisableCache = true
	// A connection that is only read from when somebody waits for an answer stays
	// for dead until its next command, which is lost with it: after a restart of
	// Redis one page would fail for each connection.
	option.AlwaysPipelining = true
	client, err := rueidis.NewClient(option)
	if err != nil {
		return nil, fmt.Errorf("connect to redis: %w", err)
	}
	r := &Redis{client: client}
	if err := r.Ping(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return r, nil
}

// Close closes the connections.
func (r *Redis) Close() error {
	r.client.Close()
	return nil
}

// Ping reports why Redis does not answer; nil when it does.
func (r *Redis) Ping(ctx context.Context) error {
	return wrap("reach redis", r.do(ctx, r.client.B().Ping().Build()).Error())
}

// answerWithin bounds how long Redis is waited for. Reading is tried again over
// a new connection when one breaks, which would otherwise go on for as long as
// somebody waits for the page.
const answerWithin = 2 * time.Second

func (r *Redis) do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return r.client.Do(ctx, cmd)
}

func (r *Redis) exec(ctx context.Context, script *rueidis.Lua, keys, args []string) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return script.Exec(ctx, r.client, keys, args)
}

// Put keeps value under key for ttl, in place of what was there.
func (r *Redis) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	cmd := r.client.B().Set().Key(prefix + key).Value(rueidis.BinaryString(value)).Px(ttl).Build()
	return wrap("put ephemeral entry", r.do(ctx, cmd).Error())
}

// PutNew keeps value under key for ttl, or answers storage.ErrConflict when
// something is there.
func (r *Redis) PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	cmd := r.client.B().Set().Key(prefix + key).Value(rueidis.BinaryString(value)).Nx().Px(ttl).Build()
	err := r.do(ctx, cmd).Error()
	if rueidis.IsRedisNil(err) {
		return fmt.Errorf("put new ephemeral entry: %w", storage.ErrConflict)
	}
	return wrap("put new ephemeral entry", err)
}

// Replace keeps value under key for ttl in place of what is there, or answers
// storage.ErrNotFound when nothing is.
func (r *Redis) Replace(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	cmd := r.client.B().Set().Key(prefix + key).Value(rueidis.BinaryString(value)).Xx().Px(ttl).Build()
	return wrap("replace ephemeral entry", r.do(ctx, cmd).Error())
}

// Get returns what is under key, or storage.ErrNotFound.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := r.do(ctx, r.client.B().Get().Key(prefix+key).Build()).AsBytes()
	return value, wrap("get ephemeral entry", err)
}

// Take returns and removes what is under key in one step: of many callers one
// gets it, the others storage.ErrNotFound.
func (r *Redis) Take(ctx context.Context, key string) ([]byte, error) {
	value, err := r.do(ctx, r.client.B().Getdel().Key(prefix+key).Build()).AsBytes()
	return value, wrap("take ephemeral entry", err)
}

// count raises a counter, and starts its window with the first.
var count = rueidis.NewLuaScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n`)

// Count adds one to the counter under key, which starts again from one when
// window has passed since its first count, and returns it.
func (r *Redis) Count(ctx context.Context, key string, window time.Duration) (int64, error) {
	args := []string{fmt.Sprint(window.Milliseconds())}
	n, err := r.exec(ctx, count, []string{prefix + key}, args).AsInt64()
	return n, wrap("count", err)
}

// takeIf deletes an entry that is as the caller read it.
var takeIf = rueidis.NewLuaScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

// TakeIf removes what is under key if it is value, in one step: of many callers
// one does, the others get storage.ErrNotFound.
func (r *Redis) TakeIf(ctx context.Context, key string, value []byte) error {
	n, err := r.exec(ctx, takeIf, []string{prefix + key}, []string{rueidis.BinaryString(value)}).AsInt64()
	if err == nil && n == 0 {
		err = storage.ErrNotFound
	}
	return wrap("take ephemeral entry", err)
}

// Delete removes what is under the keys, if anything is.
func (r *Redis) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	prefixed := make([]string, len(keys))
	for i, key := range keys {
		prefixed[i] = prefix + key
	}
	return wrap("delete ephemeral entries", r.do(ctx, r.client.B().Del().Key(prefixed...).Build()).Error())
}

// attempt counts one more, unless a wait is running: then it changes nothing.
// Its arguments are those of storage.Backoff, in milliseconds.
var attempt = rueidis.NewLuaScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = tonumber(redis.call('HGET', KEYS[1], 'until') or 0) - now
if left > 0 then return left end
local over = redis.call('HINCRBY', KEYS[1], 'n', 1) - ARGV[1]
local wait = 0
if over > 0 then wait = math.min(ARGV[2] * 2 ^ math.min(over - 1, 32), ARGV[3]) end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + wait))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(wait, ARGV[4])))
return 0`)

// Attempt asks to be let through, of those that share key. While a wait is
// running it answers how much of it is left, and counts nothing; otherwise it
// counts one, starts the wait that b has for that count, and answers zero.
func (r *Redis) Attempt(ctx context.Context, key string, b storage.Backoff) (time.Duration, error) {
	args := []string{
		fmt.Sprint(b.Free), fmt.Sprint(b.Base.Milliseconds()), fmt.Sprint(b.Max.Milliseconds()), fmt.Sprint(b.Window.Milliseconds()),
	}
	left, err := r.exec(ctx, attempt, []string{prefix + key}, args).AsInt64()
	return time.Duration(left) * time.Millisecond, wrap("count attempt", err)
}

func wrap(attempted string, err error) error {
	switch {
	case err == nil:
		return nil
	case rueidis.IsRedisNil(err):
		return fmt.Errorf("%s: %w", attempted, storage.ErrNotFound)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}
