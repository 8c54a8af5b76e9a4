package storage

// Channel is how a message reaches a person.
type Channel string

// The channels.
const (
	ChannelEmail Channel = "email"
	ChannelSMS   Channel = "sms"
)

// Message is a delivery that says something to a person. Its topic is the channel.
type Message = Delivery

// MessageKind names what a message says: the name of its template.
type MessageKind string

// The kinds of messages.
const (
	MessageSignUp           MessageKind = "sign_up"            // confirm the address of a new account, or: you have one already
	MessageVerifyEmail      MessageKind = "verify_email"       // confirm the address of an account
	MessagePasswordReset    MessageKind = "password_reset"     // set a new password; nothing if there is no account
	MessagePasswordChanged  MessageKind = "password_changed"   // notice
	MessageEmailChange      MessageKind = "email_change"       // confirm the new address
	MessageEmailChangeAsked MessageKind = "email_change_asked" // notice to the current address, with a link that stops the change
	MessageEmailChanged     MessageKind = "email_changed"      // notice to the old address, with a link that undoes
	MessageEmailUndone      MessageKind = "email_undone"       // notice to the address that an undo took the account from
	MessageUsernameChanged  MessageKind = "username_changed"   // notice
	MessageSignInNew        MessageKind = "sign_in_new"        // notice: a sign-in on a device that is not known
	MessageEmailCode        MessageKind = "email_code"         // second factor by email
	MessageSMSCode          MessageKind = "sms_code"           // second factor by SMS
	MessagePhoneVerify      MessageKind = "phone_verify"       // SMS: confirm a phone number
	MessageInvitation       MessageKind = "invitation"         // an invitation to sign up
	MessageFactorAdded      MessageKind = "factor_added"       // notice
	MessageFactorRemoved    MessageKind = "factor_removed"     // notice
	MessageFactorsReset     MessageKind = "factors_reset"      // notice: an administrator removed all factors
	MessageFactorLocked     MessageKind = "factor_locked"      // notice: too many wrong codes
	MessageRecoveryUsed     MessageKind = "recovery_used"      // notice
	MessageRecoveryReplaced MessageKind = "recovery_replaced"  // notice: a new set of recovery codes
	MessagePasskeyCloned    MessageKind = "passkey_cloned"     // notice: a sign counter went backwards
	MessageDeletionPlanned  MessageKind = "deletion_planned"   // notice, with a link that cancels
	MessageLockedDown       MessageKind = "locked_down"        // notice, with a link that gives the account back to its owner
	MessageDeleted          MessageKind = "deleted"            // notice: the account is gone
	MessageTest             MessageKind = "test"               // latchkey mail test, sms test
	MessageLogout           MessageKind = "logout_token"       // to a client: a session is over
	MessageEvent            MessageKind = "event"              // to a webhook: a security event
)

// Priority is that of a message of the kind.
func (k MessageKind) Priority() Priority {
	switch k {
	case MessageSignUp, MessageVerifyEmail, MessagePasswordReset, MessageEmailChange, MessageEmailCode, MessageSMSCode,
		MessagePhoneVerify, MessageTest:
		return PriorityUrgent
	default:
		return PriorityNormal
	}
}
