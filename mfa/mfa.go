package mfa

import (
	"context"
	"encoding/json"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Factor is one kind of second factor. Its methods may be called concurrently.
type Factor interface {
	Kind() storage.FactorKind
	// Available reports whether the person has this factor, so that they can be
	// asked for it.
	Available(p Person) bool
	// Begin says what the person is to be shown. It sends a code, or makes a
	// challenge for a passkey; called again it sends no other code unless
	// a.Resend asks for one and the limits allow it. Where they do not but a code
	// is live, the challenge comes with the [LimitedError]: that code still works.
	Begin(ctx context.Context, a Attempt) (Challenge, error)
	// Verify counts the attempt, checks the response and spends it. Its errors
	// are those of this package; any other means that a store failed.
	Verify(ctx context.Context, a Attempt, r Response) (storage.Proof, error)
}

// Enroller is a factor that a person adds to their account: an authenticator
// app or a passkey. What Start makes belongs to the attempt and its person, and
// counts only once Confirm has seen it work.
type Enroller interface {
	Factor
	// Start returns what to show. Until the enrollment is confirmed, or has
	// expired, it returns the same again, so that a page can be reloaded.
	Start(ctx context.Context, a Attempt) (Enrollment, error)
	// Confirm checks that the person has what Start showed, and returns it under
	// the name they give it, for package account to keep. The first response of an
	// authenticator is spent with it.
	Confirm(ctx context.Context, a Attempt, r Response, name string) (storage.Credential, error)
}

// Person is all that factors need to know of somebody, read once a request.
type Person struct {
	User        *storage.User
	Credentials []storage.Credential
	Recovery    storage.RecoveryCodes
	Lockouts    []storage.Lockout
}

// Attempt is one partial sign-in, or one visit to a page that adds a factor.
type Attempt struct {
	// ID is the keyed hash of the secret in the browser's cookie.
	ID     string
	Person Person
	Now    time.Time
	// Began is when whoever makes it sat down, for what their messages take back; zero
	// is Now.
	Began time.Time
	// AddressBucket is where it comes from, as limits count it.
	AddressBucket string
	// Locale is the language for what is sent.
	Locale string
	// Resend asks Begin for another code.
	Resend bool
	// Source is what events of the attempt have in common: client, address,
	// browser and request. The rest of it is ignored.
	Source storage.Event
}

// Input is how a response is given.
type Input string

// The inputs.
const (
	InputCode    Input = "code"    // typed into one field
	InputPasskey Input = "passkey" // by the browser: needs a script
)

// Challenge is what one page, the same for all factors, shows.
type Challenge struct {
	Kind  storage.FactorKind
	Input Input
	// Digits is how many digits a code has; zero where it is no number.
	Digits int
	// Hint says where a code was sent without telling: "a•••@example.com".
	Hint string
	// CanResend says that another code can be asked for after ResendAfter.
	CanResend   bool
	ResendAfter time.Duration
	// Options is the argument of navigator.credentials.get, with its binary
	// members in base64url, for [InputPasskey].
	Options json.RawMessage
}

// Response is what a person answered: Code as typed, or Passkey, the JSON form
// of the credential that the browser returned.
type Response struct {
	Code    string
	Passkey []byte
}

// Enrollment is what a person is shown to add a factor.
type Enrollment struct {
	Kind  storage.FactorKind
	Input Input
	// Secret is a TOTP secret in base32, in groups for people to type; URI is
	// the same as an otpauth address, which a page draws for cameras.
	Secret string
	URI    string
	Digits int
	// Options is the argument of navigator.credentials.create, for [InputPasskey].
	Options json.RawMessage
}
