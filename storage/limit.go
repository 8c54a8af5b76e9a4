package storage

import "time"

// Backoff says how long attempts are refused after failures: the first Free
// attempts are free, then each one starts a wait that doubles from Base to Max.
// A counter is forgotten when Window has passed since the last attempt or, where
// that is later, when its wait is over.
type Backoff struct {
	Free      int
	Base, Max time.Duration
	Window    time.Duration
}

// Wait is how long further attempts are refused after the n-th attempt (from 1).
func (b Backoff) Wait(n int64) time.Duration {
	over := n - int64(b.Free)
	if over <= 0 {
		return 0
	}
	wait := b.Base
	for range min(over-1, 32) {
		if wait *= 2; wait >= b.Max {
			return b.Max
		}
	}
	return min(wait, b.Max)
}

// Bucket is a rate limit that refills: it holds at most Burst tokens, and gets one
// back each Every. Unlike a [Backoff] it gives no wait that an outsider's own
// requests can push out: whoever asks of an empty bucket takes nothing.
type Bucket struct {
	Burst int
	Every time.Duration
}

// Draw takes a token at now out of a bucket that will be full at full (GCRA's
// theoretical arrival time; zero is a full bucket). It returns when the bucket will
// be full then, and zero; or, of an empty bucket, how long until there is a token.
func (b Bucket) Draw(full, now time.Time) (fullThen time.Time, wait time.Duration) {
	if full.Before(now) {
		full = now
	}
	fullThen = full.Add(b.Every)
	if wait = fullThen.Sub(now) - time.Duration(b.Burst)*b.Every; wait > 0 {
		return full, wait
	}
	return fullThen, 0
}
