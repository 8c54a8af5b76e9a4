package storage

import "time"

// Authentication is what is known of how a person proved who they are.
type Authentication struct {
	// Time is when the oldest of the proofs that ACR rests on was given: the
	// auth_time claim. A step-up does not make an old password young.
	Time time.Time `json:"auth_time"`
	// ACR is the authentication context class reached: the acr claim.
	ACR string `json:"acr"`
	// AMR lists the methods used, in the values of RFC 8176: the amr claim.
	AMR []string `json:"amr"`
}

// Session is a browser that is signed in. Its cookie holds a 256-bit secret
// that is kept only as a keyed hash.
type Session struct {
	// SID is the public name of the session: the sid claim. It survives the
	// renewal of the secret within one browser and person.
	SID    ID
	UserID ID
	// SecretHash is the keyed hash of the cookie's secret.
	SecretHash string
	// Proofs are what was shown in this session, the newest of each kind; what
	// Authentication says follows from them.
	Proofs         []Proof
	Authentication Authentication
	// TrustedDevice is the trusted device that stood in for a second factor when
	// the session began, and TrustACR the level that it stands for; empty: none
	// did. Trust is no proof: Authentication says nothing of it.
	TrustedDevice ID
	TrustACR      string
	CreatedAt     time.Time
	// LastSeenAt is coarse: it is written at most once a minute.
	LastSeenAt time.Time
	// IdleExpiresAt moves with use; ExpiresAt never does.
	IdleExpiresAt time.Time
	ExpiresAt     time.Time
	// Remembered says that the person asked to be kept signed in: both are further
	// away than those of other sessions.
	Remembered bool
	UserAgent  string
	Address    string
}

// SessionStart is under what conditions a session begins.
type SessionStart struct {
	// PasswordEpoch is that of the person at the first proof: under another one no
	// session begins.
	PasswordEpoch int64
	// First says that nobody signed in to the account before.
	First bool
	// Replaces are the keyed hashes of the secret of the session that it takes the
	// place of in its browser, under each key; empty is none.
	Replaces []string
	// Renews says that it goes on from the session of its SID, whose proofs it rests
	// on: where that has ended, none begins.
	Renews bool
}

// SessionFilter says which sessions are listed.
type SessionFilter struct {
	// ClientID is one that they signed in to; empty lists all.
	ClientID string
	// After is the sid of the last one of the page before; empty is the first page.
	After ID
	Limit int
}

// EndedSession is a session that is over, with the clients that it signed in to.
type EndedSession struct {
	SID     ID
	UserID  ID
	EndedAt time.Time
	// Reason is why its grants were revoked: one of the Revoked constants.
	Reason  string
	Clients []SessionClient
}

// Aftermath is what follows from the end of sessions, in the transaction that ends them.
type Aftermath struct {
	// Deliveries tell clients of it.
	Deliveries []Delivery
	// OfflineClients are the clients of which even grants end that would outlive their
	// sessions (OpenID Connect Back-Channel Logout 2.7 leaves that to a policy).
	OfflineClients []string
}

// SessionClient is a client that a session signed in to, and the sub that the
// client knows its person by.
type SessionClient struct {
	ClientID string
	Subject  string
}

// Live reports whether the session may still be used at now.
func (s *Session) Live(now time.Time) bool {
	return now.Before(s.IdleExpiresAt) && now.Before(s.ExpiresAt)
}

// SignedIn is a live session together with its person, read as one.
type SignedIn struct {
	Session Session
	User    User
}

// SessionPage says which sessions are listed, the newest first.
type SessionPage struct {
	// UserID is whose they are, and ClientID one that they signed in to; both may be empty.
	UserID   ID
	ClientID string
	// Before is the sid of the last one of the page before; empty is the first page.
	Before ID
	Limit  int
}

// ListedSession is a session of a list, with what its person is called by and the
// clients that it signed in to.
type ListedSession struct {
	Session
	Email, Username string
	Clients         []SessionClient
}
