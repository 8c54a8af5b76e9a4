package limits

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
)

// Bounds are how much each limit lets through.
type Bounds struct {
	// SignInPair counts one account from one address, SignInAccount one account
	// from anywhere, SignInAddress one address with any account.
	SignInPair, SignInAccount, SignInAddress storage.Backoff
	// SignInKnown counts one account on a device where it signed in before,
	// instead of the others.
	SignInKnown storage.Backoff
	// SignUp, Reset and Resend count what anybody can ask for, for one email
	// address or account, and from one network address. They refill: Free at
	// once, and as many again within Max.
	SignUp, Reset, Resend AskBounds
	// UserCode counts tries at the codes that devices show.
	UserCode UserCodeBounds
	// Messages counts what was sent, of all kinds together.
	Messages MessageBounds
}

// AskBounds bounds how often something is asked for.
type AskBounds struct{ Account, Address storage.Backoff }

// UserCodeBounds bounds tries at the codes that devices show. They refill.
type UserCodeBounds struct {
	// Account bounds those of somebody who is signed in, Address those from a network.
	Account, Address storage.Backoff
	// AnonymousPerHour bounds those of all who are not signed in, together.
	AnonymousPerHour int
}

// Config is what a [Limiter] is made of. Every field is required.
type Config struct {
	Counters counters
	Hasher   *keys.Hasher
	Cookies  web.Cookies
	Journal  journal
	Metrics  metrics
	Bounds   Bounds
}

// counters are the part of the ephemeral store that counts.
type counters interface {
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	// Attempt answers what is left of a running wait, or counts one more.
	Attempt(ctx context.Context, key string, b storage.Backoff) (wait time.Duration, err error)
	// Draw takes a token out of a bucket that refills, or answers when there is one.
	Draw(ctx context.Context, key string, b storage.Bucket) (wait time.Duration, err error)
	Delete(ctx context.Context, keys ...string) error
}

// journal writes security events.
type journal interface {
	Record(r *http.Request, typ storage.EventType, userID storage.ID, outcome, detail string) error
}

// metrics counts refusals.
type metrics interface {
	Throttled(limit string)
}

// Limiter refuses requests by rate limits. Its errors are [web.Error]s: 429 where a
// limit bids wait, 503 where the counters do not answer.
type Limiter struct{ cfg Config }

// New makes a Limiter.
func New(cfg Config) *Limiter { return &Limiter{cfg} }

// Attempt is a sign-in that was counted.
type Attempt struct{ limits []limit }

// SignIn counts a password attempt. user is who has the name; nil is nobody. A device
// on which the person signed in before has a budget of its own: what strangers do
// elsewhere keeps no owner out (requirement TH3). A person who has two names is
// counted as one, and a name that nobody has counts as often, so that the work is
// the same (enumeration, timing: requirement EN2).
func (l *Limiter) SignIn(r *http.Request, name string, user *storage.User) (Attempt, error) {
	limits := l.signIn(r, name, user)
	var about storage.ID
	if user != nil {
		about = user.ID
	}
	return Attempt{limits}, l.throttle(r, about, limits...)
}

func (l *Limiter) signIn(r *http.Request, name string, user *storage.User) []limit {
	b := l.cfg.Bounds
	if device, known := l.knows(r, user); known {
		return []limit{l.limitOf("sign_in_known", b.SignInKnown, device, string(user.ID))}
	}
	name = ident.Canonical(name)
	person := "name:" + name
	if user != nil {
		person = "id:" + string(user.ID)
	}
	limits := []limit{l.limitOf("sign_in_pair", b.SignInPair, person, addressBucket(r.Context()))}
	limits = append(limits, byNetwork(r.Context(), b.SignInAddress, func(b storage.Backoff, network string) limit {
		return l.limitOf(signInAddress, b, network)
	})...)
	return append(limits, l.limitOf("sign_in_account", b.SignInAccount, name), l.limitOf("sign_in_account", b.SignInAccount, person))
}

// signInAddress counts one network with any account.
const signInAddress = "sign_in_address"

// Succeeded forgets the counters that a success makes moot. The address's goes on:
// somebody who owns one account may be guessing at others.
func (l *Limiter) Succeeded(ctx context.Context, a Attempt) error {
	var moot []string
	for _, limit := range a.limits {
		if limit.name != signInAddress {
			moot = append(moot, limit.key)
		}
	}
	if err := l.cfg.Counters.Delete(ctx, moot...); err != nil {
		return pageerror.Unavailable("reset attempts", err)
	}
	return nil
}

// SignUp counts a sign-up under an address or name.
func (l *Limiter) SignUp(r *http.Request, about string) error {
	return l.throttle(r, "", l.ask(r, "sign_up", l.cfg.Bounds.SignUp, about)...)
}

// InvitedSignUp counts the sign-up of somebody who shows a valid invitation. That is its
// own proof, and a whole office shows theirs from one address on one day: only the
// budgets of the address that was invited count, apart from what strangers spend of it.
func (l *Limiter) InvitedSignUp(r *http.Request, email string) error {
	return l.throttle(r, "",
		refilling(l.cfg.Hasher, "sign_up_invited", l.cfg.Bounds.SignUp.Account, ident.LimitKey(email)),
		refilling(l.cfg.Hasher, "messages_invited", l.cfg.Bounds.Messages.Destination, ident.LimitKey(email)))
}

// Resend counts what is sent to one address once more, whoever asks.
func (l *Limiter) Resend(r *http.Request, destination string) error {
	return l.throttle(r, "", l.ask(r, "resend", l.cfg.Bounds.Resend, destination)...)
}

// Reset counts the wish for a new password. user is who has the name; nil is nobody.
// A device on which the person signed in before has a budget of its own, which
// strangers cannot use up (requirement TH3).
func (l *Limiter) Reset(r *http.Request, name string, user *storage.User) error {
	if device, known := l.knows(r, user); known {
		return l.throttle(r, "", refilling(l.cfg.Hasher, "reset_known", l.cfg.Bounds.Reset.Account, device, string(user.ID)))
	}
	if err := l.throttle(r, "", l.ask(r, "reset", l.cfg.Bounds.Reset, name)...); err != nil {
		return err
	}
	return l.AnonymousMessage(r, name)
}

// ask are the counters of what anybody may ask for, about an address or name.
func (l *Limiter) ask(r *http.Request, name string, b AskBounds, about string) []limit {
	limits := byNetwork(r.Context(), b.Address, func(b storage.Backoff, network string) limit {
		return refilling(l.cfg.Hasher, name+"_address", b, network)
	})
	return append(limits, refilling(l.cfg.Hasher, name+"_account", b.Account, ident.LimitKey(about)))
}

// throttle raises the counters, and refuses the request where one of them says
// to wait. A refusal is an event and a metric.
func (l *Limiter) throttle(r *http.Request, userID storage.ID, limits ...limit) error {
	for _, limit := range limits {
		wait, err := limit.draw(r.Context(), l.cfg.Counters)
		if err != nil {
			return pageerror.Unavailable("count attempt", err)
		}
		if wait > 0 {
			return l.refusal(r, userID, limit, wait)
		}
	}
	return nil
}

// throttledEvery is how often it is an event that one address waits for a limit.
const throttledEvery = time.Minute

// refusal answers a request that a limit bids wait. A flood of them is counted by
// the metric; were each an event, whoever floods would fill the disk. What the
// refusal costs hangs on the limit's own key, which names nobody who is known, so
// that its time does not tell who has an account (enumeration: requirement EN2).
func (l *Limiter) refusal(r *http.Request, userID storage.ID, refused limit, wait time.Duration) error {
	l.cfg.Metrics.Throttled(refused.name)
	key := "throttled:" + l.cfg.Hasher.Sum("limit", "throttled", refused.key, addressBucket(r.Context()))
	nth, err := l.cfg.Counters.Count(r.Context(), key, throttledEvery)
	if err != nil {
		return pageerror.Unavailable("count refusal", err)
	}
	if nth == 1 {
		if err := l.cfg.Journal.Record(r, storage.EventThrottled, userID, storage.Failure, refused.name); err != nil {
			return err
		}
	}
	return pageerror.TooMany(wait, fmt.Errorf("limit %s: wait %s", refused.name, wait))
}

func (l *Limiter) limitOf(name string, backoff storage.Backoff, parts ...string) limit {
	return limit{name: name, key: limitKey(l.cfg.Hasher, name, parts...), backoff: backoff}
}

func addressBucket(ctx context.Context) string { return web.AddressBucket(web.ClientAddress(ctx)) }
