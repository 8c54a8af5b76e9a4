package mfa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Passkeys is the factor of WebAuthn credentials: a second factor, and by
// itself enough to sign in where it verified the person. A challenge is kept
// under what it was made for and is taken, once, by the first response.
type Passkeys struct {
	cfg     Config
	limiter *attemptLimiter
	rp      *webauthn.WebAuthn
}

// challengeTTL is how long a browser may take.
const challengeTTL = 10 * time.Minute

// newPasskeys makes the factor; nil where the issuer's host is an address,
// which cannot be a relying party's id.
func newPasskeys(cfg Config, g *attemptLimiter) (*Passkeys, error) {
	host := cfg.Issuer.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, nil
	}
	rp, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: cfg.Brand, RPOrigins: []string{cfg.Issuer.Scheme + "://" + cfg.Issuer.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		// Some browsers report extensions that nobody asked for. None is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", host, err)
	}
	return &Passkeys{cfg: cfg, limiter: g, rp: rp}, nil
}

// Kind implements Factor.
func (p *Passkeys) Kind() storage.FactorKind { return storage.FactorPasskey }

// Available implements Factor.
func (p *Passkeys) Available(person Person) bool {
	return len(person.enrolled(storage.FactorPasskey)) > 0
}

// Begin implements Factor: it makes a challenge for the person's passkeys.
func (p *Passkeys) Begin(ctx context.Context, a Attempt) (Challenge, error) {
	if !p.Available(a.Person) {
		return Challenge{}, ErrNotOffered
	}
	if err := closed(a.Person.lockout(storage.FactorPasskey), a.Now); err != nil {
		return Challenge{}, err
	}
	u, err := ownerOf(a.Person)
	if err != nil {
		return Challenge{}, err
	}
	assertion, session, err := p.rp.BeginLogin(u)
	if err != nil {
		return Challenge{}, fmt.Errorf("make passkey challenge: %w", err)
	}
	options, err := p.keep(ctx, forFactor, a, session, assertion)
	return Challenge{Kind: storage.FactorPasskey, Input: InputPasskey, Options: options}, err
}

// Verify implements Factor.
func (p *Passkeys) Verify(ctx context.Context, a Attempt, r Response) (storage.Proof, error) {
	if !p.Available(a.Person) {
		return storage.Proof{}, ErrNotOffered
	}
	entry, err := p.limiter.enter(ctx, a, storage.FactorPasskey)
	if err != nil {
		return storage.Proof{}, err
	}
	response, err := protocol.ParseCredentialRequestResponseBytes(r.Passkey)
	if err != nil {
		return storage.Proof{}, entry.fail(ctx, errors.New("malformed response"))
	}
	session, err := p.take(ctx, forFactor, a, response.Response.CollectedClientData.Challenge)
	if errors.Is(err, ErrExpired) {
		return storage.Proof{}, entry.expire(ctx, "no such challenge")
	}
	if err != nil {
		return storage.Proof{}, err
	}
	u, err := ownerOf(a.Person)
	if err != nil {
		return storage.Proof{}, err
	}
	used, err := p.rp.ValidateLogin(u, session, response)
	if err != nil {
		return storage.Proof{}, entry.fail(ctx, refusal(err))
	}
	proof, err := p.spend(ctx, a, used, response)
	if errors.Is(err, errMoved) {
		return storage.Proof{}, entry.fail(ctx, err)
	}
	if err != nil {
		return storage.Proof{}, err
	}
	return entry.pass(ctx, proof)
}

// refusal keeps of the library's error what names no value of the response.
func refusal(err error) error {
	var refused *protocol.Error
	if errors.As(err, &refused) {
		return errors.New("refused: " + refused.Type)
	}
	return errors.New("refused")
}

// errMoved says that another response moved the counter meanwhile.
var errMoved = errors.New("the passkey was used meanwhile, or is gone")

// spend moves the counter of the passkey that was used. A counter that did not
// rise is refused: somebody may hold a copy (WebAuthn section 6.1.1).
func (p *Passkeys) spend(ctx context.Context, a Attempt, used *webauthn.Credential, r *protocol.ParsedCredentialAssertionData) (storage.Proof, error) {
	row, ok := a.Person.passkey(used.ID)
	if !ok {
		return storage.Proof{}, errMoved
	}
	if used.Authenticator.CloneWarning {
		p.cfg.Counter.Factor(storage.FactorPasskey, resultCloned)
		err := p.limiter.tell(ctx, a, storage.EventPasskeyCloned, storage.Failure, "credential "+string(row.ID),
			Notice{Kind: storage.MessagePasskeyCloned, Factor: storage.FactorPasskey, Name: row.Name})
		if err != nil {
			return storage.Proof{}, err
		}
		return storage.Proof{}, ErrCloned
	}
	public, err := encodePublic(used)
	if err != nil {
		return storage.Proof{}, err
	}
	err = p.cfg.Credentials.Use(ctx, storage.CredentialUse{
		ID: row.ID, UserID: row.UserID, From: row.Counter, To: int64(used.Authenticator.SignCount), Public: public, Now: a.Now,
	})
	if errors.Is(err, storage.ErrConsumed) || errors.Is(err, storage.ErrNotFound) {
		return storage.Proof{}, errMoved
	}
	if err != nil {
		return storage.Proof{}, fmt.Errorf("move counter of a passkey: %w", err)
	}
	return storage.Proof{
		CredentialID: row.ID, Synced: used.Flags.BackupEligible,
		// Of this response: what the credential keeps is whether it ever did.
		UserVerified: r.Response.AuthenticatorData.Flags.HasUserVerified(),
	}, nil
}

// purpose is what a challenge is for: one for one ceremony is none for another.
type purpose string

const (
	forFactor purpose = "factor"
	forSignIn purpose = "sign-in"
	forEnroll purpose = "enroll"
)

// challenges are those that wait for their response.
func (p *Passkeys) challenges() *ephemeral.Values[webauthn.SessionData] {
	return ephemeral.NewValues[webauthn.SessionData](p.cfg.Ephemeral, p.cfg.Hasher, "passkey challenge", challengeTTL)
}

// challengeEntry binds a challenge to its purpose, to the attempt (which for a
// sign-in without a password is the browser) and to the person, if they are known.
func challengeEntry(ceremony purpose, a Attempt, challenge string) string {
	userID := ""
	if a.Person.User != nil {
		userID = string(a.Person.User.ID)
	}
	return ephemeral.Name(string(ceremony), a.ID, userID, challenge)
}

// keep keeps the session of a ceremony and returns what the browser is told.
func (p *Passkeys) keep(ctx context.Context, ceremony purpose, a Attempt, session *webauthn.SessionData, options any) (json.RawMessage, error) {
	if _, err := p.challenges().Put(ctx, challengeEntry(ceremony, a, session.Challenge), *session); err != nil {
		return nil, fmt.Errorf("keep passkey challenge: %w", err)
	}
	told, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("encode passkey options: %w", err)
	}
	return told, nil
}

// take spends the challenge that a response says it answers; ErrExpired where
// there is none.
func (p *Passkeys) take(ctx context.Context, ceremony purpose, a Attempt, challenge string) (webauthn.SessionData, error) {
	session, err := p.challenges().Take(ctx, challengeEntry(ceremony, a, challenge))
	if errors.Is(err, storage.ErrNotFound) {
		return session, ErrExpired
	}
	if err != nil {
		return session, fmt.Errorf("take passkey challenge: %w", err)
	}
	return session, nil
}
