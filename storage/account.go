package storage

import "time"

// The changes of an account. Each is one conditional write, which answers
// [ErrConflict] when the row is not as the change expects it; the event and the
// messages that go with it are written in the same transaction.

// PasswordChange sets a new password and ends what rested on the old one.
type PasswordChange struct {
	UserID ID
	// Epoch is the password epoch that the change was allowed under; the row moves to the next.
	Epoch int64
	Hash  string
	Now   time.Time
	// ByEmail says that a link sent by email allowed it; see [User.ResetByEmail].
	ByEmail bool
	// KeepSID is the session that goes on; every other one ends, with the
	// grants that are not offline.
	KeepSID ID
	// KeepSecretHash is the keyed hash of the secret that the kept session has
	// from then on; empty leaves it the one it has.
	KeepSecretHash string
	// EndOffline says that grants with offline access end too.
	EndOffline bool
	// RemoveSince is from when on what was added goes, as with a [Recovery]; zero
	// removes nothing.
	RemoveSince time.Time
	// Keep is what stays all the same.
	Keep Kept
	// Lifts says that it is the recovery of an account that is locked down.
	Lifts bool
}

// Kept is what of an account stays though it was added lately: its owner knows it.
type Kept struct {
	Factors []ID
	// Recovery are the recovery codes, and Phone is the number.
	Recovery, Phone bool
}

// EmailChange sets another address.
type EmailChange struct {
	UserID ID
	// PasswordEpoch is that under which the change was asked for: under another one
	// it is void (requirement FE3).
	PasswordEpoch int64
	// From is the address that the change was allowed under, in any spelling.
	From string
	To   string
	// Verified says that To is known to be theirs.
	Verified bool
	Now      time.Time
}

// Recovery gives an account back to its owner, whose address was current in an
// email epoch, and removes what an intruder may have made since.
type Recovery struct {
	UserID ID
	// Epoch is the email epoch in which the owner's address was current. Where
	// another one is current by now, the address is given back as well.
	Epoch int64
	// Since is from when on what was added goes; where the address was taken away
	// earlier, from then on. Zero is from then on.
	Since time.Time
	Now   time.Time
}

// CredentialChange says which enrolled factor is renamed or removed.
type CredentialChange struct {
	UserID ID
	ID     ID
	// PasswordEpoch is that under which the change was allowed: under another one it
	// answers [ErrConsumed], so that an intruder's request cannot race the owner's
	// new password.
	PasswordEpoch int64
}

// RecoverySet is a new set of recovery codes.
type RecoverySet struct {
	UserID ID
	// PasswordEpoch is as in [CredentialChange].
	PasswordEpoch int64
	// Hashes are the keyed hashes of the codes.
	Hashes []string
	Now    time.Time
}

// ProfileChange sets what a person says of themselves, and their username.
type ProfileChange struct {
	UserID ID
	// PasswordEpoch is as in [CredentialChange].
	PasswordEpoch int64
	Profile       Profile
	Username      string
	Now           time.Time
}

// AttributesChange sets the custom attributes.
type AttributesChange struct {
	UserID ID
	// PasswordEpoch is as in [CredentialChange].
	PasswordEpoch int64
	// From are those that the change was made from, To all of those to be.
	From, To Attributes
	Now      time.Time
}

// DeletionPlan says when a person's account is to go.
type DeletionPlan struct {
	UserID ID
	// PasswordEpoch is as in [CredentialChange].
	PasswordEpoch int64
	At            time.Time
	// If is as in [PersonEdit].
	If func(*User) error
}

// PhoneChange sets or removes a phone number.
type PhoneChange struct {
	UserID ID
	// PasswordEpoch is as in [CredentialChange].
	PasswordEpoch int64
	Phone         string // E.164, or empty
	Verified      bool
	Now           time.Time
}

// AccountSession is a session as its owner sees it.
type AccountSession struct {
	SID        ID
	CreatedAt  time.Time
	LastSeenAt time.Time
	UserAgent  string
	Address    string
}

// AccountApplication is a client that has access to a person's account.
type AccountApplication struct {
	ClientID string
	// Scopes is the union over the live grants and the remembered consent.
	Scopes []string
	// Offline says that some grant outlives its session.
	Offline   bool
	GrantedAt time.Time // of the oldest live grant or consent
	UsedAt    time.Time // when a grant was last made or refreshed
}
