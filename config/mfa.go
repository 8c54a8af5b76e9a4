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
	Required              MFARequirement       `yaml:"required" default:"never" oneof:"never always role" doc:"Who needs a second factor: never, nobody who has not enrolled one; always, everyone; role, those who have one of roles. A client's require_mfa asks everyone who goes there."`
	Roles                 []string             `yaml:"roles" doc:"The roles that need one where required is role; latchkey user set-roles gives them."`
	Factors               []storage.FactorKind `yaml:"factors" default:"passkey,totp,recovery" oneof:"@factors" doc:"What counts as a second factor. Codes by e-mail and SMS are weaker: they count, at a lower acr, only where they are listed."`
	EnrollmentGrace       time.Duration        `yaml:"enrolment_grace" default:"0s" doc:"How long people who need a factor and have none may go on without, from when they are first asked to enroll one; 0s lets nobody in without."`
	CodeLifetime          time.Duration        `yaml:"code_lifetime" default:"5m" doc:"How long a code sent by e-mail or SMS works; at most 10m."`
	AssuranceAge          time.Duration        `yaml:"assurance_age" default:"24h" doc:"How long after a sign-in clients are told of more than one factor, and take it where they or the policy ask for it; then what is older is asked for again. 0s never asks again while the session lives (NIST SP 800-63B-4 section 4.2.3 says 24h)."`
	ACRAliases            []ACRAlias           `yaml:"acr_aliases" doc:"Other names of the authentication context classes (acr), by which clients may ask for them and are then told them: what a federation or eIDAS calls them."`
	Tries                 int                  `yaml:"tries" default:"5" doc:"Wrong codes that one sign-in may enter before it has to start again; 1 to 10."`
	PartialLifetime       time.Duration        `yaml:"partial_lifetime" default:"5m" doc:"How long a sign-in may pause between its first and second factor; at most 5m."`
	BindAddress           mfa.AddressBinding   `yaml:"bind_address" default:"network" oneof:"off network exact" doc:"Whether a sign-in that changes its address between the factors starts again: off, never; network, when it leaves its /24 or /48; exact, always."`
	TrustedDeviceLifetime time.Duration        `yaml:"trusted_device_lifetime" default:"30d" doc:"How long a browser that a person trusts is not asked for a second factor, at clients that have trust_devices; at most 366d."`
	Lockout               Lockout              `yaml:"lockout" doc:"What consecutive wrong codes do to one person's kind of factor, over all their sign-ins. Only a right code, or latchkey user unlock, ends the count."`
}

// ACRAlias is another name of an authentication context class.
type ACRAlias struct {
	Name  string `yaml:"name" doc:"The name, such as urn:mace:incommon:iap:silver or http://eidas.europa.eu/LoA/substantial. Required. Say no more than your sign-in does: nobody checks what such a name promises."`
	Class string `yaml:"class" oneof:"@acr" doc:"The class that it names: aal1, one factor; mfa, a password and a code that was sent; aal2, a password and an authenticator app or better; phr, a passkey. Required."`
}

// Lockout is a [storage.Backoff] that nothing but a right code forgets, and that
// ends in a disabled factor.
type Lockout struct {
	Free         int           `yaml:"free" default:"5" doc:"Wrong codes that are not delayed."`
	Base         time.Duration `yaml:"base" default:"1m" doc:"How long the factor is locked after the first one beyond free; each further one doubles it."`
	Max          time.Duration `yaml:"max" default:"1h" doc:"The longest such time."`
	DisableAfter int           `yaml:"disable_after" default:"100" doc:"Consecutive wrong codes after which the factor stops working until it is enrolled again or unlocked with latchkey user unlock; at most 100 (NIST SP 800-63B-4 section 3.2.2)."`
}

// Storage is the lockout's backoff as the stores take it.
func (l Lockout) Storage() storage.Backoff {
	return storage.Backoff{Free: l.Free, Base: l.Base, Max: l.Max}
}
