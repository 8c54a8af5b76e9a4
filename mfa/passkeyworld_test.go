package mfa

import (
	"encoding/json"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/latchkey-id/latchkey/storage"
)

// key is a passkey in an authenticator of its own, at an origin.
type key struct {
	t             *testing.T
	rp            virtualwebauthn.RelyingParty
	authenticator virtualwebauthn.Authenticator
	credential    virtualwebauthn.Credential
}

// encodedKeySize is that of a P-256 key in COSE, with both coordinates whole.
const encodedKeySize = 77

func newKey(t *testing.T, owner *storage.User) *key {
	t.Helper()
	handle, err := owner.ID.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	k := &key{
		t: t, rp: virtualwebauthn.RelyingParty{ID: "id.example.com", Name: "Latchkey", Origin: "https://id.example.com"},
		authenticator: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle[:]}),
		credential:    virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2),
	}
	// The virtual authenticator drops leading zeros of a coordinate, which the
	// format does not allow (RFC 9053 section 7.1.1): take a key that has none.
	for len(k.credential.Key.AttestationData()) < encodedKeySize {
		k.credential = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	k.credential.Counter = 1
	return k
}

// create answers navigator.credentials.create.
func (k *key) create(options json.RawMessage) Response {
	k.t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		k.t.Fatal(err)
	}
	return Response{Passkey: []byte(virtualwebauthn.CreateAttestationResponse(k.rp, k.authenticator, k.credential, *parsed))}
}

// get answers navigator.credentials.get, and counts.
func (k *key) get(options json.RawMessage) Response {
	k.t.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		k.t.Fatal(err)
	}
	if k.credential.Counter > 0 {
		k.credential.Counter++
	}
	return Response{Passkey: []byte(virtualwebauthn.CreateAssertionResponse(k.rp, k.authenticator, k.credential, *parsed))}
}

// enrollPasskey enrolls the key for the person.
func (b *bench) enrollPasskey(k *key) storage.Credential {
	b.t.Helper()
	a, options := b.startPasskey("enroll " + string(b.id()))
	c, err := b.confirm(b.nodes[0].Passkeys(), a, k.create(options), "key")
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// startPasskey begins an enrollment in an attempt.
func (b *bench) startPasskey(attempt string) (Attempt, json.RawMessage) {
	b.t.Helper()
	a := b.attempt(attempt)
	shown, err := b.nodes[0].Passkeys().Start(b.t.Context(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	return a, shown.Options
}

// begin makes a challenge in the attempt.
func (b *bench) begin(a Attempt) json.RawMessage {
	b.t.Helper()
	shown, err := b.nodes[0].Passkeys().Begin(b.t.Context(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	return shown.Options
}
