package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/redis/rueidis"
)

// milliseconds are how scripts take a duration.
func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// run runs a script on one key that answers with a number.
func (s *Store) run(ctx context.Context, attempted string, script *rueidis.Lua, key string, args ...string) (n int64, err error) {
	err = s.with(ctx, attempted, func(ctx context.Context, c rueidis.Client) (err error) {
		n, err = script.Exec(ctx, c, []string{s.prefix + key}, args).AsInt64()
		return err
	})
	return n, err
}

// count raises a counter, and starts its window with the first.
var count = rueidis.NewLuaScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n`)

// Count implements ephemeral.Counters.
func (s *Store) Count(ctx context.Context, key string, window time.Duration) (int64, error) {
	return s.run(ctx, "count", count, key, milliseconds(window))
}

// waitAfter is storage.Backoff.Wait in Lua, in milliseconds: a test holds both to
// one table.
const waitAfter = `
local function wait_after(n, free, base, max)
	if n <= free then return 0 end
	return math.min(base * 2 ^ math.min(n - free - 1, 32), max)
end
`

// clock is the server's time, in milliseconds: that of no node.
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

// attempt counts one more, unless a wait is running: then it changes nothing.
// Its arguments are those of storage.Backoff, in milliseconds.
var attempt = rueidis.NewLuaScript(waitAfter + clock + `
local left = tonumber(redis.call('HGET', KEYS[1], 'until') or 0) - now
if left > 0 then return left end
local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
local wait = wait_after(n, tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + wait))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(wait, tonumber(ARGV[4]))))
return 0`)

// Attempt implements ephemeral.Counters.
func (s *Store) Attempt(ctx context.Context, key string, b storage.Backoff) (time.Duration, error) {
	left, err := s.run(ctx, "count attempt", attempt, key,
		strconv.Itoa(b.Free), milliseconds(b.Base), milliseconds(b.Max), milliseconds(b.Window))
	return time.Duration(left) * time.Millisecond, err
}

// draw is storage.Bucket.Draw in Lua: the entry is when the bucket will be full.
var draw = rueidis.NewLuaScript(clock + `
local every, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + every
local wait = full - now - room
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', string.format('%.0f', full - now))
return 0`)

// Draw implements ephemeral.Counters.
func (s *Store) Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error) {
	wait, err := s.run(ctx, "draw from bucket", draw, key, milliseconds(b.Every), milliseconds(time.Duration(b.Burst)*b.Every))
	return time.Duration(wait) * time.Millisecond, err
}

// Delete implements ephemeral.Counters: one command a key, in one round trip.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return s.with(ctx, "delete ephemeral entries", func(ctx context.Context, c rueidis.Client) error {
		commands := make(rueidis.Commands, len(keys))
		for i, key := range keys {
			commands[i] = c.B().Del().Key(s.prefix + key).Build()
		}
		for _, result := range c.DoMulti(ctx, commands...) {
			if err := result.Error(); err != nil {
				return err
			}
		}
		return nil
	})
}
