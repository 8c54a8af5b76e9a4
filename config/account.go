package config

import (
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// SignUp says who may sign up, and with what.
type SignUp struct {
	Mode     account.SignUpMode `yaml:"mode" default:"off" oneof:"off open invitation" doc:"off: accounts are created by command or import; open: anyone may sign up; invitation: people invited with latchkey invite create may sign up. The address must be confirmed by email, so this needs mail."`
	Email    account.Presence   `yaml:"email" default:"required" oneof:"required optional" doc:"Whether an account needs an email address. An account without one has a username instead, is created without a confirmation, and its owner cannot reset the password; anyone who tries a username learns whether it is taken."`
	Username account.Presence   `yaml:"username" default:"optional" oneof:"optional required off" doc:"Whether people choose a username to sign in with, besides their email address."`
}

// Account is what holds for people's own pages.
type Account struct {
	FreshFor        time.Duration `yaml:"fresh_for" default:"10m" doc:"How recent a sign-in must be to change a password, an address or a factor, or to enroll one that a client requires; after that, people sign in again."`
	DeletionGrace   time.Duration `yaml:"deletion_grace" default:"14d" doc:"How long people can cancel the deletion of their account; 0s deletes it at once."`
	LockdownUndo    time.Duration `yaml:"lockdown_undo" default:"24h" doc:"How long latchkey lockdown USER can be undone with --undo, which restores access to the account as it was; 0s never. After that, only account recovery restores access."`
	RecentFactors   time.Duration `yaml:"recent_factors" default:"7d" doc:"How long a password reset can remove a new second factor, new recovery codes or a new phone number, because they may be an intruder's. During this time a factor is only as strong as the mailbox; 0s never removes one."`
	NotifyNewDevice bool          `yaml:"notify_new_device" default:"true" doc:"Notify people by email when they sign in on a new device, with a link to report that it was not them."`
	ProfileFields   []string      `yaml:"profile_fields" default:"name,given_name,middle_name,family_name,nickname,preferred_username,birthdate,gender,website,profile,picture,locale,zoneinfo,address" oneof:"name given_name middle_name family_name nickname preferred_username birthdate gender website profile picture locale zoneinfo address" doc:"What the profile page asks people for, by claim name. Claims left out keep the values set by command or import; [] asks for nothing."`
	Links           Links         `yaml:"links" doc:"How long the links in messages work. Each works once."`
}

// Links are the lifetimes of one-time links.
type Links struct {
	Verify     time.Duration `yaml:"verify" default:"24h" doc:"Confirming an address, including a changed one."`
	Code       time.Duration `yaml:"code" default:"30m" doc:"Typing the short code next to a link instead of following the link; no longer than the link itself."`
	Reset      time.Duration `yaml:"reset" default:"1h" doc:"Setting a new password; at most 24h."`
	EmailUndo  time.Duration `yaml:"email_undo" default:"7d" doc:"Undoing a change of address, from the old address, and reporting \"this was not me\" for any other change."`
	Invitation time.Duration `yaml:"invitation" default:"7d" doc:"Accepting an invitation."`
}

// Branding is how the pages and messages present themselves.
type Branding struct {
	Name        string `yaml:"name" default:"Latchkey" doc:"The name on pages and in messages; also the issuer shown in authenticator apps."`
	LogoURI     string `yaml:"logo_uri" doc:"Address of an image to show instead of the built-in logo."`
	AccentColor string `yaml:"accent_color" doc:"Color of buttons and links as #rrggbb. Default: the built-in one."`
	SupportURI  string `yaml:"support_uri" doc:"Where people find help: an https or mailto URI."`
	PrivacyURI  string `yaml:"privacy_uri" doc:"Your privacy policy."`
	TermsURI    string `yaml:"terms_uri" doc:"Your terms of service."`
}

// Audit is what happens to security events.
type Audit struct {
	Retention time.Duration `yaml:"retention" default:"400d" doc:"How long security events are kept; at least 1d. 0s keeps them forever."`
}

// Limits bounds what one address or account may do.
type Limits struct {
	SignIn            SignInLimits   `yaml:"sign_in" doc:"Sign-in attempts with a password."`
	SignUp            AskLimits      `yaml:"sign_up" doc:"Sign-up requests."`
	Reset             AskLimits      `yaml:"reset" doc:"Password reset requests."`
	Resend            AskLimits      `yaml:"resend" doc:"Requests to resend a message or a code."`
	UserCode          UserCodeLimits `yaml:"user_code" doc:"Attempts at the user codes shown by devices without a browser."`
	Messages          MessageLimits  `yaml:"messages" doc:"Messages sent, of all kinds together. A message over the limit is refused before anything is sent."`
	PendingPerAddress int            `yaml:"pending_per_address" default:"1000" doc:"Sign-ins that one IP address may start per hour, through a client or on the provider's own pages; an IPv6 address counts by its /64."`
	BodyKiB           int            `yaml:"body_kib" default:"64" doc:"Largest request body in KiB."`
	HeaderKiB         int            `yaml:"header_kib" default:"32" doc:"Largest request header in KiB."`
}

// SignInLimits bounds sign-in attempts; they are counted before the password is
// checked. What one account may be tried from unknown places says nothing of
// what its owner may try from a device that signed in before.
type SignInLimits struct {
	PerAccount  Backoff `yaml:"per_account" default:"free=20,base=10s,max=15m,window=6h" doc:"For one account, from any device that it has not signed in from before."`
	PerAddress  Backoff `yaml:"per_address" default:"free=300,base=1s,max=1m,window=30m" doc:"From one IP address, for any account; an IPv6 address counts by its /64. Enough for an office of 200 people, all on new devices."`
	PerPair     Backoff `yaml:"per_pair" default:"free=5,base=10s,max=15m,window=1h" doc:"For one account from one IP address."`
	KnownDevice Backoff `yaml:"known_device" default:"free=10,base=10s,max=15m,window=1h" doc:"For one account from a device that it has signed in from before; nobody else's attempts use this up."`
}

// AskLimits bounds how often something is asked for.
type AskLimits struct {
	PerAccount Backoff `yaml:"per_account" default:"free=3,base=1m,max=1h,window=6h" doc:"For one account or email address, known or not: free attempts at once, and as many again within max."`
	PerAddress Backoff `yaml:"per_address" default:"free=250,base=30s,max=3h,window=3h" doc:"From one IP address; an IPv6 address counts by its /64. free attempts at once, enough for an office of 200, and as many again within max."`
}

// UserCodeLimits bounds tries at the codes that devices show.
type UserCodeLimits struct {
	PerAccount Backoff `yaml:"per_account" default:"free=20,base=30s,max=15m,window=1h" doc:"By one signed-in person: free attempts at once, and as many again within max."`
	PerAddress Backoff `yaml:"per_address" default:"free=250,base=30s,max=3h,window=3h" doc:"From one IP address; an IPv6 address counts by its /64, with four times the limit for its /56, and four times that for its /48. free attempts at once, and as many again within max."`
	// AnonymousPerHour bounds the chance that any of them guesses any code.
	AnonymousPerHour int `yaml:"anonymous_per_hour" default:"10000" doc:"By everyone who is not signed in, together; people who are signed in are unaffected."`
}

// MessageLimits bounds what is sent.
type MessageLimits struct {
	PerAccount     Backoff `yaml:"per_account" default:"free=10,base=1m,max=1h,window=6h" doc:"To one account, by somebody who is signed in to it or has entered its password."`
	PerDestination Backoff `yaml:"per_destination" default:"free=10,base=1m,max=1h,window=6h" doc:"To one email address or phone number; requests from strangers are counted separately from the owner's. free messages at once, and as many again within max."`
	PerAddress     Backoff `yaml:"per_address" default:"free=400,base=30s,max=150m,window=3h" doc:"Requested from one IP address; an IPv6 address counts by its /64, with four times the limit for its /56, and four times that for its /48. free messages at once, and as many again within max."`
	// AnonymousPerHour is a breaker: see login.MessageLimits.
	AnonymousPerHour int `yaml:"anonymous_per_hour" default:"5000" doc:"All messages requested by people who are not signed in (resets, sign-ups), together."`
}

// Backoff is a [storage.Backoff] as it is written down.
type Backoff struct {
	Free   int           `yaml:"free" doc:"Attempts without a delay."`
	Base   time.Duration `yaml:"base" doc:"How long attempts are refused after the first one beyond free; each further one doubles it."`
	Max    time.Duration `yaml:"max" doc:"The longest delay."`
	Window time.Duration `yaml:"window" doc:"The count resets after this long without an attempt."`
}

// Storage is the backoff as the stores take it.
func (b Backoff) Storage() storage.Backoff { return storage.Backoff(b) }
