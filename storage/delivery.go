package storage

import "time"

// Topic names a kind of delivery, and so whoever carries it out. What a delivery
// of a topic holds is between those who write it and its handler.
type Topic string

// The topics. Those of messages to people are named as their [Channel].
const (
	TopicEmail = Topic(ChannelEmail)
	TopicSMS   = Topic(ChannelSMS)
	// TopicLogout tells clients that a session is over.
	TopicLogout Topic = "logout"
	// TopicWebhook posts security events to addresses of the operator's.
	TopicWebhook Topic = "webhook"
)

// Topics returns every topic.
func Topics() []Topic { return []Topic{TopicEmail, TopicSMS, TopicLogout, TopicWebhook} }

// Priority orders the deliveries of a topic: the lower goes first.
type Priority int

// The priorities.
const (
	// PriorityUrgent is for what somebody waits for before a page: a code, a link.
	PriorityUrgent Priority = -10
	// PriorityNormal is for everything else.
	PriorityNormal Priority = 0
)

// DeliveryStatus is where a delivery is on its way.
type DeliveryStatus string

// The statuses. A delivery is queued until a try succeeds or no try is left.
const (
	DeliveryQueued  DeliveryStatus = "queued"
	DeliverySent    DeliveryStatus = "sent"
	DeliveryFailed  DeliveryStatus = "failed"  // refused for good, or out of tries
	DeliveryExpired DeliveryStatus = "expired" // what it says was void before it could be sent
	DeliverySkipped DeliveryStatus = "skipped" // there was nobody to send it to
)

// Delivery is a row of the transactional outbox: something to be carried out
// elsewhere, written in the transaction of the change that made it necessary.
// Whom it goes to and what it says is sealed to the row.
//
// It may begin as an intent (Composed is false): its kind and what it is about,
// for instance "whoever has this address asked for a new password". Its handler
// composes it: it looks the person up, makes the one-time token, renders the
// text. So a request does the same work for people who exist and who do not
// (enumeration by timing, requirement EN2), and a token exists only in the message.
type Delivery struct {
	ID    ID
	Topic Topic
	Kind  MessageKind
	// UserID is whom it is about; empty where whoever writes it does not know.
	UserID ID
	// SID and ClientID are the session that a notice of [TopicLogout] is about, and the
	// client that it tells; empty for the other topics.
	SID      ID
	ClientID string
	Priority Priority
	// Sealed is a JSON document, sealed to table outbox, column sealed, row ID.
	// It is emptied once nothing is left to send; a delivery that failed keeps
	// it, so that an operator can have it tried again until it is swept.
	Sealed   string
	Composed bool
	Status   DeliveryStatus
	// Attempts counts tries; one is counted before it is made.
	Attempts int
	// NextAt is when the next try is due; while a node works on it, when its lease ends.
	NextAt time.Time
	// NotAfter is when the delivery is void; zero is never.
	NotAfter  time.Time
	LastError string // without addresses or content
	CreatedAt time.Time
	// DoneAt is when it reached a final status.
	DoneAt time.Time
}

// DeliveryClaim says which deliveries a worker takes.
type DeliveryClaim struct {
	Topic Topic
	// UrgentOnly leaves out what is not of [PriorityUrgent] or above.
	UrgentOnly bool
	Limit      int
	// Lease is how long they are nobody else's, from Now on.
	Lease time.Duration
	Now   time.Time
}

// DeliveryEnd is how a delivery ended, for good.
type DeliveryEnd struct {
	Status DeliveryStatus
	Reason string // without addresses or content
	At     time.Time
}

// Backlog is what waits in the outbox.
type Backlog struct {
	// Queued deliveries are not in a final status; Oldest is when the first of them was created.
	Queued int
	Oldest time.Time
	// Due deliveries should be on their way by now; DueSince is since when the first of them is.
	Due      int
	DueSince time.Time
}

// Kinds returns what deliveries of the topic are.
func (t Topic) Kinds() []MessageKind {
	switch t {
	case TopicLogout:
		return []MessageKind{MessageLogout}
	case TopicWebhook:
		return []MessageKind{MessageEvent}
	case TopicSMS:
		return []MessageKind{MessageSMSCode, MessagePhoneVerify, MessageTest}
	case TopicEmail:
		return []MessageKind{
			MessageSignUp, MessageVerifyEmail, MessagePasswordReset, MessagePasswordChanged, MessageEmailChange, MessageEmailChangeAsked,
			MessageEmailChanged, MessageEmailUndone, MessageUsernameChanged, MessageSignInNew, MessageEmailCode, MessageInvitation, MessageFactorAdded, MessageFactorRemoved, MessageFactorsReset, MessageFactorLocked,
			MessageRecoveryUsed, MessageRecoveryReplaced, MessagePasskeyCloned, MessageDeletionPlanned, MessageLockedDown, MessageDeleted, MessageTest,
		}
	}
	return nil
}
