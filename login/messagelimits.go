package login

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// MessageLimits bounds what people can have sent, of all kinds together: to one
// account, to one e-mail address or number, and from one network address. What a
// change of an account has to tell its owner is no part of it.
type MessageLimits struct{ Account, Destination, Address storage.Backoff }

// MessageLimiter counts messages before they are queued. The pages and whatever
// sends codes for factors count in the same store, under the same names.
type MessageLimiter struct {
	Ephemeral counters
	Hasher    *keys.Hasher
	Limits    MessageLimits
}

// Allow counts a message, or says for how long there are none, and by which
// limit. The narrowest limit is asked first: what one person is refused spends
// nothing of others'. userID is empty where the sender must not know whom the
// destination belongs to (requirement EN1).
func (l MessageLimiter) Allow(ctx context.Context, userID storage.ID, destination string) (wait time.Duration, name string, err error) {
	type counter struct {
		name, of string
		backoff  storage.Backoff
	}
	var counters []counter
	if userID != "" {
		counters = append(counters, counter{"messages_account", string(userID), l.Limits.Account})
	}
	counters = append(counters,
		counter{"messages_destination", ident.Canonical(destination), l.Limits.Destination},
		counter{"messages_address", addressBucket(ctx), l.Limits.Address})
	for _, c := range counters {
		wait, err := l.Ephemeral.Attempt(ctx, "limit:"+c.name+":"+l.Hasher.Sum("limit", c.name, c.of), c.backoff)
		if err != nil {
			return 0, c.name, fmt.Errorf("count message: %w", err)
		}
		if wait > 0 {
			return wait, c.name, nil
		}
	}
	return 0, "", nil
}

// allowMessage refuses the request where too many messages were sent.
func (p *Pages) allowMessage(r *http.Request, userID storage.ID, destination string) error {
	limiter := MessageLimiter{Ephemeral: p.cfg.Ephemeral, Hasher: p.cfg.Hasher, Limits: p.cfg.Limits.Messages}
	wait, name, err := limiter.Allow(r.Context(), userID, destination)
	if err != nil {
		return unavailable("count message", err)
	}
	if wait > 0 {
		return p.refuse(r, userID, name, wait)
	}
	return nil
}
