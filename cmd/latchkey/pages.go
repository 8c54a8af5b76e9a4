package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/settings"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// wirePages makes the factors and the hosted pages.
func (n *node) wirePages() error {
	n.tokens = onetime.New(onetime.Config{Store: n.ephemeral, Hasher: n.hasher, Sealer: n.sealer, Now: n.now})
	factors, err := n.factorsConfig()
	if err != nil {
		return err
	}
	if n.factors, err = mfa.New(factors); err != nil {
		return err
	}
	n.devices = mfa.NewDevices(factors)
	n.pages = login.New(n.loginConfig())
	n.account = settings.New(n.accountConfig())
	return nil
}

func (n *node) accountConfig() settings.Config {
	c := n.cfg.Account
	return settings.Config{
		Flow: n.pages, UI: n.ui, Users: n.store.Users(), Sessions: n.store.Sessions(), Grants: n.store.Grants(), Consents: n.store.Consents(),
		Credentials: n.store.Credentials(), Devices: n.store.TrustedDevices(), Events: n.store.Events(), Ephemeral: n.ephemeral,
		Clients: n.registry, Factors: n.factors, Hasher: n.hasher, Sealer: n.sealer, Errors: n.errors, Now: n.now,
		FreshFor: c.FreshFor, DeletionGrace: c.DeletionGrace, PendingFor: c.Links.Verify, Username: string(n.cfg.SignUp.Username),
		DeleteDue: n.deleteAccounts, Queued: n.queued,
	}
}

// policy is the policy of second factors, as the configuration has it.
func (p *parts) policy() mfa.Policy {
	c := p.cfg.MFA
	policy := mfa.Policy{
		Required: c.Required == config.MFAAlways, Allowed: c.Factors,
		CountEmail: slices.Contains(c.Factors, storage.FactorEmail), CountSMS: slices.Contains(c.Factors, storage.FactorSMS),
		EnrolGrace: c.EnrolmentGrace, Passwordless: slices.Contains(c.Factors, storage.FactorPasskey),
		TrustFor: c.TrustedDeviceLifetime, Tries: c.Tries,
		Lockout: c.Lockout.Storage(), DisableAfter: int64(c.Lockout.DisableAfter),
	}
	if c.Required == config.MFARole {
		policy.RequiredRoles = c.Roles
	}
	return policy
}

// passwordPolicy judges new passwords.
func (p *parts) passwordPolicy() password.Policy {
	c := p.cfg.Password
	return password.Policy{
		MinLength: c.MinLength, MinLengthWithFactor: c.MinLengthWithFactor,
		Words: password.ProviderWords(p.cfg.Issuer, p.cfg.Branding.Name, c.ContextWords...),
	}
}

func (n *node) factorsConfig() (mfa.Config, error) {
	issuer, err := url.Parse(n.cfg.Issuer)
	if err != nil {
		return mfa.Config{}, fmt.Errorf("issuer: %w", err)
	}
	codes := mfa.DefaultCodeLimits()
	codes.TTL = n.cfg.MFA.CodeLifetime
	return mfa.Config{
		Issuer: issuer, Brand: n.cfg.Branding.Name, Credentials: n.store.Credentials(), Recovery: n.store.RecoveryCodes(),
		Lockouts: n.store.Lockouts(), Devices: n.store.TrustedDevices(), Users: n.store.Users(), Outbox: n.store.Outbox(),
		Ephemeral: n.ephemeral, Sender: &messenger{
			Factors: message.Factors{Intents: n.intents(), Outbox: prompt{n.store.Outbox(), n.queued}, Asked: asked},
			limiter: login.MessageLimiter{Ephemeral: n.ephemeral, Hasher: n.hasher, Limits: n.messageLimits()},
		},
		Hasher: n.hasher, Sealer: n.sealer, Random: rand.Reader, Counter: n.metrics,
		Policy: n.policy(), Codes: codes, SMS: n.smsLimits(),
	}, nil
}

func (n *node) loginConfig() login.Config {
	limits := n.cfg.Limits
	ask := func(l config.AskLimits) login.AskLimits {
		return login.AskLimits{Account: l.PerAccount.Storage(), Address: l.PerAddress.Storage()}
	}
	return login.Config{
		UI: n.ui, Users: n.store.Users(), Sessions: n.store.Sessions(), Consents: n.store.Consents(), Events: n.store.Events(),
		Invitations: n.store.Invitations(), Outbox: n.store.Outbox(), Ephemeral: n.ephemeral, Clients: n.registry,
		Password: n.password, PasswordPolicy: n.passwordPolicy(), Tokens: n.tokens, Messages: n.intents(),
		Factors: n.factors, Devices: n.devices, Hasher: n.hasher, Sealer: n.sealer, Errors: n.errors, Cookies: n.cookies(),
		Metrics: n.metrics, Log: n.log, Now: n.now, Random: rand.Reader,
		SessionIdle: n.cfg.Sessions.Idle, SessionAbsolute: n.cfg.Sessions.Absolute,
		PartialLifetime: n.cfg.MFA.PartialLifetime, BindAddress: login.AddressBinding(n.cfg.MFA.BindAddress),
		SignUp: login.SignUpMode(n.cfg.SignUp.Mode), SignUpEmail: string(n.cfg.SignUp.Email), SignUpUsername: string(n.cfg.SignUp.Username),
		Limits: login.Limits{
			SignInPair: limits.SignIn.PerPair.Storage(), SignInAccount: limits.SignIn.PerAccount.Storage(),
			SignInAddress: limits.SignIn.PerAddress.Storage(), SignInKnown: limits.SignIn.KnownDevice.Storage(),
			SignUp: ask(limits.SignUp), Reset: ask(limits.Reset), Resend: ask(limits.Resend),
			PendingPerAddress: int64(limits.PendingPerAddress), Messages: n.messageLimits(),
		},
		Queued: n.queued,
	}
}

// messageLimits bounds what people can have sent.
func (p *parts) messageLimits() login.MessageLimits {
	l := p.cfg.Limits.Messages
	return login.MessageLimits{Account: l.PerAccount.Storage(), Destination: l.PerDestination.Storage(), Address: l.PerAddress.Storage()}
}

// messenger queues what factors say to people, unless too much was said.
type messenger struct {
	message.Factors
	limiter login.MessageLimiter
}

// Send queues a code, or answers mfa.LimitedError.
func (m *messenger) Send(
	ctx context.Context, channel storage.Channel, kind storage.MessageKind, user *storage.User, to, code, locale string, notAfter time.Time,
) error {
	wait, name, err := m.limiter.Allow(ctx, user.ID, to)
	if err != nil {
		return err
	}
	if wait > 0 {
		return fmt.Errorf("limit %s: %w", name, &mfa.LimitedError{RetryAfter: wait})
	}
	return m.Factors.Send(ctx, channel, kind, user, to, code, locale, notAfter)
}

// prompt is an outbox that tells the worker of what it takes.
type prompt struct {
	*sqlstore.Outbox
	queued func()
}

// Add implements the outbox of package message.
func (p prompt) Add(ctx context.Context, e *storage.Event, m ...storage.Message) error {
	if err := p.Outbox.Add(ctx, e, m...); err != nil {
		return err
	}
	p.queued()
	return nil
}

// asked tells from where the request of the context came.
func asked(ctx context.Context) message.Asked {
	return message.Asked{Address: web.ClientAddress(ctx).String()}
}

// queued tells the worker that the outbox holds something new.
func (n *node) queued() { n.outbox.Poke() }

// smsLimits bounds SMS; nil where there is no gateway, nor an inbox in its place.
func (n *node) smsLimits() *mfa.SMSLimits {
	s := n.cfg.SMS
	if len(s.Countries) == 0 {
		return nil
	}
	return &mfa.SMSLimits{Countries: s.Countries, PerNumber: s.PerNumberDay, PerCountry: s.CountryDay, PerDay: s.DailyCap}
}
