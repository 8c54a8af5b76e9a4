package outbox

import (
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// errVoid says that what a message says is void.
var errVoid = errors.New("what it says is void")

// verdict is what becomes of a message after a try.
type verdict struct {
	status storage.MessageStatus // queued: it is tried again at nextAt
	nextAt time.Time
	reason string // without addresses and content
}

// lost reports whether somebody was to get a message and never will.
func (v verdict) lost() bool {
	return v.status == storage.MessageFailed || v.status == storage.MessageExpired
}

// result names the verdict for the metrics.
func (v verdict) result() string {
	if v.status == storage.MessageQueued {
		return "delayed"
	}
	return string(v.status)
}

// The waits between tries: each doubles, with a fifth more or less, so that
// what failed together is not tried together.
const (
	firstWait = 30 * time.Second
	longWait  = 6 * time.Hour
	jitter    = 0.2
)

// wait is that after the n-th try (from 1).
func wait(n int) time.Duration {
	w := firstWait
	for range min(n-1, 16) {
		w = min(w*2, longWait)
	}
	return w
}

// waited is how long a message has been tried for, after its n-th try.
func waited(n int) (total time.Duration) {
	for i := 1; i < n; i++ {
		total += wait(i)
	}
	return total
}

// void reports whether what the message says is void at now.
func void(m storage.Message, now time.Time) bool {
	return !m.NotAfter.IsZero() && !now.Before(m.NotAfter)
}

// judge says what becomes of a message whose try ended with err. chance, from 0
// up to 1, spreads the next try.
func judge(m storage.Message, err error, now time.Time, giveUp time.Duration, chance float64) verdict {
	reason := "unknown"
	var failed *delivery.Error
	if errors.As(err, &failed) {
		reason = failed.Error()
	}
	next := now.Add(time.Duration(float64(wait(m.Attempts)) * (1 - jitter + 2*jitter*chance)))
	switch {
	case err == nil:
		return verdict{status: storage.MessageSent}
	case errors.Is(err, message.ErrNobody):
		return verdict{status: storage.MessageSkipped}
	case errors.Is(err, errVoid):
		return verdict{status: storage.MessageExpired, reason: m.LastError}
	case failed != nil && failed.Permanent, waited(m.Attempts) >= giveUp:
		return verdict{status: storage.MessageFailed, reason: reason}
	case void(m, next):
		return verdict{status: storage.MessageExpired, reason: reason}
	}
	return verdict{status: storage.MessageQueued, nextAt: next, reason: reason}
}
