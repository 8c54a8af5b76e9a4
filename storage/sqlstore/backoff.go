package sqlstore

import (
	"fmt"
	"math"

	"github.com/latchkey-id/latchkey/storage"
)

// waitAfter is [storage.Backoff.Wait] in SQL, in microseconds, of the count n and
// of four placeholders that stand for what [backoffArgs] returns. Base doubles by
// shifting.
func waitAfter(free, shift, ceiling, base string) string {
	return fmt.Sprintf(`CASE WHEN n <= CAST(%[1]s AS BIGINT) THEN 0
		WHEN n - CAST(%[1]s AS BIGINT) > CAST(%[2]s AS BIGINT) THEN CAST(%[3]s AS BIGINT)
		ELSE CAST(%[4]s AS BIGINT) << CAST(n - CAST(%[1]s AS BIGINT) - 1 AS INTEGER) END`, free, shift, ceiling, base)
}

// backoffArgs are the free attempts, the shift from which on waits have reached
// their ceiling, the ceiling, and the base.
func backoffArgs(b storage.Backoff) []any {
	ceiling := b.Wait(math.MaxInt64)
	var shift int64
	for b.Base<<shift < ceiling {
		shift++
	}
	return []any{int64(b.Free), shift, ceiling.Microseconds(), b.Base.Microseconds()}
}
