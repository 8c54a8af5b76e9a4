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

// Limits slows guessing down. Each is counted before anything is looked at
// (requirement TH2), in canonical form whether there is such an account or not
// (TH1), in the store that all nodes share; without it nobody gets in (TH5).
type Limits struct {
	// SignInPair counts one account from one address, SignInAccount one account
	// from anywhere, SignInAddress one address with any account.
	SignInPair, SignInAccount, SignInAddress storage.Backoff
	// SignInKnown counts one account on a device where it signed in before,
	// instead of the others.
	SignInKnown storage.Backoff
	// SignUp, Reset and Resend count what anybody can ask for, for one e-mail
	// address or account, and from one network address.
	SignUp, Reset, Resend AskLimits
	// Messages counts what was sent, of all kinds together.
	Messages MessageLimits
}

// AskLimits bounds how often something is asked for.
type AskLimits struct{ Account, Address storage.Backoff }

// limit is one counter to be raised.
type limit struct {
	name    string // for the log, the event and the metric
	key     string
	backoff storage.Backoff
}

func (p *Pages) limitOf(name string, backoff storage.Backoff, parts ...string) limit {
	return limit{name: name, key: "limit:" + name + ":" + p.cfg.Hasher.Sum("limit", append([]string{name}, parts...)...), backoff: backoff}
}

// signInLimits are the counters of a password attempt. A device on which the
// person signed in before has a budget of its own: what strangers do elsewhere
// keeps no owner out (requirement TH3).
func (p *Pages) signInLimits(r *http.Request, username string, user *storage.User) []limit {
	l := p.cfg.Limits
	if device, known := p.knows(r, user); known {
		return []limit{p.limitOf("sign_in_known", l.SignInKnown, device, string(user.ID))}
	}
	account, bucket := ident.Canonical(username), addressBucket(r.Context())
	return []limit{
		p.limitOf("sign_in_pair", l.SignInPair, account, bucket),
		p.limitOf("sign_in_address", l.SignInAddress, bucket),
		p.limitOf("sign_in_account", l.SignInAccount, account),
	}
}

func addressBucket(ctx context.Context) string { return web.AddressBucket(web.ClientAddress(ctx)) }

// throttle raises the counters, and refuses the request where one of them says
// to wait. A refusal is an event and a metric.
func (p *Pages) throttle(r *http.Request, userID storage.ID, limits ...limit) error {
	for _, l := range limits {
		wait, err := p.cfg.Ephemeral.Attempt(r.Context(), l.key, l.backoff)
		if err != nil {
			return unavailable("count attempt", err)
		}
		if wait > 0 {
			return p.refuse(r, userID, l.name, wait)
		}
	}
	return nil
}

// throttledEvery is how often it is an event that one address waits for a limit.
const throttledEvery = time.Minute

// refuse answers a request that a limit bids wait. A flood of them is counted by
// the metric; were each an event, whoever floods would fill the disk.
func (p *Pages) refuse(r *http.Request, userID storage.ID, name string, wait time.Duration) error {
	p.cfg.Metrics.Throttled(name)
	key := "throttled:" + p.cfg.Hasher.Sum("limit", "throttled", name, string(userID), addressBucket(r.Context()))
	nth, err := p.cfg.Ephemeral.Count(r.Context(), key, throttledEvery)
	if err != nil {
		return unavailable("count refusal", err)
	}
	if nth == 1 {
		if err := p.note(r, storage.EventThrottled, userID, storage.Failure, name); err != nil {
			return err
		}
	}
	return tooMany(wait, fmt.Errorf("limit %s: wait %s", name, wait))
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
