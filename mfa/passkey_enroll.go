package mfa

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Start implements Enroller. A passkey that the person has already is excluded,
// and each call makes another challenge.
func (p *Passkeys) Start(ctx context.Context, a Attempt) (Enrollment, error) {
	u, err := ownerOf(a.Person)
	if err != nil {
		return Enrollment{}, err
	}
	creation, session, err := p.rp.BeginRegistration(u,
		webauthn.WithExclusions(webauthn.Credentials(u.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Enrollment{}, fmt.Errorf("make passkey challenge: %w", err)
	}
	options, err := p.keep(ctx, forEnroll, a, session, creation)
	return Enrollment{Kind: storage.FactorPasskey, Input: InputPasskey, Options: options}, err
}

// Confirm implements Enroller.
func (p *Passkeys) Confirm(ctx context.Context, a Attempt, r Response, name string) (storage.Credential, error) {
	left, err := p.limiter.countEnrollment(ctx, a, storage.FactorPasskey)
	if err != nil {
		return storage.Credential{}, err
	}
	response, err := protocol.ParseCredentialCreationResponseBytes(r.Passkey)
	if err != nil {
		return storage.Credential{}, &WrongError{TriesLeft: left, Cause: errors.New("malformed response")}
	}
	session, err := p.take(ctx, forEnroll, a, response.Response.CollectedClientData.Challenge)
	if err != nil {
		return storage.Credential{}, err
	}
	u, err := ownerOf(a.Person)
	if err != nil {
		return storage.Credential{}, err
	}
	made, err := p.rp.CreateCredential(u, session, response)
	if err != nil {
		return storage.Credential{}, &WrongError{TriesLeft: left, Cause: refusal(err)}
	}
	public, err := encodePublic(made)
	if err != nil {
		return storage.Credential{}, err
	}
	id, err := storage.NewID(a.Now, p.cfg.Random)
	if err != nil {
		return storage.Credential{}, fmt.Errorf("name credential: %w", err)
	}
	return storage.Credential{
		ID: id, UserID: a.Person.User.ID, Kind: storage.FactorPasskey, Name: ident.Cut(ident.Clean(name), ident.MaxDeviceName),
		ExternalID: externalID(made.ID), Public: public, Counter: int64(made.Authenticator.SignCount), CreatedAt: a.Now,
	}, nil
}
