package outbox

import (
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// errVoid says that what a message says is void.
var errVoid = errors.New("what it says is void")

// verdict is what becomes of a delivery after a try.
type verdict struct {
	status storage.DeliveryStatus // queued: it is tried again at nextAt
	nextAt time.Time
	reason string // without addresses and content
}

// lost reports whether somebody was to get a message and never will.
func (v verdict) lost() bool {
	return v.status == storage.DeliveryFailed || v.status == storage.DeliveryExpired
}

// result names the verdict for the metrics.
func (v verdict) result() string {
	if v.status == storage.DeliveryQueued {
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
	// elsewhere is how much shorter the first waits are for what another node can do.
	elsewhere, elsewhereTries = 10, 5
)

// wait is that after the n-th try (from 1).
func wait(n int) time.Duration {
	w := firstWait
	for range min(n-1, 16) {
		w = min(w*2, longWait)
	}
	return w
}

// waited is how long a delivery has been tried for, after its n-th try.
func waited(n int) (total time.Duration) {
	for i := 1; i < n; i++ {
		total += wait(i)
	}
	return total
}

// isVoid reports whether the delivery is void at now.
func isVoid(m storage.Delivery, now time.Time) bool {
	return !m.NotAfter.IsZero() && !now.Before(m.NotAfter)
}

// judge says what becomes of a delivery whose try ended with err. chance, from 0
// up to 1, spreads the next try.
func judge(m storage.Delivery, err error, now time.Time, giveUp time.Duration, chance float64) verdict {
	reason := "unknown"
	var failed *delivery.Error
	if errors.As(err, &failed) {
		reason = failed.Error()
	}
	until := float64(wait(m.Attempts))
	if errors.Is(err, keys.ErrUnknownKey) {
		reason = "sealed under a key that this node does not have"
		if m.Attempts <= elsewhereTries { // another node may open it, which comes by soon (requirement KY5)
			until /= elsewhere
		}
	}
	next := now.Add(time.Duration(until * (1 - jitter + 2*jitter*chance)))
	switch {
	case err == nil:
		return verdict{status: storage.DeliverySent}
	case errors.Is(err, ErrNobody):
		return verdict{status: storage.DeliverySkipped}
	case errors.Is(err, errVoid):
		return verdict{status: storage.DeliveryExpired, reason: m.LastError}
	case failed != nil && failed.Permanent, waited(m.Attempts) >= giveUp:
		return verdict{status: storage.DeliveryFailed, reason: reason}
	case isVoid(m, next):
		return verdict{status: storage.DeliveryExpired, reason: reason}
	}
	return verdict{status: storage.DeliveryQueued, nextAt: next, reason: reason}
}
