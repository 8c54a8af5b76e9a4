package config

import (
	"time"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// MFARequirement says who needs a second factor.
type MFARequirement string

// The requirements. A client may require one of everybody besides.
const (
	MFANever  MFARequirement = "never"
	MFAAlways MFARequirement = "always"
	MFARole   MFARequirement = "role"
)

// MFA is the policy of second factors.
type MFA struct {
	Required              MFARequirement       `yaml:"required" default:"never" oneof:"never always role" doc:"Who needs a second factor: never, only people who enrolled one; always, everyone; role, people with one of roles. A client's require_mfa applies to everyone who signs in to it."`
	Roles                 []string             `yaml:"roles" doc:"The roles that need one if required is role. Assign them with latchkey user set-roles."`
	Factors               []storage.FactorKind `yaml:"factors" default:"passkey,totp,recovery" oneof:"@factors" doc:"What counts as a second factor. Codes by email and SMS are weaker: they count only if listed, and at a lower acr."`
	EnrollmentGrace       time.Duration        `yaml:"enrolment_grace" default:"0s" doc:"How long people who need a second factor and have none may continue without it, from when they are first asked to enroll one; 0s lets nobody in without."`
	CodeLifetime          time.Duration        `yaml:"code_lifetime" default:"5m" doc:"How long a code sent by email or SMS works; at most 10m."`
	AssuranceAge          time.Duration        `yaml:"assurance_age" default:"24h" doc:"How long a multi-factor sign-in counts as one: tokens report it, and it satisfies clients and policies that require it. After that, people are asked for the expired factors again. 0s never asks again during the session (NIST SP 800-63B-4 section 4.2.3 says 24h)."`
	ACRAliases            []ACRAlias           `yaml:"acr_aliases" doc:"Other names for the authentication context classes (acr), such as those a federation or eIDAS uses. Clients may request them and then receive them in tokens."`
	Tries                 int                  `yaml:"tries" default:"5" doc:"Wrong codes allowed in one sign-in before it has to start over; 1 to 10."`
	PartialLifetime       time.Duration        `yaml:"partial_lifetime" default:"5m" doc:"How long a sign-in may pause between the first and the second factor; at most 5m."`
	BindAddress           mfa.AddressBinding   `yaml:"bind_address" default:"network" oneof:"off network exact" doc:"Whether a sign-in starts over when its IP address changes between the factors: off, never; network, when it leaves its /24 or /48; exact, always."`
	TrustedDeviceLifetime time.Duration        `yaml:"trusted_device_lifetime" default:"30d" doc:"How long a trusted browser is not asked for a second factor, at clients with trust_devices; at most 366d."`
	Lockout               Lockout              `yaml:"lockout" doc:"How consecutive wrong codes lock one kind of a person's factors, across all sign-ins. Only a correct code or latchkey user unlock resets the count."`
}

// ACRAlias is another name of an authentication context class.
type ACRAlias struct {
	Name  string `yaml:"name" doc:"The name, such as urn:mace:incommon:iap:silver or http://eidas.europa.eu/LoA/substantial. Required. Claim no more than your sign-in delivers: nobody checks what such a name promises."`
	Class string `yaml:"class" oneof:"@acr" doc:"The class it stands for: aal1, one factor; mfa, a password and a code that was sent; aal2, a password and an authenticator app or better; phr, a passkey. Required."`
}

// Lockout is a [storage.Backoff] that nothing but a right code forgets, and that
// ends in a disabled factor.
type Lockout struct {
	Free         int           `yaml:"free" default:"5" doc:"Wrong codes without a delay."`
	Base         time.Duration `yaml:"base" default:"1m" doc:"How long the factor is locked after the first wrong code beyond free; each further one doubles it."`
	Max          time.Duration `yaml:"max" default:"1h" doc:"The longest delay."`
	DisableAfter int           `yaml:"disable_after" default:"100" doc:"Consecutive wrong codes after which the factor is disabled until it is enrolled again or unlocked with latchkey user unlock; at most 100 (NIST SP 800-63B-4 section 3.2.2)."`
}

// Storage is the lockout's backoff as the stores take it.
func (l Lockout) Storage() storage.Backoff {
	return storage.Backoff{Free: l.Free, Base: l.Base, Max: l.Max}
}
