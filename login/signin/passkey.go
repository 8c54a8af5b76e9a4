package signin

import (
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// Passkey signs in by a discoverable credential (WebAuthn): it names its person, and
// has verified them.
type Passkey struct{ cfg Config }

func newPasskey(cfg Config) *Passkey { return &Passkey{cfg} }

// passkeyPath is where what the browser answers is posted.
const passkeyPath = "/login/passkey"

// credentialField holds what the browser answered to a passkey's challenge.
const credentialField = "credential"

// Routes implements [Method].
func (*Passkey) Routes() []string { return []string{"POST " + passkeyPath} }

// Begin implements [Method]: it makes the challenge. Where too many were made there is
// none, and the other ways still work.
func (p *Passkey) Begin(r *http.Request, a Attempt, page *ui.SignIn) error {
	passkeys := p.offered(a.Client)
	if passkeys == nil {
		return nil
	}
	options, err := passkeys.BeginDiscoverable(r.Context(), p.attempt(r, a))
	if limited := (*mfa.LimitedError)(nil); errors.As(err, &limited) {
		p.cfg.Metrics.Throttled("passkey_challenges")
		return nil
	}
	if err != nil {
		return pageerror.Unavailable("make passkey challenge", err)
	}
	page.Passkey = &ui.Ceremony{Action: a.Interaction.Address(passkeyPath), Options: string(options)}
	return nil
}

// offered is what signs people in without a password; nil where policy does not let
// it, or the client requires factors that passkeys are none of.
func (p *Passkey) offered(c *client.Client) *mfa.Passkeys {
	policy := p.cfg.Factors.Policy()
	if !policy.Passwordless || !slices.Contains(policy.CountingFor(&storage.User{}, c), storage.FactorPasskey) {
		return nil
	}
	return p.cfg.Factors.Passkeys()
}

func (p *Passkey) attempt(r *http.Request, a Attempt) mfa.Attempt {
	return mfa.Attempt{
		ID: a.Interaction.Browser, Now: p.cfg.Now(), AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())),
	}
}

// Complete implements [Method].
func (p *Passkey) Complete(r *http.Request, a Attempt) (Result, error) {
	passkeys := p.offered(a.Client)
	if passkeys == nil {
		return Result{Next: a.Interaction.Address("/login")}, nil
	}
	attempt := p.attempt(r, a)
	var err error
	if attempt.Source, err = p.cfg.Journal.Event(r, storage.EventFactorPassed, ""); err != nil {
		return Result{}, err
	}
	user, proof, err := passkeys.FinishDiscoverable(r.Context(), attempt, mfa.Response{Passkey: []byte(r.PostForm.Get(credentialField))})
	var (
		wrong   *mfa.WrongError
		limited *mfa.LimitedError
	)
	switch {
	case err == nil:
		return Result{Evidence: evidence(user, proof, p.cfg.Factors.Policy())}, nil
	case errors.As(err, &limited):
		p.cfg.Metrics.Throttled("passkey_address")
		return Result{}, pageerror.TooMany(limited.RetryAfter, err)
	case errors.As(err, &wrong), errors.Is(err, mfa.ErrExpired), errors.Is(err, mfa.ErrCloned), errors.Is(err, mfa.ErrNotOffered):
		p.cfg.Metrics.SignInFailed()
		return Result{Problem: Problem{Text: "wrong.passkey"}}, p.cfg.Journal.RecordFailure(r, a.Interaction, "", "", "passkey")
	}
	return Result{}, pageerror.Unavailable("verify passkey", err)
}
