package storage

import "time"

// Event is a security event: who did what, through which client, from where,
// and how it ended. It never holds a token, code, password or secret.
//
// Address and UserAgent are personal: when an account is deleted they are
// erased from its events, which stay provable without them.
type Event struct {
	ID   ID
	At   time.Time
	Type EventType
	// ActorKind and ActorID name who did it; empty where nobody said.
	ActorKind ActorKind
	ActorID   string
	UserID    ID
	ClientID  string
	GrantID   ID
	SID       ID
	Address   string
	// UserAgent is the browser's own word, cut to 256 bytes.
	UserAgent string
	RequestID string
	// IdentifierHash is the keyed hash of what was typed as a name, so that whoever
	// knows the name can find the event; empty where nothing was.
	IdentifierHash string
	// Outcome is "success" or "failure".
	Outcome string
	// Detail says why, in words of ours.
	Detail string
	// Seq is its place in the chain, from 1; zero until it is linked, soon after
	// it was written.
	Seq int64
}

// ActorKind says what kind of actor did something.
type ActorKind string

// The kinds of actors.
const (
	ActorPerson   ActorKind = "person"   // ActorID is the person's id
	ActorOperator ActorKind = "operator" // somebody at the command line or console, by name
	ActorClient   ActorKind = "client"   // a client with a token of its own, by its id
	ActorSystem   ActorKind = "system"   // a job, by its name
)

// EventFilter says which events are listed: those that meet each field that is set.
type EventFilter struct {
	UserID    ID
	Type      EventType
	ClientID  string
	RequestID string
	Outcome   string
	Address   string
	// IdentifierHash is that of an event; see [Event.IdentifierHash].
	IdentifierHash string
	// WithoutReads leaves out that administrators and sources looked at something ([EventAdminRead]),
	// unless a Type or a RequestID is asked for: what changed is lost among it.
	WithoutReads bool
	Since, Until time.Time
	// InOrder lists linked events, oldest first, after the place AfterSeq;
	// otherwise all are listed, newest first.
	InOrder  bool
	AfterSeq int64
	// Before lists those whose ids come before it, of all: the next page.
	Before ID
	Limit  int
}

// EventType names what happened.
type EventType string

// The security events.
const (
	EventSignIn             EventType = "sign_in"
	EventSignOut            EventType = "sign_out"
	EventGrantIssued        EventType = "grant_issued"
	EventGrantRevoked       EventType = "grant_revoked"
	EventTokenExchanged     EventType = "token_exchanged"    // a client traded a token for one for another resource
	EventTokenByAssertion   EventType = "token_by_assertion" // a client got a token about somebody whom a trusted issuer vouches for
	EventRefreshReuse       EventType = "refresh_token_reuse"
	EventCodeReplay         EventType = "code_replay"
	EventConsentGranted     EventType = "consent_granted"
	EventUserCreated        EventType = "user_created"
	EventSigningKeyRotated  EventType = "signing_key_rotated"
	EventSigningKeyRevoked  EventType = "signing_key_revoked"
	EventAccessTokenRevoked EventType = "access_token_revoked"

	EventSignInFailed       EventType = "sign_in_failed"
	EventThrottled          EventType = "throttled" // an attempt was refused unseen; Detail names the limit
	EventSignUpRequested    EventType = "sign_up_requested"
	EventEmailVerified      EventType = "email_verified"
	EventResetRequested     EventType = "password_reset_requested"
	EventPasswordChanged    EventType = "password_changed"
	EventPasswordUpgraded   EventType = "password_hash_upgraded"
	EventEmailChangeAsked   EventType = "email_change_requested"
	EventEmailChanged       EventType = "email_changed"
	EventEmailChangeUndone  EventType = "email_change_undone"
	EventAccountRecovered   EventType = "account_recovered" // its owner said of a change that it was not they
	EventPhoneChanged       EventType = "phone_changed"
	EventProfileChanged     EventType = "profile_changed"
	EventRolesChanged       EventType = "roles_changed"
	EventGroupCreated       EventType = "group_created"
	EventGroupChanged       EventType = "group_changed"
	EventGroupDeleted       EventType = "group_deleted"
	EventGroupJoined        EventType = "group_joined" // Detail names the group and the source
	EventGroupLeft          EventType = "group_left"
	EventSessionEnded       EventType = "session_ended"
	EventSessionsEnded      EventType = "sessions_ended"
	EventApplicationRevoked EventType = "application_revoked"
	EventDataExported       EventType = "data_exported"
	EventDeletionPlanned    EventType = "deletion_planned"
	EventDeletionCancelled  EventType = "deletion_cancelled"
	EventUserDeleted        EventType = "user_deleted"
	EventUserDisabled       EventType = "user_disabled"
	EventUserEnabled        EventType = "user_enabled"
	EventLockedDown         EventType = "account_locked_down" // it is in wrong hands: everything ended, and it is shut
	EventLockdownLifted     EventType = "account_lockdown_undone"
	EventEverybodyLocked    EventType = "everybody_locked_down" // the installation is in wrong hands: everything ended, and the signing keys are revoked
	EventUserImported       EventType = "user_imported"
	EventUserAdopted        EventType = "user_adopted" // a source of provisioning has who was there before it; Detail names it
	EventInvitationCreated  EventType = "invitation_created"
	EventInvitationRevoked  EventType = "invitation_revoked"
	EventMessageFailed      EventType = "message_failed"
	EventDeliveriesRetried  EventType = "deliveries_retried" // what failed or waited is due again; Detail counts
	EventEventsReplayed     EventType = "events_replayed"    // a stream or webhook gets events again; Detail says which
	EventEpochRaised        EventType = "epoch_raised"       // everything issued before is void
	EventClientRemoved      EventType = "client_removed"     // no node is configured with it any more: its grants ended
	EventClientRestored     EventType = "client_restored"    // it is back, and its consents with it
	EventClientPruned       EventType = "client_pruned"      // its consents were deleted
	EventClientLocked       EventType = "client_locked_down" // it is in wrong hands: what it had ended, and no node serves it
	EventClientUnlocked     EventType = "client_lockdown_undone"
	EventSecretsResealed    EventType = "secrets_resealed" // what is encrypted at rest is under the current sealing key

	EventClientRegistered         EventType = "client_registered" // into the database; Detail says how
	EventClientChanged            EventType = "client_changed"
	EventClientDeleted            EventType = "client_deleted" // with all that people allowed it
	EventRegistrationTokenCreated EventType = "registration_token_created"
	EventRegistrationTokenRevoked EventType = "registration_token_revoked"

	EventFactorPassed     EventType = "factor_passed" // Detail is the kind
	EventFactorFailed     EventType = "factor_failed"
	EventFactorLocked     EventType = "factor_locked"
	EventFactorUnlocked   EventType = "factor_unlocked"
	EventFactorAdded      EventType = "factor_added"
	EventFactorRenamed    EventType = "factor_renamed"
	EventFactorRemoved    EventType = "factor_removed"
	EventFactorsReset     EventType = "factors_reset"
	EventRecoveryReplaced EventType = "recovery_codes_replaced"
	EventRecoveryUsed     EventType = "recovery_code_used"
	EventPasskeyCloned    EventType = "passkey_clone_suspected"
	EventDeviceTrusted    EventType = "device_trusted"
	EventDeviceTrustUsed  EventType = "device_trust_used"
	EventDeviceForgotten  EventType = "device_forgotten"
	EventAttemptRefused   EventType = "attempt_refused" // a partial sign-in met another browser or network
	EventAccessRefused    EventType = "access_refused"  // a person may not use a client; Detail names the rule
	EventChangeRefused    EventType = "change_refused"  // an actor wanted to change what it may not
	EventAdminRead        EventType = "admin_read"      // an administrator or a source of provisioning looked at something; Detail names the operation
)

// The outcomes.
const (
	Success = "success"
	Failure = "failure"
)
