package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/redis/rueidis"
)

var waitScript = rueidis.NewLuaScript(waitAfter + `
return wait_after(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))`)

// WaitInLua is what the server makes of a backoff.
func (s *Store) WaitInLua(ctx context.Context, b storage.Backoff, n int64) (time.Duration, error) {
	wait, err := s.run(ctx, "wait", waitScript, "wait", strconv.FormatInt(n, 10), strconv.Itoa(b.Free), milliseconds(b.Base), milliseconds(b.Max))
	return time.Duration(wait) * time.Millisecond, err
}
