package storage

import "time"

// Event is a security event: who did what, through which client, from where,
// and how it ended. It never holds a token, code, password or secret.
type Event struct {
	ID       ID
	At       time.Time
	Type     EventType
	UserID   ID
	ClientID string
	GrantID  ID
	SID      ID
	Address  string
	// UserAgent is the browser's own word, cut to 256 bytes.
	UserAgent string
	RequestID string
	// Outcome is "success" or "failure".
	Outcome string
	// Detail says why, in words of ours.
	Detail string
}

// EventType names what happened.
type EventType string

// The security events.
const (
	EventSignIn             EventType = "sign_in"
	EventSignOut            EventType = "sign_out"
	EventGrantIssued        EventType = "grant_issued"
	EventGrantRevoked       EventType = "grant_revoked"
	EventRefreshReuse       EventType = "refresh_token_reuse"
	EventCodeReplay         EventType = "code_replay"
	EventConsentGranted     EventType = "consent_granted"
	EventUserCreated        EventType = "user_created"
	EventSigningKeyRotated  EventType = "signing_key_rotated"
	EventAccessTokenRevoked EventType = "access_token_revoked"
)

// The outcomes.
const (
	Success = "success"
	Failure = "failure"
)
