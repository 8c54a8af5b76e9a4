package mfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Config is what [Factors] and [Devices] are made of. Every field is required,
// except where it says otherwise.
type Config struct {
	// Issuer is the provider's address: passkeys belong to its host and are
	// used at its origin alone.
	Issuer *url.URL
	// Brand is the name of whoever runs the service, as authenticators show it.
	Brand       string
	Credentials credentials
	Recovery    recoveryCodes
	Lockouts    lockouts
	Devices     trustedDevices
	Users       users
	Outbox      outbox
	// Ephemeral keeps codes, challenges and counters.
	Ephemeral ephemeral.Backend
	Sender    sender
	Hasher    *keys.Hasher
	Sealer    *keys.Sealer
	Random    io.Reader
	Counter   counter
	Log       *slog.Logger
	Policy    Policy
	Codes     CodeLimits
	// SMS is nil where no gateway is configured: then there is no such factor.
	SMS *SMSLimits
}

// Factors are all factors that are configured.
type Factors struct {
	cfg      Config
	policy   Policy
	all      []Factor // best first
	byKind   map[storage.FactorKind]Factor
	passkeys *Passkeys
	recovery *Recovery
	phone    *Phone
}

// New makes the factors. Passkeys need a host with a name (WebAuthn section
// 5.4.2): where the issuer's is an address there are none.
func New(cfg Config) (*Factors, error) {
	if cfg.Policy.Tries < 1 || cfg.Policy.DisableAfter < 1 {
		return nil, errors.New("second factors: tries and disable_after must be positive")
	}
	f := &Factors{cfg: cfg, policy: cfg.Policy, byKind: map[storage.FactorKind]Factor{}}
	limiter := &attemptLimiter{cfg: cfg}
	passkeys, err := newPasskeys(cfg, limiter)
	if err != nil {
		return nil, err
	}
	if f.passkeys = passkeys; passkeys != nil {
		f.all = append(f.all, passkeys)
	}
	f.recovery = &Recovery{cfg: cfg, limiter: limiter}
	f.all = append(f.all, &totp{cfg: cfg, limiter: limiter})
	if cfg.SMS != nil {
		f.all = append(f.all, newSMS(cfg, limiter))
		f.phone = newPhone(cfg, limiter)
	}
	f.all = append(f.all, newEmail(cfg, limiter), f.recovery)
	for _, factor := range f.all {
		f.byKind[factor.Kind()] = factor
	}
	return f, nil
}

// All lists the factors, best first.
func (f *Factors) All() []Factor { return f.all }

// Get returns the factor of a kind.
func (f *Factors) Get(k storage.FactorKind) (Factor, bool) {
	factor, ok := f.byKind[k]
	return factor, ok
}

// Enroller returns the factor of a kind that people enroll.
func (f *Factors) Enroller(k storage.FactorKind) (Enroller, bool) {
	factor, ok := f.byKind[k].(Enroller)
	return factor, ok
}

// Policy is the policy that the factors were made under.
func (f *Factors) Policy() Policy { return f.policy }

// Recovery makes and replaces recovery codes.
func (f *Factors) Recovery() *Recovery { return f.recovery }

// Phone proves numbers; nil where no gateway for SMS is configured.
func (f *Factors) Phone() *Phone { return f.phone }

// Passkeys signs people in without a password; nil where the policy lets none,
// or the issuer's host has no name.
func (f *Factors) Passkeys() *Passkeys {
	if !f.policy.WithoutPassword() {
		return nil
	}
	return f.passkeys
}

// Person reads what factors need to know of somebody.
func (f *Factors) Person(ctx context.Context, u *storage.User) (Person, error) {
	p := Person{User: u}
	var err error
	if p.Credentials, err = f.cfg.Credentials.ListByUser(ctx, u.ID); err != nil {
		return Person{}, fmt.Errorf("list credentials: %w", err)
	}
	if p.Recovery, err = f.cfg.Recovery.Status(ctx, u.ID); err != nil {
		return Person{}, fmt.Errorf("read state of recovery codes: %w", err)
	}
	if p.Lockouts, err = f.cfg.Lockouts.ListByUser(ctx, u.ID); err != nil {
		return Person{}, fmt.Errorf("list lockouts: %w", err)
	}
	return p, nil
}
