package mfa

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/latchkey-id/latchkey/storage"
)

// owner is a person as the WebAuthn library sees one. The user handle is the
// account's id: 16 bytes that say nothing of the person.
type owner struct {
	user     *storage.User
	handle   [16]byte
	passkeys []webauthn.Credential
}

func ownerOf(p Person) (*owner, error) {
	handle, err := p.User.ID.Bytes()
	if err != nil {
		return nil, fmt.Errorf("user handle: %w", err)
	}
	o := &owner{user: p.User, handle: handle}
	for _, c := range p.enrolled(storage.FactorPasskey) {
		passkey, err := decodePublic(c)
		if err != nil {
			return nil, err
		}
		o.passkeys = append(o.passkeys, passkey)
	}
	return o, nil
}

// WebAuthnID implements webauthn.User.
func (o *owner) WebAuthnID() []byte { return o.handle[:] }

// WebAuthnName implements webauthn.User.
func (o *owner) WebAuthnName() string { return accountName(o.user) }

// WebAuthnDisplayName implements webauthn.User.
func (o *owner) WebAuthnDisplayName() string {
	if o.user.Profile.Name != "" {
		return o.user.Profile.Name
	}
	return accountName(o.user)
}

// WebAuthnCredentials implements webauthn.User.
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.passkeys }

// public is the public part of a passkey, as its row keeps it.
type public struct {
	Key        []byte                            `json:"key"` // COSE
	AAGUID     []byte                            `json:"aaguid,omitempty"`
	Transports []protocol.AuthenticatorTransport `json:"transports,omitempty"`
	Attachment protocol.AuthenticatorAttachment  `json:"attachment,omitempty"`
	// Flags are those of the authenticator data (WebAuthn section 6.1): whether
	// it may be backed up, and is.
	Flags  byte   `json:"flags"`
	Format string `json:"format,omitempty"`
}

func encodePublic(c *webauthn.Credential) ([]byte, error) {
	raw, err := json.Marshal(public{
		Key: c.PublicKey, AAGUID: c.Authenticator.AAGUID, Transports: c.Transport,
		Attachment: c.Authenticator.Attachment, Flags: byte(c.Flags.ProtocolValue()), Format: c.AttestationFormat,
	})
	if err != nil {
		return nil, fmt.Errorf("encode passkey: %w", err)
	}
	return raw, nil
}

func decodePublic(c storage.Credential) (webauthn.Credential, error) {
	var p public
	if err := json.Unmarshal(c.Public, &p); err != nil {
		return webauthn.Credential{}, fmt.Errorf("decode passkey %s: %w", c.ID, err)
	}
	id, err := base64.RawURLEncoding.DecodeString(c.ExternalID)
	if err != nil {
		return webauthn.Credential{}, fmt.Errorf("decode id of passkey %s: %w", c.ID, err)
	}
	return webauthn.Credential{
		ID: id, PublicKey: p.Key, AttestationFormat: p.Format, Transport: p.Transports,
		Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(p.Flags)),
		Authenticator: webauthn.Authenticator{
			AAGUID: p.AAGUID, SignCount: uint32(c.Counter), Attachment: p.Attachment,
		},
	}, nil
}

// passkey finds the person's passkey with a WebAuthn id.
func (p Person) passkey(rawID []byte) (storage.Credential, bool) {
	id := externalID(rawID)
	for _, c := range p.enrolled(storage.FactorPasskey) {
		if c.ExternalID == id {
			return c, true
		}
	}
	return storage.Credential{}, false
}

func externalID(rawID []byte) string { return base64.RawURLEncoding.EncodeToString(rawID) }
