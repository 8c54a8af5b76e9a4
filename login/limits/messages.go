package limits

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// MessageBounds bounds what people can have sent, of all kinds together. What a
// change of an account has to tell its owner is no part of it.
type MessageBounds struct {
	// Account bounds what one person has sent who is signed in, or who has shown the
	// right password and is asked for a code.
	Account storage.Backoff
	// Destination bounds what anybody has sent to one email address or number, and
	// Address what anybody asks for from one network address. They refill: Free at
	// once, and as many again within Max.
	Destination, Address storage.Backoff
	// AnonymousPerHour bounds all that anybody may ask for together.
	AnonymousPerHour int
}

// MessageLimiter counts messages before they are queued, in budgets by who asks:
// what anybody may ask for never spends a budget that only a right password, or a
// session, may (requirement LK1). The pages and whatever sends codes for factors
// count in the same store, under the same names.
type MessageLimiter struct {
	Counters counters
	Hasher   summer
	Bounds   MessageBounds
}

// Anonymous counts a message that anybody may ask for (a reset, a sign-up), or says
// for how long there are none, and by which limit. The narrowest limit is asked
// first: what is refused spends nothing of others'.
func (l MessageLimiter) Anonymous(ctx context.Context, destination string) (wait time.Duration, name string, err error) {
	refused, wait, err := l.count(ctx, l.anonymous(ctx, destination))
	return wait, refused.name, err
}

func (l MessageLimiter) anonymous(ctx context.Context, destination string) []limit {
	limits := []limit{refilling(l.Hasher, "messages_destination", l.Bounds.Destination, ident.LimitKey(destination))}
	limits = append(limits, byNetwork(ctx, l.Bounds.Address, func(b storage.Backoff, network string) limit {
		return refilling(l.Hasher, "messages_address", b, network)
	})...)
	all := storage.Backoff{Free: l.Bounds.AnonymousPerHour, Max: time.Hour}
	return append(limits, refilling(l.Hasher, "messages_anonymous", all))
}

// Member counts a message that a person asks for who is signed in, to an address or
// number that is not known to be theirs: by their account, and by the destination
// apart from what strangers had sent there.
func (l MessageLimiter) Member(ctx context.Context, userID storage.ID, destination string) (wait time.Duration, name string, err error) {
	refused, wait, err := l.count(ctx, l.member(ctx, userID, destination))
	return wait, refused.name, err
}

func (l MessageLimiter) member(ctx context.Context, userID storage.ID, destination string) []limit {
	limits := []limit{
		{name: "messages_account", key: limitKey(l.Hasher, "messages_account", string(userID)), backoff: l.Bounds.Account},
		refilling(l.Hasher, "messages_member_destination", l.Bounds.Destination, ident.LimitKey(destination)),
	}
	return append(limits, byNetwork(ctx, l.Bounds.Address, func(b storage.Backoff, network string) limit {
		return refilling(l.Hasher, "messages_member_address", b, network)
	})...)
}

// Factor counts a code for a person who has shown the right password, to a
// destination that is known to be theirs: by their account alone, which nobody else
// can spend.
func (l MessageLimiter) Factor(ctx context.Context, userID storage.ID) (wait time.Duration, name string, err error) {
	refused, wait, err := l.count(ctx, []limit{
		{name: "messages_factor", key: limitKey(l.Hasher, "messages_factor", string(userID)), backoff: l.Bounds.Account},
	})
	return wait, refused.name, err
}

// count raises the counters in turn until one refuses.
func (l MessageLimiter) count(ctx context.Context, limits []limit) (refused limit, wait time.Duration, err error) {
	for _, limit := range limits {
		if wait, err := limit.draw(ctx, l.Counters); err != nil || wait > 0 {
			return limit, wait, err
		}
	}
	return limit{}, 0, nil
}

// AnonymousMessage counts a message that anybody may ask for, and refuses the request
// where too many were sent. Whoever asks must not learn whom the destination belongs
// to (user enumeration, requirement EN1).
func (l *Limiter) AnonymousMessage(r *http.Request, destination string) error {
	return l.throttle(r, "", l.messages().anonymous(r.Context(), destination)...)
}

// MemberMessage counts a message that a person asks for who is signed in or signing
// in, and refuses the request where too many were sent to them or to the destination.
func (l *Limiter) MemberMessage(r *http.Request, userID storage.ID, destination string) error {
	return l.throttle(r, userID, l.messages().member(r.Context(), userID, destination)...)
}

func (l *Limiter) messages() MessageLimiter {
	return MessageLimiter{Counters: l.cfg.Counters, Hasher: l.cfg.Hasher, Bounds: l.cfg.Bounds.Messages}
}
