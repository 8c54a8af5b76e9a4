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
	// ByEmail says that a link sent by e-mail allowed it; see [User.ResetByEmail].
	ByEmail bool
	// KeepSID is the session that goes on; every other one ends, with the
	// grants that are not offline.
	KeepSID ID
	// KeepSecretHash is the keyed hash of the secret that the kept session has
	// from then on; empty leaves it the one it has.
	KeepSecretHash string
	// EndOffline says that grants with offline access end too.
	EndOffline bool
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

// Recovery gives a person an address back and removes what whoever took it away
// may have made.
type Recovery struct {
	UserID ID
	// Epoch is the e-mail epoch in which the address was current.
	Epoch int64
	Now   time.Time
}

// PhoneChange sets or removes a phone number.
type PhoneChange struct {
	UserID   ID
	Phone    string // E.164, or empty
	Verified bool
	Now      time.Time
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
