package logintest

import (
	"crypto/rand"
	"time"

	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Journal writes the security events of requests.
func (p *Parts) Journal() *journal.Journal {
	return journal.New(journal.Config{Accounts: p.Accounts, Locales: p.UI, Hasher: p.Hasher, Log: p.Logger, Now: p.Clock.Now, Random: rand.Reader})
}

// Flash keeps what pages say once.
func (p *Parts) Flash() *flash.Store {
	return flash.New(flash.Config{Store: p.Store.Ephemeral(), Hasher: p.Hasher, Sealer: p.Sealer, Cookies: p.Cookies, Now: p.Clock.Now})
}

// Sessions keeps browsers signed in: idle for an hour at most, and for a day in any
// case; where somebody asks for it for 30 and 90 days. change may be nil.
func (p *Parts) Sessions(change func(*session.Config)) *session.Sessions {
	const day = 24 * time.Hour
	cfg := session.Config{
		Store: p.Store.Sessions(), Accounts: p.Accounts, Journal: p.Journal(), Hasher: p.Hasher, Cookies: p.Cookies, Policy: p.Factors.Policy(),
		Now: p.Clock.Now, Random: rand.Reader, Lifetime: session.Lifetime{Idle: time.Hour, Absolute: day},
		Remembered: session.Lifetime{Idle: 30 * day, Absolute: 90 * day},
	}
	if change != nil {
		change(&cfg)
	}
	return session.New(cfg)
}

// Partials keeps sign-ins between their factors, for five minutes each.
func (p *Parts) Partials() *partial.Store {
	return partial.New(partial.Config{
		Store: p.Store.Ephemeral(), Hasher: p.Hasher, Cookies: p.Cookies, Journal: p.Journal(), Now: p.Clock.Now,
		Lifetime: 5 * time.Minute, Binding: mfa.BindNetwork, Tries: p.Factors.Policy().Tries,
	})
}

// Methods are the ways to sign in; change may be nil.
func (p *Parts) Methods(limiter *limits.Limiter, change func(*signin.Config)) *signin.Methods {
	cfg := signin.Config{
		Users: p.Store.Users(), Accounts: p.Accounts, Passwords: p.Passwords, Decoys: signin.NewDecoys(p.Store.Users(), p.Passwords.Current),
		Factors: p.Factors, Limits: limiter, Journal: p.Journal(), Metrics: Metrics{}, Hasher: p.Hasher, Log: p.Logger, Now: p.Clock.Now,
	}
	if change != nil {
		change(&cfg)
	}
	return signin.New(cfg)
}

// Limiter makes the rate limits of the pages: generous ones, but for what change does.
func (p *Parts) Limiter(change func(*limits.Bounds)) *limits.Limiter {
	g := Generous
	ask := limits.AskBounds{Account: g, Address: g}
	bounds := limits.Bounds{
		SignInPair: g, SignInAccount: g, SignInAddress: g, SignInKnown: g, SignUp: ask, Reset: ask, Resend: ask, UserCode: limits.UserCodeBounds{Account: g, Address: g, AnonymousPerHour: 1_000_000},
		Messages: limits.MessageBounds{Account: g, Destination: g, Address: g, AnonymousPerHour: 1_000_000},
	}
	if change != nil {
		change(&bounds)
	}
	return limits.New(limits.Config{
		Counters: p.Store.Ephemeral(), Hasher: p.Hasher, Cookies: p.Cookies, Journal: p.Journal(), Metrics: Metrics{}, Bounds: bounds,
	})
}
