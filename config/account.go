package config

import (
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// SignUp says who may sign up, and with what.
type SignUp struct {
	Mode     account.SignUpMode `yaml:"mode" default:"off" oneof:"off open invitation" doc:"off: accounts are made by command or import; open: anyone may sign up; invitation: people invited with latchkey invite create. The address has to be confirmed by e-mail, so it needs mail."`
	Email    account.Presence   `yaml:"email" default:"required" oneof:"required optional" doc:"Whether an account needs an address. An account without one has a username instead, is made without a confirmation, and has no way to set a new password by itself; that its username is taken is told to whoever tries it."`
	Username account.Presence   `yaml:"username" default:"optional" oneof:"optional required off" doc:"Whether people choose a username to sign in with, besides their address."`
}

// Account is what holds for people's own pages.
type Account struct {
	FreshFor        time.Duration `yaml:"fresh_for" default:"10m" doc:"How old a sign-in may be for changing a password, an address or a factor, or for enrolling one where a client asks for it; after that it is asked for again."`
	DeletionGrace   time.Duration `yaml:"deletion_grace" default:"14d" doc:"How long people can take back the deletion of their account; 0s deletes it at once."`
	LockdownUndo    time.Duration `yaml:"lockdown_undo" default:"24h" doc:"How long latchkey lockdown USER can be undone with --undo, which opens the account as it was; 0s never. After that the account opens by its recovery alone."`
	RecentFactors   time.Duration `yaml:"recent_factors" default:"7d" doc:"For how long a new second factor, new recovery codes or a new phone number can be removed by a reset of the password, because they may be an intruder's. So long a factor is worth no more than the mailbox; 0s never removes one."`
	NotifyNewDevice bool          `yaml:"notify_new_device" default:"true" doc:"Tell people by e-mail when they sign in on a device where they did not before, with a link for when it was not they."`
	ProfileFields   []string      `yaml:"profile_fields" default:"name,given_name,middle_name,family_name,nickname,preferred_username,birthdate,gender,website,profile,picture,locale,zoneinfo,address" oneof:"name given_name middle_name family_name nickname preferred_username birthdate gender website profile picture locale zoneinfo address" doc:"What the profile page asks people for, by the names of the claims. What is left out keeps the values that came by command or import; [] asks for nothing."`
	Links           Links         `yaml:"links" doc:"How long the links of messages work. Each works once."`
}

// Links are the lifetimes of one-time links.
type Links struct {
	Verify     time.Duration `yaml:"verify" default:"24h" doc:"Confirming an address, or a new one."`
	Code       time.Duration `yaml:"code" default:"30m" doc:"Typing the short code that stands beside a link instead of following it; no longer than the link."`
	Reset      time.Duration `yaml:"reset" default:"1h" doc:"Setting a new password; at most 24h."`
	EmailUndo  time.Duration `yaml:"email_undo" default:"7d" doc:"Undoing a change of address, from the old one, and saying \"this was not me\" of any other change."`
	Invitation time.Duration `yaml:"invitation" default:"7d" doc:"Accepting an invitation."`
}

// Branding is how the pages and messages present themselves.
type Branding struct {
	Name        string `yaml:"name" default:"Latchkey" doc:"The name on pages and in messages; also the name of the account in authenticator apps."`
	LogoURI     string `yaml:"logo_uri" doc:"Address of a picture shown instead of the built-in mark."`
	AccentColor string `yaml:"accent_color" doc:"Colour of buttons and links as #rrggbb. Default: the built-in one."`
	SupportURI  string `yaml:"support_uri" doc:"Where people find help: https or mailto."`
	PrivacyURI  string `yaml:"privacy_uri" doc:"Your privacy policy."`
	TermsURI    string `yaml:"terms_uri" doc:"Your terms of service."`
}

// Audit is what happens to security events.
type Audit struct {
	Retention time.Duration `yaml:"retention" default:"400d" doc:"How long security events are kept; at least 1d, and 0s keeps them for ever."`
}

// Limits bounds what one address or account may do.
type Limits struct {
	SignIn            SignInLimits   `yaml:"sign_in" doc:"Attempts to sign in with a password."`
	SignUp            AskLimits      `yaml:"sign_up" doc:"Asking for an account."`
	Reset             AskLimits      `yaml:"reset" doc:"Asking for a new password."`
	Resend            AskLimits      `yaml:"resend" doc:"Asking for a message or a code once more."`
	UserCode          UserCodeLimits `yaml:"user_code" doc:"Tries at the codes that devices without a browser show."`
	Messages          MessageLimits  `yaml:"messages" doc:"Messages sent, of all kinds together. What is over the limit is refused before anything is sent."`
	PendingPerAddress int            `yaml:"pending_per_address" default:"1000" doc:"Sign-ins that one address may start within an hour, by a client or on our own pages; an IPv6 address counts by its /64."`
	BodyKiB           int            `yaml:"body_kib" default:"64" doc:"Largest request body in KiB."`
	HeaderKiB         int            `yaml:"header_kib" default:"32" doc:"Largest request header in KiB."`
}

// SignInLimits bounds sign-in attempts; they are counted before the password is
// checked. What one account may be tried from unknown places says nothing of
// what its owner may try from a device that signed in before.
type SignInLimits struct {
	PerAccount  Backoff `yaml:"per_account" default:"free=20,base=10s,max=15m,window=6h" doc:"At one account, from everywhere but the devices that it signed in from before."`
	PerAddress  Backoff `yaml:"per_address" default:"free=300,base=1s,max=1m,window=30m" doc:"From one address, at any account; an IPv6 address counts by its /64. Enough for an office of 200 whose devices are all new."`
	PerPair     Backoff `yaml:"per_pair" default:"free=5,base=10s,max=15m,window=1h" doc:"At one account from one address."`
	KnownDevice Backoff `yaml:"known_device" default:"free=10,base=10s,max=15m,window=1h" doc:"At one account from a device that it signed in from before, which nobody else's attempts use up."`
}

// AskLimits bounds how often something is asked for.
type AskLimits struct {
	PerAccount Backoff `yaml:"per_account" default:"free=3,base=1m,max=1h,window=6h" doc:"For one account or address of e-mail, known or not: free at once, and as many again within max."`
	PerAddress Backoff `yaml:"per_address" default:"free=250,base=30s,max=3h,window=3h" doc:"From one network address; an IPv6 address counts by its /64. free at once, enough for an office of 200, and as many again within max."`
}

// UserCodeLimits bounds tries at the codes that devices show.
type UserCodeLimits struct {
	PerAccount Backoff `yaml:"per_account" default:"free=20,base=30s,max=15m,window=1h" doc:"By somebody who is signed in: free at once, and as many again within max."`
	PerAddress Backoff `yaml:"per_address" default:"free=250,base=30s,max=3h,window=3h" doc:"From one network address; an IPv6 address counts by its /64, and four times as much by its /56, and again by its /48. free at once, and as many again within max."`
	// AnonymousPerHour bounds the chance that any of them guesses any code.
	AnonymousPerHour int `yaml:"anonymous_per_hour" default:"10000" doc:"By all who are not signed in, together; who is signed in goes on."`
}

// MessageLimits bounds what is sent.
type MessageLimits struct {
	PerAccount     Backoff `yaml:"per_account" default:"free=10,base=1m,max=1h,window=6h" doc:"To one account, by who is signed in to it or has shown its password."`
	PerDestination Backoff `yaml:"per_destination" default:"free=10,base=1m,max=1h,window=6h" doc:"To one e-mail address or phone number; what strangers ask for is counted apart from what its owner does. free at once, and as many again within max."`
	PerAddress     Backoff `yaml:"per_address" default:"free=400,base=30s,max=150m,window=3h" doc:"Asked for from one network address; an IPv6 address counts by its /64, and four times as much by its /56, and again by its /48. free at once, and as many again within max."`
	// AnonymousPerHour is a breaker: see login.MessageLimits.
	AnonymousPerHour int `yaml:"anonymous_per_hour" default:"5000" doc:"All that people ask for who are not signed in (resets, sign-ups), together."`
}

// Backoff is a [storage.Backoff] as it is written down.
type Backoff struct {
	Free   int           `yaml:"free" doc:"Attempts that are not delayed."`
	Base   time.Duration `yaml:"base" doc:"How long attempts are refused after the first one beyond free; each further one doubles it."`
	Max    time.Duration `yaml:"max" doc:"The longest such time."`
	Window time.Duration `yaml:"window" doc:"The count is forgotten when nothing was tried for so long."`
}

// Storage is the backoff as the stores take it.
func (b Backoff) Storage() storage.Backoff { return storage.Backoff(b) }
