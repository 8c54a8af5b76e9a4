package login

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// MessageLimits bounds what people can have sent, of all kinds together. What a
// change of an account has to tell its owner is no part of it.
type MessageLimits struct {
	// Account bounds what one person has sent who is signed in, or who has shown the
	// right password and is asked for a code.
	Account storage.Backoff
	// Destination bounds what anybody has sent to one e-mail address or number, and
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
	Ephemeral counters
	Hasher    summer
	Limits    MessageLimits
}

// Anonymous counts a message that anybody may ask for (a reset, a sign-up), or says
// for how long there are none, and by which limit. The narrowest limit is asked
// first: what is refused spends nothing of others'.
func (l MessageLimiter) Anonymous(ctx context.Context, destination string) (wait time.Duration, name string, err error) {
	refused, wait, err := l.count(ctx, l.anonymous(ctx, destination))
	return wait, refused.name, err
}

func (l MessageLimiter) anonymous(ctx context.Context, destination string) []limit {
	limits := []limit{refilling(l.Hasher, "messages_destination", l.Limits.Destination, ident.LimitKey(destination))}
	limits = append(limits, byNetwork(ctx, l.Limits.Address, func(b storage.Backoff, network string) limit {
		return refilling(l.Hasher, "messages_address", b, network)
	})...)
	all := storage.Backoff{Free: l.Limits.AnonymousPerHour, Max: time.Hour}
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
		{name: "messages_account", key: limitKey(l.Hasher, "messages_account", string(userID)), backoff: l.Limits.Account},
		refilling(l.Hasher, "messages_member_destination", l.Limits.Destination, ident.LimitKey(destination)),
	}
	return append(limits, byNetwork(ctx, l.Limits.Address, func(b storage.Backoff, network string) limit {
		return refilling(l.Hasher, "messages_member_address", b, network)
	})...)
}

// Factor counts a code for a person who has shown the right password, to a
// destination that is known to be theirs: by their account alone, which nobody else
// can spend.
func (l MessageLimiter) Factor(ctx context.Context, userID storage.ID) (wait time.Duration, name string, err error) {
	refused, wait, err := l.count(ctx, []limit{
		{name: "messages_factor", key: limitKey(l.Hasher, "messages_factor", string(userID)), backoff: l.Limits.Account},
	})
	return wait, refused.name, err
}

// count raises the counters in turn until one refuses.
func (l MessageLimiter) count(ctx context.Context, limits []limit) (refused limit, wait time.Duration, err error) {
	for _, limit := range limits {
		if wait, err := limit.draw(ctx, l.Ephemeral); err != nil || wait > 0 {
			return limit, wait, err
		}
	}
	return limit{}, 0, nil
}

// allowMessage refuses the request where too many messages were sent. userID is
// empty for what anybody may ask for: whoever asks must not learn whom the
// destination belongs to (requirement EN1).
func (p *Pages) allowMessage(r *http.Request, userID storage.ID, destination string) error {
	limiter := MessageLimiter{Ephemeral: p.cfg.Ephemeral, Hasher: p.cfg.Hasher, Limits: p.cfg.Limits.Messages}
	if userID != "" {
		return p.throttle(r, userID, limiter.member(r.Context(), userID, destination)...)
	}
	return p.throttle(r, "", limiter.anonymous(r.Context(), destination)...)
}
