package storage

import "time"

// Channel is how a message reaches a person.
type Channel string

// The channels.
const (
	ChannelEmail Channel = "email"
	ChannelSMS   Channel = "sms"
)

// MessageStatus is where a message of the outbox is on its way.
type MessageStatus string

// The statuses. A message is queued until a try succeeds or no try is left.
const (
	MessageQueued  MessageStatus = "queued"
	MessageSent    MessageStatus = "sent"
	MessageFailed  MessageStatus = "failed"  // refused for good, or out of tries
	MessageExpired MessageStatus = "expired" // what it says was void before it could be sent
	MessageSkipped MessageStatus = "skipped" // there was nobody to send it to
)

// Message is a row of the outbox: something to be said to a person, written in
// the transaction of the change that made it necessary. Whom it goes to and
// what it says is sealed to the row.
//
// A message begins as an intent (Composed is false): its kind and what it is
// about, for instance "whoever has this address asked for a new password". The
// worker composes it: it looks the person up, makes the one-time token, renders
// the text. So a handler does the same work for people who exist and who do not
// (requirement EN2), and a token exists only in the message.
type Message struct {
	ID      ID
	Channel Channel
	Kind    MessageKind
	// UserID is whom it is about; empty where the handler does not know.
	UserID ID
	// Sealed is a JSON document, sealed to table outbox, column sealed, row ID.
	// It is emptied once nothing is left to send; a message that failed keeps
	// it, so that an operator can have it tried again until it is swept.
	Sealed   string
	Composed bool
	Status   MessageStatus
	// Attempts counts tries; one is counted before it is made.
	Attempts int
	// NextAt is when the next try is due; while a node works on it, when its lease ends.
	NextAt time.Time
	// NotAfter is when the message is void; zero is never.
	NotAfter  time.Time
	LastError string // without addresses or content
	CreatedAt time.Time
	// DoneAt is when it reached a final status.
	DoneAt time.Time
}

// MessageKind names what a message says: the name of its template.
type MessageKind string

// The kinds of messages.
const (
	MessageSignUp           MessageKind = "sign_up"           // confirm the address of a new account, or: you have one already
	MessageVerifyEmail      MessageKind = "verify_email"      // confirm the address of an account
	MessagePasswordReset    MessageKind = "password_reset"    // set a new password; nothing if there is no account
	MessagePasswordChanged  MessageKind = "password_changed"  // notice
	MessageEmailChange      MessageKind = "email_change"      // confirm the new address
	MessageEmailChanged     MessageKind = "email_changed"     // notice to the old address, with a link that undoes
	MessageEmailCode        MessageKind = "email_code"        // second factor by e-mail
	MessageSMSCode          MessageKind = "sms_code"          // second factor by SMS
	MessagePhoneVerify      MessageKind = "phone_verify"      // SMS: confirm a phone number
	MessageInvitation       MessageKind = "invitation"        // an invitation to sign up
	MessageFactorAdded      MessageKind = "factor_added"      // notice
	MessageFactorRemoved    MessageKind = "factor_removed"    // notice
	MessageFactorsReset     MessageKind = "factors_reset"     // notice: an administrator removed all factors
	MessageFactorLocked     MessageKind = "factor_locked"     // notice: too many wrong codes
	MessageRecoveryUsed     MessageKind = "recovery_used"     // notice
	MessageRecoveryReplaced MessageKind = "recovery_replaced" // notice: a new set of recovery codes
	MessagePasskeyCloned    MessageKind = "passkey_cloned"    // notice: a sign counter went backwards
	MessageDeletionPlanned  MessageKind = "deletion_planned"  // notice, with a link that cancels
	MessageDeleted          MessageKind = "deleted"           // notice: the account is gone
	MessageTest             MessageKind = "test"              // latchkey mail test, sms test
)

// Backlog is what waits in the outbox.
type Backlog struct {
	// Queued messages are not in a final status; Oldest is when the first of them was created.
	Queued int
	Oldest time.Time
	// Due messages should be on their way by now; DueSince is since when the first of them is.
	Due      int
	DueSince time.Time
}
