package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/settings"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// newFactors makes the second factors and the devices that may skip them.
func newFactors(p *process, f *foundation) (*mfa.Factors, *mfa.Devices, error) {
	cfg, err := factorsConfig(p, f)
	if err != nil {
		return nil, nil, err
	}
	factors, err := mfa.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	return factors, mfa.NewDevices(cfg), nil
}

func settingsConfig(p *process, f *foundation, accounts *account.Service, pages *login.Pages, factors *mfa.Factors) settings.Config {
	return settings.Config{
		Flow: pages, Submissions: newSubmissions(p, f), Flash: newFlash(p, f), Messages: pages, Accounts: accounts, UI: f.ui, Sessions: p.store.Sessions(), Grants: p.store.Grants(),
		Consents: p.store.Consents(), Devices: p.store.TrustedDevices(), Events: p.store.Events(), Ephemeral: p.ephemeral,
		Clients: f.named, Access: f.cfg.Catalog, Issuer: f.cfg.Issuer, Factors: factors, Hasher: f.hasher, Sealer: f.sealer, Errors: f.errors, Cookies: f.cookies(),
		Now: f.now, PendingFor: f.cfg.Account.Links.Verify, ProfileFields: f.cfg.Account.ProfileFields,
	}
}

// newInteractions keeps what waits for a person, for the provider and the pages.
func newInteractions(p *process, f *foundation) *interaction.Store {
	return interaction.NewStore(interaction.Config{
		Store: p.ephemeral, Counters: p.ephemeral, Hasher: f.hasher, Cookies: f.cookies(), PendingPerAddress: f.cfg.Limits.PendingPerAddress,
	})
}

// newSubmissions makes the forms of the pages idempotent.
func newSubmissions(p *process, f *foundation) *interaction.Submissions {
	return interaction.NewSubmissions(interaction.SubmissionsConfig{
		Store: p.ephemeral, Hasher: f.hasher, Sealer: f.sealer, Cookies: f.cookies(),
	})
}

// newFlash keeps what pages say after a form on them was refused.
func newFlash(p *process, f *foundation) *flash.Store {
	return flash.New(flash.Config{Store: p.ephemeral, Hasher: f.hasher, Sealer: f.sealer, Cookies: f.cookies(), Now: p.now})
}

// policy is the policy of second factors, as the configuration has it.
func (p *dependencies) policy() mfa.Policy {
	c := p.cfg.MFA
	policy := mfa.Policy{
		Required: c.Required == config.MFAAlways, Allowed: c.Factors,
		CountEmail: slices.Contains(c.Factors, storage.FactorEmail), CountSMS: slices.Contains(c.Factors, storage.FactorSMS),
		EnrollGrace: c.EnrollmentGrace, FreshFor: p.cfg.Account.FreshFor, AssuranceAge: c.AssuranceAge, Passwordless: slices.Contains(c.Factors, storage.FactorPasskey),
		TrustFor: c.TrustedDeviceLifetime, Tries: c.Tries,
		Lockout: c.Lockout.Storage(), DisableAfter: int64(c.Lockout.DisableAfter),
	}
	if c.Required == config.MFARole {
		policy.RequiredRoles = c.Roles
	}
	return policy
}

// breachLookupTimeout is how long a sign-up waits for a service that knows
// breached passwords.
const breachLookupTimeout = 2 * time.Second

// passwordPolicy judges new passwords.
func (p *dependencies) passwordPolicy() password.Policy {
	c := p.cfg.Password
	policy := password.Policy{
		MinLength: c.MinLength, MinLengthWithFactor: c.MinLengthWithFactor,
		Words: password.ProviderWords(p.cfg.Issuer, p.cfg.Branding.Name, c.ContextWords...),
	}
	if c.BreachLookupURL != "" {
		policy.Breaches = password.NewBreachLookup(password.BreachConfig{
			URL: c.BreachLookupURL, Client: &http.Client{Timeout: breachLookupTimeout}, Log: p.log,
		})
	}
	return policy
}

func factorsConfig(p *process, f *foundation) (mfa.Config, error) {
	issuer, err := f.issuerURL()
	if err != nil {
		return mfa.Config{}, err
	}
	codes := mfa.DefaultCodeLimits()
	codes.TTL = f.cfg.MFA.CodeLifetime
	return mfa.Config{
		Issuer: issuer, Brand: f.cfg.Branding.Name, Credentials: p.store.Credentials(), Recovery: p.store.RecoveryCodes(),
		Lockouts: p.store.Lockouts(), Devices: p.store.TrustedDevices(), Users: p.store.Users(), Outbox: p.store.Outbox(),
		Ephemeral: p.ephemeral, Sender: &codeSender{
			Factors: message.Factors{Intents: f.intents(), Outbox: pokingOutbox{p.store.Outbox(), p.outbox.Poke}, Asked: requestOrigin},
			limiter: limits.MessageLimiter{Counters: p.ephemeral, Hasher: f.hasher, Bounds: f.messageBounds()},
		},
		Hasher: f.hasher, Sealer: f.sealer, Random: rand.Reader, Counter: p.metrics, Log: f.log,
		Policy: f.policy(), Codes: codes, SMS: f.smsLimits(),
	}, nil
}

func loginConfig(p *process, f *foundation, accounts *account.Service, factors *mfa.Factors, devices *mfa.Devices) login.Config {
	records := journal.New(journal.Config{Accounts: accounts, Locales: f.ui, Hasher: f.hasher, Log: f.log, Now: f.now, Random: rand.Reader})
	limiter := newLimiter(p, f, records)
	return login.Config{
		Issuer: f.cfg.Issuer, Requests: interaction.NewDevices(p.ephemeral, f.hasher), UI: f.ui, Accounts: accounts, Users: p.store.Users(), Consents: p.store.Consents(),
		Sessions: newSessions(p, f, accounts, records), Partials: newPartials(p, f, records), Limits: limiter, Journal: records,
		Flash:        newFlash(p, f),
		Interactions: newInteractions(p, f), Submissions: newSubmissions(p, f), Clients: f.clients, Access: f.cfg.Catalog,
		Methods: signin.New(signin.Config{
			Users: p.store.Users(), Accounts: accounts, Passwords: f.password, Decoys: p.decoys, Factors: factors, Limits: limiter,
			Journal: records, Metrics: p.metrics, Hasher: f.hasher, Log: f.log, Now: f.now,
		}),
		Factors: factors, Devices: devices, Sealer: f.sealer, Errors: f.errors, Cookies: f.cookies(),
		Metrics: p.metrics, Log: f.log, Now: f.now,
	}
}

// newSessions keeps browsers signed in.
func newSessions(p *process, f *foundation, accounts *account.Service, records *journal.Journal) *session.Sessions {
	return session.New(session.Config{
		Store: p.store.Sessions(), Accounts: accounts, Journal: records, Hasher: f.hasher, Cookies: f.cookies(), Policy: f.policy(),
		Now: f.now, Random: rand.Reader, Lifetime: session.Lifetime{Idle: f.cfg.Sessions.Idle, Absolute: f.cfg.Sessions.Absolute},
		Remembered: session.Lifetime{Idle: f.cfg.Sessions.RememberIdle, Absolute: f.cfg.Sessions.RememberAbsolute},
	})
}

// newPartials keeps sign-ins between their factors.
func newPartials(p *process, f *foundation, records *journal.Journal) *partial.Store {
	c := f.cfg.MFA
	return partial.New(partial.Config{
		Store: p.ephemeral, Hasher: f.hasher, Cookies: f.cookies(), Journal: records, Now: f.now,
		Lifetime: c.PartialLifetime, Binding: c.BindAddress, Tries: c.Tries,
	})
}

// newLimiter makes the rate limits of the pages.
func newLimiter(p *process, f *foundation, records *journal.Journal) *limits.Limiter {
	l := f.cfg.Limits
	ask := func(l config.AskLimits) limits.AskBounds {
		return limits.AskBounds{Account: l.PerAccount.Storage(), Address: l.PerAddress.Storage()}
	}
	return limits.New(limits.Config{
		Counters: p.ephemeral, Hasher: f.hasher, Cookies: f.cookies(), Journal: records, Metrics: p.metrics,
		Bounds: limits.Bounds{
			SignInPair: l.SignIn.PerPair.Storage(), SignInAccount: l.SignIn.PerAccount.Storage(),
			SignInAddress: l.SignIn.PerAddress.Storage(), SignInKnown: l.SignIn.KnownDevice.Storage(),
			SignUp: ask(l.SignUp), Reset: ask(l.Reset), Resend: ask(l.Resend), UserCode: limits.UserCodeBounds{
				Account: l.UserCode.PerAccount.Storage(), Address: l.UserCode.PerAddress.Storage(), AnonymousPerHour: l.UserCode.AnonymousPerHour,
			}, Messages: f.messageBounds(),
		},
	})
}

// messageBounds bounds what people can have sent.
func (p *dependencies) messageBounds() limits.MessageBounds {
	l := p.cfg.Limits.Messages
	return limits.MessageBounds{Account: l.PerAccount.Storage(), Destination: l.PerDestination.Storage(), Address: l.PerAddress.Storage(), AnonymousPerHour: l.AnonymousPerHour}
}

// codeSender queues the codes of factors, within the limits of what people can have sent.
type codeSender struct {
	message.Factors
	limiter limits.MessageLimiter
}

// Send queues a code, or answers mfa.LimitedError.
func (s *codeSender) Send(
	ctx context.Context, channel storage.Channel, kind storage.MessageKind, user *storage.User, to, code, locale string, notAfter time.Time,
) error {
	count := s.limiter.Factor
	if kind == storage.MessagePhoneVerify { // the number is not known to be theirs
		count = func(ctx context.Context, id storage.ID) (time.Duration, string, error) {
			return s.limiter.Member(ctx, id, to)
		}
	}
	wait, name, err := count(ctx, user.ID)
	if err != nil {
		return err
	}
	if wait > 0 {
		return fmt.Errorf("limit %s: %w", name, &mfa.LimitedError{RetryAfter: wait})
	}
	return s.Factors.Send(ctx, channel, kind, user, to, code, locale, notAfter)
}

// pokingOutbox is an outbox that tells the worker of what it takes, so that
// nobody waits for the worker's next look.
type pokingOutbox struct {
	*sqlstore.Outbox
	poke func()
}

// Add implements the outbox of package message.
func (o pokingOutbox) Add(ctx context.Context, e *storage.Event, m ...storage.Message) error {
	if err := o.Outbox.Add(ctx, e, m...); err != nil {
		return err
	}
	o.poke()
	return nil
}

// requestOrigin tells from where the request of the context came.
func requestOrigin(ctx context.Context) message.Asked {
	return message.Asked{Address: web.ClientAddress(ctx).String()}
}

// smsLimits bounds SMS; nil where there is no gateway, nor an inbox in its place.
func (d *dependencies) smsLimits() *mfa.SMSLimits {
	s := d.cfg.SMS
	if len(s.Countries) == 0 {
		return nil
	}
	return &mfa.SMSLimits{
		Countries:    s.Countries,
		Factor:       mfa.SMSPots{PerNumber: s.PerNumberDay, PerCountry: s.CountryDay, PerDay: s.DailyCap},
		Confirmation: mfa.SMSPots{PerNumber: s.PerNumberDay, PerCountry: s.ConfirmCountryDay, PerDay: s.ConfirmDailyCap},
	}
}
