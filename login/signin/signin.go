// Package signin is the ways to sign in: the first factors.
//
// A way to sign in is a [Method]: one file, and one line in [New], the only list of
// them. It begins on the sign-in page, completes with what the person sent, and
// answers [Evidence]: who, how, when and at which level. The pages know no more of
// it, and nothing outside this package assumes that an account has a password.
//
// Invariants:
//
//   - An attempt is counted by a rate limit before anything is looked at
//     (requirement TH2).
//   - A failure tells nothing of whether there is such an account: not its text, its
//     time or its headers (user enumeration, requirements EN1, EN2).
package signin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// Method is one way to sign in. Its errors are [web.Error]s, for the person.
type Method interface {
	// Routes are where its answers go, as patterns of [http.ServeMux]: most have one
	// form, one that sends people elsewhere has an address that they come back to.
	Routes() []string
	// Begin adds to the sign-in page what the person needs, where the policy and the
	// client let them sign in so.
	Begin(r *http.Request, a Attempt, page *ui.SignIn) error
	// Complete judges what came back.
	Complete(r *http.Request, a Attempt) (Result, error)
}

// Attempt is the flow in which somebody signs in.
type Attempt struct {
	Interaction *interaction.Interaction
	// Client is who asked; nil is a page of ours.
	Client *client.Client
}

// Result is what came of an attempt: evidence, an address where it goes on, or, where
// both are missing, a problem.
type Result struct {
	Evidence *Evidence
	// Next is where the person goes on, where this was not the last step.
	Next string
	// Problem is what the sign-in page says of an attempt that showed nobody.
	Problem Problem
}

// Problem is what the sign-in page says of an attempt that failed.
type Problem struct {
	// Field is the field that it stands at; empty is the page as a whole.
	Field string `json:"field,omitempty"`
	// Text is the key of a text.
	Text string `json:"text"`
}

// Evidence is what somebody showed of who they are.
type Evidence struct {
	User *storage.User
	// Proof is how and when.
	Proof storage.Proof
	// Level is what it is worth by itself: at which class they are signed in.
	Level storage.Authentication
}

// Config is what [Methods] are made of. Every field is required.
type Config struct {
	Users     users
	Accounts  accounts
	Passwords passwords
	// Decoys are what names of nobody are checked against.
	Decoys  *Decoys
	Factors *mfa.Factors
	Limits  limiter
	Journal journal
	Metrics metrics
	Hasher  *keys.Hasher
	Log     *slog.Logger
	Now     func() time.Time
}

// users knows people; storage/sqlstore.Users in the binary.
type users interface {
	ByIdentifier(ctx context.Context, identifier string) (*storage.User, error)
}

// accounts changes accounts; account.Service in the binary.
type accounts interface {
	UpgradePassword(ctx context.Context, by account.Actor, user *storage.User, typed string) error
}

// passwords checks password verifiers; account/password.Hasher in the binary.
type passwords interface {
	Check(ctx context.Context, encoded, typed string) (password.Verdict, error)
	// VerifyDummy does the work of Check for a person who does not exist.
	VerifyDummy(ctx context.Context, password string) error
}

// limiter counts attempts; login/limits.Limiter in the binary.
type limiter interface {
	SignIn(r *http.Request, name string, user *storage.User) (limits.Attempt, error)
	Succeeded(ctx context.Context, a limits.Attempt) error
}

// journal writes security events; login/journal in the binary.
type journal interface {
	Origin(r *http.Request, in *interaction.Interaction) account.Origin
	Event(r *http.Request, typ storage.EventType, userID storage.ID) (storage.Event, error)
	RecordFailure(r *http.Request, in *interaction.Interaction, userID storage.ID, typed, how string) error
}

// metrics counts what happened.
type metrics interface {
	SignInFailed()
	Throttled(limit string)
}

// Methods are the ways to sign in.
type Methods struct {
	// Password is the one that other pages ask for besides: people who sign up choose
	// one, and confirm changes of their account by it.
	Password *Password
	all      []Method
}

// New makes the ways to sign in, in the order in which the page offers them.
func New(cfg Config) *Methods {
	methods := &Methods{Password: newPassword(cfg)}
	methods.all = []Method{
		methods.Password,
		newPasskey(cfg),
	}
	return methods
}

// All lists them.
func (m *Methods) All() []Method { return m.all }

// evidence is what a proof of the person is worth under the policy.
func evidence(user *storage.User, proof storage.Proof, policy mfa.Policy) *Evidence {
	return &Evidence{User: user, Proof: proof, Level: mfa.Level([]storage.Proof{proof}, time.Time{}, policy)}
}
