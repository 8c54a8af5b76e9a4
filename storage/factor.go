package storage

import "time"

// FactorKind names a kind of authentication factor. It is what a link on the
// second-factor page carries, what a policy lists, and what a [Proof] was given by.
type FactorKind string

// The kinds of factors.
const (
	FactorPassword FactorKind = "password"
	FactorTOTP     FactorKind = "totp"     // RFC 6238
	FactorEmail    FactorKind = "email"    // a code sent to the verified address
	FactorSMS      FactorKind = "sms"      // a code sent to the verified phone
	FactorRecovery FactorKind = "recovery" // one of the codes shown once
	FactorPasskey  FactorKind = "passkey"  // WebAuthn
)

// Proof is one thing that a person showed of who they are: evidence that the
// server computed itself. A trusted device is no proof, and never becomes one.
type Proof struct {
	Kind FactorKind `json:"kind"`
	At   time.Time  `json:"at"`
	// CredentialID names the credential that was used; empty for a password or a sent code.
	CredentialID ID `json:"credential_id,omitempty"`
	// UserVerified says that the authenticator itself verified the person (a
	// passkey unlocked by PIN or finger), so that it is two factors in one.
	UserVerified bool `json:"user_verified,omitempty"`
	// Synced says that a passkey may be copied to other devices of its owner
	// (it is backup eligible), so that it is not bound to one piece of hardware.
	Synced bool `json:"synced,omitempty"`
}

// Credential is something that a person enrolled as a factor: an
// authenticator app or a passkey.
type Credential struct {
	ID     ID
	UserID ID
	Kind   FactorKind
	// Name is the person's own word for it, at most 64 characters.
	Name string
	// Secret is sealed to this row: a TOTP secret; empty for passkeys.
	Secret string
	// ExternalID is the WebAuthn credential id in unpadded base64url; unique; empty for TOTP.
	ExternalID string
	// Public is a passkey's public part as JSON (key, AAGUID, transports, backup flags).
	Public []byte
	// Counter only rises: the last TOTP step that was accepted, or a passkey's sign counter.
	Counter    int64
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never used since enrollment
}

// FactorStart is under what conditions a factor is added.
type FactorStart struct {
	// PasswordEpoch is that of the person when enrollment began: under another one
	// nothing is enrolled, so that a thief's enrollment cannot race the owner's new
	// password.
	PasswordEpoch int64
}

// CredentialUse is one use of a credential. It succeeds only if the counter in
// the row is still From, or for TOTP below To, in one conditional write.
type CredentialUse struct {
	ID     ID
	UserID ID
	// From and To are the counter before and after. To is greater than From,
	// except for a passkey that does not count, where both are zero.
	From, To int64
	// Public replaces a passkey's public part (its flags may have changed); nil keeps it.
	Public []byte
	Now    time.Time
}

// Lockout is the count of a person's consecutive failures with one kind of
// factor. It is durable: no restart and no new sign-in forgets it.
type Lockout struct {
	UserID ID
	Kind   FactorKind
	// Failures counts attempts since the last success; an attempt counts before it is checked.
	Failures    int64
	LockedUntil time.Time
	// DisabledAt says that the factor is dead until it is enrolled anew or an
	// administrator unlocks it (NIST SP 800-63B-4 section 3.2.2).
	DisabledAt time.Time
	UpdatedAt  time.Time
}

// RecoveryCodes is what is known of a person's set of recovery codes.
type RecoveryCodes struct {
	Total, Remaining int
	CreatedAt        time.Time // zero: there is no set
	KeyID            string    // of the key that all their hashes were made under
}

// TrustedDevice is a browser that may skip the second factor for a while. Its
// cookie's secret rotates at each use and is kept only as a keyed hash.
type TrustedDevice struct {
	ID         ID
	UserID     ID
	SecretHash string
	// PasswordEpoch is that of the person when trust was given: it is void under another.
	PasswordEpoch int64
	// ACR is the level that was reached when trust was given: it skips no higher one.
	ACR        string
	UserAgent  string
	Address    string
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time
}
