package login

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// Limits are the rate limits against guessing (brute force) and flooding. Each is
// counted before anything is looked at (requirement TH2), in canonical form whether
// there is such an account or not (TH1), in the store that all nodes share; without
// it nobody gets in (TH5).
type Limits struct {
	// SignInPair counts one account from one address, SignInAccount one account
	// from anywhere, SignInAddress one address with any account.
	SignInPair, SignInAccount, SignInAddress storage.Backoff
	// SignInKnown counts one account on a device where it signed in before,
	// instead of the others.
	SignInKnown storage.Backoff
	// SignUp, Reset and Resend count what anybody can ask for, for one e-mail
	// address or account, and from one network address. They refill: Free at
	// once, and as many again within Max.
	SignUp, Reset, Resend AskLimits
	// Messages counts what was sent, of all kinds together.
	Messages MessageLimits
}

// AskLimits bounds how often something is asked for.
type AskLimits struct{ Account, Address storage.Backoff }

// bucketOf makes the refilling bucket of a limit for what anybody may ask for: as many
// at once as a backoff lets through before its first wait, and as many again within Max. It has no wait that doubles: whoever asks on
// somebody else's behalf pushes nothing out for them (requirement LK1).
func bucketOf(b storage.Backoff) storage.Bucket {
	burst := b.Free + 1
	return storage.Bucket{Burst: burst, Every: max(b.Max/time.Duration(burst), time.Millisecond)}
}

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

func (p *Pages) limitOf(name string, backoff storage.Backoff, parts ...string) limit {
	return limit{name: name, key: limitKey(p.cfg.Hasher, name, parts...), backoff: backoff}
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

// networks are the networks of the request's address, the narrowest first, with how
// much more each may do than the one before: of IPv6 the /64, which one customer has,
// and the /56 and /48, which one can have too.
func networks(ctx context.Context) []string { return web.AddressBuckets(web.ClientAddress(ctx)) }

// networkFactor is how much more a wider network may do.
const networkFactor = 4

// byNetwork makes one limit for each network of the request's address, with rising
// bounds.
func byNetwork(ctx context.Context, backoff storage.Backoff, made func(storage.Backoff, string) limit) []limit {
	var limits []limit
	for _, network := range networks(ctx) {
		limits = append(limits, made(backoff, network))
		backoff.Free = backoff.Free*networkFactor + networkFactor - 1
	}
	return limits
}

// signInLimits are the counters of a password attempt. A device on which the
// person signed in before has a budget of its own: what strangers do elsewhere
// keeps no owner out (requirement TH3). A person who has two names is counted as one,
// and a name that nobody has counts as often, so that the work is the same
// (enumeration, timing: requirement EN2).
func (p *Pages) signInLimits(r *http.Request, username string, user *storage.User) []limit {
	l := p.cfg.Limits
	if device, known := p.knows(r, user); known {
		return []limit{p.limitOf("sign_in_known", l.SignInKnown, device, string(user.ID))}
	}
	name, person := ident.Canonical(username), "name:"+ident.Canonical(username)
	if user != nil {
		person = "id:" + string(user.ID)
	}
	limits := []limit{p.limitOf("sign_in_pair", l.SignInPair, person, addressBucket(r.Context()))}
	limits = append(limits, byNetwork(r.Context(), l.SignInAddress, func(b storage.Backoff, network string) limit {
		return p.limitOf("sign_in_address", b, network)
	})...)
	return append(limits, p.limitOf("sign_in_account", l.SignInAccount, name), p.limitOf("sign_in_account", l.SignInAccount, person))
}

// askLimits are the counters of what anybody may ask for, about an address or name.
func (p *Pages) askLimits(r *http.Request, name string, l AskLimits, about string) []limit {
	limits := byNetwork(r.Context(), l.Address, func(b storage.Backoff, network string) limit {
		return refilling(p.cfg.Hasher, name+"_address", b, network)
	})
	return append(limits, refilling(p.cfg.Hasher, name+"_account", l.Account, ident.LimitKey(about)))
}

func addressBucket(ctx context.Context) string { return web.AddressBucket(web.ClientAddress(ctx)) }

// throttle raises the counters, and refuses the request where one of them says
// to wait. A refusal is an event and a metric.
func (p *Pages) throttle(r *http.Request, userID storage.ID, limits ...limit) error {
	for _, l := range limits {
		wait, err := l.draw(r.Context(), p.cfg.Ephemeral)
		if err != nil {
			return unavailable("count attempt", err)
		}
		if wait > 0 {
			return p.refuse(r, userID, l, wait)
		}
	}
	return nil
}

// throttledEvery is how often it is an event that one address waits for a limit.
const throttledEvery = time.Minute

// refuse answers a request that a limit bids wait. A flood of them is counted by
// the metric; were each an event, whoever floods would fill the disk. What the
// refusal costs hangs on the limit's own key, which names nobody who is known, so
// that its time does not tell who has an account (enumeration: requirement EN2).
func (p *Pages) refuse(r *http.Request, userID storage.ID, l limit, wait time.Duration) error {
	p.cfg.Metrics.Throttled(l.name)
	key := "throttled:" + p.cfg.Hasher.Sum("limit", "throttled", l.key, addressBucket(r.Context()))
	nth, err := p.cfg.Ephemeral.Count(r.Context(), key, throttledEvery)
	if err != nil {
		return unavailable("count refusal", err)
	}
	if nth == 1 {
		if err := p.note(r, storage.EventThrottled, userID, storage.Failure, l.name); err != nil {
			return err
		}
	}
	return tooMany(wait, fmt.Errorf("limit %s: wait %s", l.name, wait))
}

// relax forgets the counters that a success makes moot. The address's goes on:
// somebody who owns one account may be guessing at others.
func (p *Pages) relax(ctx context.Context, limits []limit) error {
	var keys []string
	for _, l := range limits {
		if l.name != "sign_in_address" {
			keys = append(keys, l.key)
		}
	}
	if err := p.cfg.Ephemeral.Delete(ctx, keys...); err != nil {
		return unavailable("reset attempts", err)
	}
	return nil
}

// tooMany refuses an attempt until the wait is over.
func tooMany(wait time.Duration, cause error) error {
	return &web.Error{
		Status: http.StatusTooManyRequests, RetryAfter: wait.Round(time.Second) + time.Second, Key: "too_many",
		Title:  "Too many attempts",
		Detail: "There were too many attempts. Wait a few minutes, then try again. Nothing is locked for good.",
		Cause:  cause,
	}
}
