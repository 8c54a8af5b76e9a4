package redis

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/redis/rueidis"
)

// Get implements ephemeral.Store.
func (s *Store) Get(ctx context.Context, key string) (value []byte, err error) {
	err = s.with(ctx, "get ephemeral entry", func(ctx context.Context, c rueidis.Client) (err error) {
		value, err = c.Do(ctx, c.B().Get().Key(s.prefix+key).Build()).AsBytes()
		return err
	})
	return value, err
}

// Put implements ephemeral.Store.
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.with(ctx, "put ephemeral entry", func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().Set().Key(s.prefix+key).Value(rueidis.BinaryString(value)).Px(ttl).Build()).Error()
	})
}

// swap replaces an entry that is as the caller read it.
var swap = rueidis.NewLuaScript(`
local found = redis.call('GET', KEYS[1])
if not found then return 0 end
if found ~= ARGV[1] then return 2 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// Swap implements ephemeral.Store.
func (s *Store) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error {
	return s.with(ctx, "swap ephemeral entry", func(ctx context.Context, c rueidis.Client) error {
		if old == nil {
			err := c.Do(ctx, c.B().Set().Key(s.prefix+key).Value(rueidis.BinaryString(value)).Nx().Px(ttl).Build()).Error()
			if rueidis.IsRedisNil(err) {
				return storage.ErrConflict
			}
			return err
		}
		args := []string{rueidis.BinaryString(old), rueidis.BinaryString(value), milliseconds(ttl)}
		switch n, err := swap.Exec(ctx, c, []string{s.prefix + key}, args).AsInt64(); {
		case err != nil:
			return err
		case n == 0:
			return storage.ErrNotFound
		case n == 2:
			return storage.ErrConflict
		}
		return nil
	})
}

// Take implements ephemeral.Store.
func (s *Store) Take(ctx context.Context, key string) (value []byte, err error) {
	err = s.with(ctx, "take ephemeral entry", func(ctx context.Context, c rueidis.Client) (err error) {
		value, err = c.Do(ctx, c.B().Getdel().Key(s.prefix+key).Build()).AsBytes()
		return err
	})
	return value, err
}

// takeIf deletes an entry that is as the caller read it.
var takeIf = rueidis.NewLuaScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

// TakeIf implements ephemeral.Store.
func (s *Store) TakeIf(ctx context.Context, key string, value []byte) error {
	return s.with(ctx, "take ephemeral entry", func(ctx context.Context, c rueidis.Client) error {
		n, err := takeIf.Exec(ctx, c, []string{s.prefix + key}, []string{rueidis.BinaryString(value)}).AsInt64()
		if err == nil && n == 0 {
			err = storage.ErrNotFound
		}
		return err
	})
}
