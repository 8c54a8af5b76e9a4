package storage

import "time"

// ClientSource says how a client came into the database.
type ClientSource string

// The sources of clients. All but the first registered themselves (RFC 7591).
const (
	ClientByAdministrator ClientSource = "administrator" // somebody with the duty to do so wrote it down
	ClientByAnybody       ClientSource = "open"          // nobody was asked for anything
	ClientByToken         ClientSource = "token"         // with an initial access token
	ClientByStatement     ClientSource = "statement"     // with a software statement of an issuer that is trusted
	ClientByDocument      ClientSource = "document"      // its id is the address of its metadata; kept once somebody allowed it something
)

// Client is a relying party that no configuration file has.
type Client struct {
	ID string
	// Metadata is a JSON object in the names of RFC 7591; package client reads it.
	Metadata []byte
	// Origins and Scopes are what Metadata says, to be found by.
	Origins, Scopes []string
	Secrets         []ClientSecret
	Source          ClientSource
	// RegistrationHash is the keyed hash of the registration access token (RFC 7592);
	// empty where there is none.
	RegistrationHash string
	// Version counts the changes, from 1.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	// LastUsedAt is when it last got tokens, to the day; zero: never.
	LastUsedAt time.Time
	// DisabledAt is since when it can do nothing; zero: it can.
	DisabledAt time.Time
	// EndsAt is when it goes unless it is used before; zero: it stays.
	EndsAt time.Time
}

// ClientSecret is one of a client's secrets.
type ClientSecret struct {
	ID string `json:"id"`
	// Verifier is the keyed hash of the secret.
	Verifier  string    `json:"verifier"`
	CreatedAt time.Time `json:"created_at"`
	// ExpiresAt is when it stops being accepted; zero: never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// ClientAdmission says under which conditions a client is created.
type ClientAdmission struct {
	// TokenHash is that of the initial access token of which one use is spent; empty
	// spends none.
	TokenHash string
	// Most is how many clients of the same source there may be; zero: any number.
	Most int
}

// ClientRemoval says which client goes.
type ClientRemoval struct {
	ID string
	// Version is the one that may go; zero: any.
	Version int64
	// EndedBy lets it go only if it had ended by then; zero: whenever.
	EndedBy time.Time
	// Now and Reason are of the end of its grants.
	Now    time.Time
	Reason string
}

// RegistrationToken is an initial access token (RFC 7591 section 3), which is kept as a
// keyed hash.
type RegistrationToken struct {
	ID        ID
	TokenHash string
	// Note says to people whom it is for.
	Note string
	// UsesLeft is how many clients may still be registered with it.
	UsesLeft  int64
	CreatedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
}
