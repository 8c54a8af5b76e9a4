package mfa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/latchkey-id/latchkey/storage"
)

// How many sign-ins without a password one address may try. No account is
// counted: nobody can lock another's passkeys (requirement TH3), and a
// signature is not guessed.
const (
	signInWindow     = 5 * time.Minute
	signInPerAddress = 100
)

// challengesPerAddress is how many challenges one address may have within the
// time that one lives (requirement DS3): every view of the page makes one.
const challengesPerAddress = 1000

// BeginDiscoverable makes a challenge for whichever passkey the browser offers,
// for its button and for autofill. The attempt has no person: its ID is the
// keyed hash of the browser's cookie. Several tabs may each have one.
func (p *Passkeys) BeginDiscoverable(ctx context.Context, a Attempt) (json.RawMessage, error) {
	if !p.cfg.Policy.WithoutPassword() {
		return nil, ErrNotOffered
	}
	n, err := p.cfg.Ephemeral.Count(ctx, "mfa:passkey:challenges:"+p.cfg.Hasher.Sum("limit", "passkey", a.AddressBucket), challengeTTL)
	if err != nil {
		return nil, fmt.Errorf("count passkey challenges: %w", err)
	}
	if n > challengesPerAddress {
		return nil, &LimitedError{RetryAfter: challengeTTL}
	}
	assertion, session, err := p.rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, fmt.Errorf("make passkey challenge: %w", err)
	}
	a.Person = Person{}
	return p.keep(ctx, forSignIn, a, session, assertion)
}

// FinishDiscoverable says who the passkey belongs to. The passkey must have
// verified the person itself, so that the proof is two factors. An unknown
// passkey, another person's and a disabled account are all one [WrongError].
func (p *Passkeys) FinishDiscoverable(ctx context.Context, a Attempt, r Response) (*storage.User, storage.Proof, error) {
	if !p.cfg.Policy.WithoutPassword() {
		return nil, storage.Proof{}, ErrNotOffered
	}
	n, err := p.cfg.Ephemeral.Count(ctx, "mfa:passkey:address:"+p.cfg.Hasher.Sum("limit", "passkey", a.AddressBucket), signInWindow)
	if err != nil {
		return nil, storage.Proof{}, fmt.Errorf("count passkey sign-ins: %w", err)
	}
	if n > signInPerAddress {
		p.cfg.Counter.Factor(storage.FactorPasskey, resultRefused)
		return nil, storage.Proof{}, &LimitedError{RetryAfter: signInWindow}
	}
	a.Person = Person{}
	response, err := protocol.ParseCredentialRequestResponseBytes(r.Passkey)
	if err != nil {
		return nil, storage.Proof{}, p.wrong(errors.New("malformed response"))
	}
	session, err := p.take(ctx, forSignIn, a, response.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil, storage.Proof{}, err
	}
	if a.Person, err = p.ownerOfPasskey(ctx, response.RawID); errors.Is(err, storage.ErrNotFound) {
		return nil, storage.Proof{}, p.wrong(errors.New("unknown passkey, or disabled account"))
	}
	if err != nil {
		return nil, storage.Proof{}, err
	}
	used, err := p.rp.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) {
		return ownerOf(a.Person)
	}, session, response)
	if err != nil {
		return nil, storage.Proof{}, p.wrong(refusal(err))
	}
	proof, err := p.spend(ctx, a, used, response)
	if errors.Is(err, errMoved) {
		return nil, storage.Proof{}, p.wrong(err)
	}
	if err != nil {
		return nil, storage.Proof{}, err
	}
	proof.Kind, proof.At = storage.FactorPasskey, a.Now
	if err := p.limiter.tell(ctx, a, storage.EventFactorPassed, storage.Success, string(storage.FactorPasskey)); err != nil {
		return nil, storage.Proof{}, err
	}
	p.cfg.Counter.Factor(storage.FactorPasskey, resultPassed)
	return a.Person.User, proof, nil
}

func (p *Passkeys) wrong(cause error) error {
	p.cfg.Counter.Factor(storage.FactorPasskey, resultFailed)
	return &WrongError{Cause: cause}
}

// ownerOfPasskey is the person that a passkey belongs to, with that passkey alone.
func (p *Passkeys) ownerOfPasskey(ctx context.Context, rawID []byte) (Person, error) {
	row, err := p.cfg.Credentials.ByExternalID(ctx, externalID(rawID))
	if err != nil {
		return Person{}, fmt.Errorf("find passkey: %w", err)
	}
	u, err := p.cfg.Users.ByID(ctx, row.UserID)
	if err != nil {
		return Person{}, fmt.Errorf("find owner of a passkey: %w", err)
	}
	if u.Disabled() {
		return Person{}, fmt.Errorf("owner of a passkey is disabled: %w", storage.ErrNotFound)
	}
	return Person{User: u, Credentials: []storage.Credential{*row}}, nil
}
