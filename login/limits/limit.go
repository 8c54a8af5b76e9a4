package limits

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// limit is one counter to be raised.
type limit struct {
	name    string // for the log, the event and the metric
	key     string
	backoff storage.Backoff
	bucket  *storage.Bucket // instead of backoff, where it is not nil
}

// draw raises the counter, or says for how long nothing is let through.
func (l limit) draw(ctx context.Context, c counters) (wait time.Duration, err error) {
	if l.bucket != nil {
		wait, err = c.Draw(ctx, l.key, *l.bucket)
	} else {
		wait, err = c.Attempt(ctx, l.key, l.backoff)
	}
	if err != nil {
		return 0, fmt.Errorf("count toward limit %s: %w", l.name, err)
	}
	return wait, nil
}

// summer makes keyed hashes; keys.Hasher in the binary.
type summer interface {
	Sum(purpose string, parts ...string) string
}

func limitKey(h summer, name string, parts ...string) string {
	return "limit:" + name + ":" + h.Sum("limit", append([]string{name}, parts...)...)
}

// refilling is the limit of what anybody may ask for.
func refilling(h summer, name string, backoff storage.Backoff, parts ...string) limit {
	bucket := bucketOf(backoff)
	return limit{name: name, key: limitKey(h, name, parts...), bucket: &bucket}
}

// bucketOf makes the refilling bucket (token bucket) of a limit for what anybody may
// ask for: as many at once as a backoff lets through before its first wait, and as
// many again within Max. It has no wait that doubles: whoever asks on somebody
// else's behalf pushes nothing out for them (requirement LK1).
func bucketOf(b storage.Backoff) storage.Bucket {
	burst := b.Free + 1
	return storage.Bucket{Burst: burst, Every: max(b.Max/time.Duration(burst), time.Millisecond)}
}

// networkFactor is how much more a wider network may do.
const networkFactor = 4

// byNetwork makes one limit for each network of the request's address, with rising
// bounds, the narrowest first: of IPv6 the /64, which one customer has, and the /56
// and /48, which one can have too.
func byNetwork(ctx context.Context, backoff storage.Backoff, made func(storage.Backoff, string) limit) []limit {
	var limits []limit
	for _, network := range web.AddressBuckets(web.ClientAddress(ctx)) {
		limits = append(limits, made(backoff, network))
		backoff.Free = backoff.Free*networkFactor + networkFactor - 1
	}
	return limits
}
