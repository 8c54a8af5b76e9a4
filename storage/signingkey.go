package storage

import "time"

// SigningKey is one key of the ring, as it is kept: the private part sealed,
// its life told by four times. What it does at a moment (publish, sign,
// verify) is decided from them by package keys.
type SigningKey struct {
	// ID is the kid: the RFC 7638 thumbprint of the public key.
	ID string
	// Alg is the JWS algorithm: RS256, PS256, ES256, ES384 or EdDSA.
	Alg string
	// Slot counts the keys of an algorithm from 1; algorithm and slot are
	// unique together, so nodes that start at once agree on one key.
	Slot int
	// Public is the public JWK as JSON.
	Public []byte
	// Sealed is the private key (PKCS #8), sealed to this row.
	Sealed string
	// CreatedAt is when the key was published in the JWKS.
	CreatedAt time.Time
	// SignsFrom is when it starts to sign.
	SignsFrom time.Time
	// SignsUntil is when its successor takes over; zero while it has none.
	SignsUntil time.Time
	// ExpiresAt is when its last token has expired and it leaves the JWKS;
	// zero while SignsUntil is.
	ExpiresAt time.Time
}
