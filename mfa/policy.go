package mfa

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Kinds are the kinds of second factors, best first: in this order they are
// offered.
var Kinds = []storage.FactorKind{
	storage.FactorPasskey, storage.FactorTOTP, storage.FactorSMS, storage.FactorEmail, storage.FactorRecovery,
}

// Policy is what an administrator decided of second factors.
type Policy struct {
	// Required asks everybody for a second factor, RequiredRoles those with one
	// of the roles. A client may require one too, and whoever enrolled one is
	// always asked.
	Required      bool
	RequiredRoles []string
	// Allowed are the kinds that count; empty is all.
	Allowed []storage.FactorKind
	// CountEmail and CountSMS let codes by email and SMS count as a second
	// factor, which reaches no more than [ACRCode].
	CountEmail, CountSMS bool
	// EnrollGrace is how long a person may put off enrolling a factor that
	// policy requires, from when they were first asked.
	EnrollGrace time.Duration
	// FreshFor is how old evidence may be that changes what guards an account,
	// unless it was given in the very interaction that does (requirement FE1).
	FreshFor time.Duration
	// AssuranceAge is for how long a class above one factor is told of and taken
	// where it is asked for, from the oldest proof that it rests on; zero: for as
	// long as the session lives.
	AssuranceAge time.Duration
	// Passwordless lets a passkey sign in without a password.
	Passwordless bool
	// TrustFor is how long a device is trusted where a client allows it; zero: never.
	TrustFor time.Duration
	// Tries is how many responses of a kind one attempt may give.
	Tries int
	// Lockout delays further responses of a person across attempts, and at
	// DisableAfter consecutive failures the kind is disabled for the person.
	Lockout      storage.Backoff
	DisableAfter int64
}

// DefaultPolicy is what the requirements ask for: second factors are optional.
func DefaultPolicy() Policy {
	return Policy{
		EnrollGrace: 7 * 24 * time.Hour, FreshFor: 10 * time.Minute, AssuranceAge: 24 * time.Hour, Passwordless: true, TrustFor: 30 * 24 * time.Hour, Tries: 5,
		Lockout:      storage.Backoff{Free: 5, Base: time.Minute, Max: time.Hour, Window: 24 * time.Hour},
		DisableAfter: 100,
	}
}

// Reaches is the class that a password together with the kind is worth; "" where
// the kind does not count.
func (p Policy) Reaches(k storage.FactorKind) string {
	if len(p.Allowed) > 0 && !slices.Contains(p.Allowed, k) {
		return ""
	}
	switch k {
	case storage.FactorPasskey:
		return ACRPhishingResistant
	case storage.FactorTOTP, storage.FactorRecovery:
		return ACRTwoFactor
	case storage.FactorEmail:
		if p.CountEmail {
			return ACRCode
		}
	case storage.FactorSMS:
		if p.CountSMS {
			return ACRCode
		}
	default: // a password is no second factor
	}
	return ""
}

// WithoutPassword reports whether a passkey that verified the person is enough
// by itself.
func (p Policy) WithoutPassword() bool {
	return p.Passwordless && p.Reaches(storage.FactorPasskey) != ""
}

// Counting lists the kinds that count for the client, best first. A nil client
// is the account page.
func (p Policy) Counting(client *client.Client) []storage.FactorKind {
	var kinds []storage.FactorKind
	for _, k := range Kinds {
		if p.Reaches(k) != "" && (client == nil || len(client.Factors) == 0 || slices.Contains(client.Factors, k)) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Requires reports whether policy requires a second factor of the person for the client.
func (p Policy) Requires(u *storage.User, client *client.Client) bool {
	hasRole := slices.ContainsFunc(p.RequiredRoles, func(role string) bool { return slices.Contains(u.Roles, role) })
	return p.Required || hasRole || client != nil && client.RequireMFA
}

// Wants is the least class that a sign-in of the person at the client must
// reach, whatever the request itself asks for: more than a password where
// policy requires a second factor or the person has enrolled one. A trusted
// device may stand in for it; see [Trust].
func (p Policy) Wants(u *storage.User, client *client.Client) string {
	if !p.Requires(u, client) && u.Credentials == 0 {
		return ACRPassword
	}
	least := ""
	for _, k := range p.CountingFor(u, client) {
		if acr := p.Reaches(k); least == "" || rank(acr) < rank(least) {
			least = acr
		}
	}
	if least == "" {
		return ACRTwoFactor // nothing counts: only an administrator can undo that
	}
	return least
}

// CountingFor lists the kinds that count for the client where the person is
// concerned, best first: the client's own list, where a second factor is required.
func (p Policy) CountingFor(u *storage.User, client *client.Client) []storage.FactorKind {
	return p.Counting(p.judge(u, client))
}

// Guards is the class that a person must show before anything changes of what
// their account is guarded by. An authenticator app or a passkey is not removed,
// nor another one put beside it, by less than what it is worth itself; and where
// codes that are sent count, nobody gets past them by enrolling something else,
// or by having them sent elsewhere, with a password alone.
func (p Policy) Guards(u *storage.User) string {
	guards := ACRPassword
	for _, k := range p.Counting(nil) {
		switch {
		case u.Credentials > 0 && AtLeast(p.Reaches(k), ACRTwoFactor):
			return ACRTwoFactor
		case k == storage.FactorEmail && codesByEmail(u) != "", k == storage.FactorSMS && u.PhoneVerified:
			guards = ACRCode
		}
	}
	return guards
}

// judge is whose list of kinds applies: the client's, where a second factor is
// required; who merely protects their own account may do so with any kind.
func (p Policy) judge(u *storage.User, client *client.Client) *client.Client {
	if !p.Requires(u, client) {
		return nil
	}
	return client
}

// MayPutOff reports whether a person who must enroll a factor may do so later.
// It never may where the request itself asks for a higher class.
func (p Policy) MayPutOff(u *storage.User, now time.Time) bool {
	if p.EnrollGrace <= 0 || u.Credentials > 0 {
		return false
	}
	return u.FactorAskedAt.IsZero() || now.Before(u.FactorAskedAt.Add(p.EnrollGrace))
}

// Trust is all that decides whether a trusted device stands in for the second
// factor that policy wants.
type Trust struct {
	Now    time.Time
	Device *storage.TrustedDevice
	User   *storage.User
	Client *client.Client
	// Wanted is what [Policy.Wants] answers, and Asked the class that the
	// request asks for by itself; "" is none.
	Wanted, Asked string
}

// Stands reports whether the device stands in (requirement TD2). It stands for
// what policy wants alone, and no higher than the class that was reached when
// trust was given; a request that asks for a class gets it shown.
func (p Policy) Stands(t Trust) bool {
	return p.TrustFor > 0 && t.Device != nil && t.Client != nil && t.Client.TrustDevices &&
		t.Device.UserID == t.User.ID && t.Device.PasswordEpoch == t.User.PasswordEpoch &&
		t.Now.Before(t.Device.ExpiresAt) &&
		AtLeast(t.Device.ACR, t.Wanted) && AtLeast(ACRPassword, t.Asked)
}
