package message

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Return is where a person was when a message was asked for, so that the page
// behind its link can take them back there.
type Return struct {
	// Interaction is the id of the interaction, and Browser the keyed hash of
	// the browser cookie's secret; both are empty where there was none.
	Interaction string `json:"interaction,omitempty"`
	Browser     string `json:"browser,omitempty"`
}

// SignUp asks for an account. Where the address is free, its owner gets a token
// of purpose onetime.SignUp and subject [AddressSubject], which is spent for
// this very value; where it is not, they learn that they have an account.
type SignUp struct {
	Email    string `json:"email"`
	Username string `json:"username,omitempty"`
	// Verifier is the encoded password verifier of the account to make.
	Verifier string          `json:"verifier"`
	Profile  storage.Profile `json:"profile"`
	// Attributes are custom ones of the account to make.
	Attributes storage.Attributes `json:"attributes,omitempty"`
	// Invitation is the one that is consumed with the account; empty where
	// sign-up is open.
	Invitation storage.ID `json:"invitation,omitempty"`
	Return
}

// VerifyEmail asks whoever has an account to confirm its address. The token of
// purpose onetime.VerifyEmail is spent for a [Verification]. Nothing is said
// where there is no such account, or the address is verified.
type VerifyEmail struct {
	// UserID is empty where only the address is known.
	UserID storage.ID `json:"user_id,omitempty"`
	Email  string     `json:"email"`
	Return
}

// Verification is what a token of purpose onetime.VerifyEmail stands for.
type Verification struct {
	UserID storage.ID `json:"user_id"`
	Email  string     `json:"email"`
	Return
}

// PasswordReset asks for a new password. The token of purpose
// onetime.PasswordReset is spent for a [Reset]. Nothing is said where there is
// no account, or none that may have a password.
type PasswordReset struct {
	// Identifier is what was typed: an address or a username.
	Identifier string `json:"identifier"`
	Return
}

// Reset is what a token of purpose onetime.PasswordReset stands for.
type Reset struct {
	UserID storage.ID `json:"user_id"`
	// Epoch is the password epoch that the token was made under: under any
	// other it is void.
	Epoch int64 `json:"epoch"`
	// Email is where the link went, which proves the address.
	Email string `json:"email"`
	// HandedOver says that an operator gave the link to the person by a way of their
	// own: it proves no address, and makes no code to that address less of a factor.
	HandedOver bool `json:"handed_over,omitempty"`
	// PeopleOnly says that whoever made the link reaches nobody who administers: for one
	// who does by now it is void.
	PeopleOnly bool `json:"people_only,omitempty"`
	Return
}

// EmailChange asks the owner of To to confirm it as the address of an account.
// The token of purpose onetime.EmailChange is spent for an [EmailUpdate]. Where
// To has an account already, its owner is told that.
type EmailChange struct {
	UserID storage.ID `json:"user_id"`
	From   string     `json:"from"`
	To     string     `json:"to"`
	// PasswordEpoch is the person's when it was asked for: under another one the
	// token is void.
	PasswordEpoch int64 `json:"password_epoch"`
	Return
}

// EmailChangeAsked tells the owner of From, the current address, that somebody
// asked to change it to To, with a link that stops it: a token of purpose
// onetime.EmailStop, which is spent for the [EmailUpdate] that waits. It says the
// same whether To is free or not (enumeration).
type EmailChangeAsked struct {
	UserID storage.ID `json:"user_id"`
	From   string     `json:"from"`
	To     string     `json:"to"`
	// PasswordEpoch is the person's when it was asked for: under another one there
	// is nothing left to stop.
	PasswordEpoch int64 `json:"password_epoch"`
	// Epoch is the email epoch in which From is current, and Since is when whoever
	// asked sat down: see [Notice]. Zero is for an address that is not proven.
	Epoch int64     `json:"epoch,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// EmailChanged tells the owner of From that the address of their account is now
// To, with a link that undoes it: a token of purpose onetime.EmailUndo and
// subject [UndoSubject], which is spent for the [EmailUpdate] that happened.
// From is given back whatever the address is by then, so that a thief who
// changes it twice gains nothing.
type EmailChanged struct {
	UserID storage.ID `json:"user_id"`
	From   string     `json:"from"`
	To     string     `json:"to"`
	// Epoch is the email epoch in which From was current, and Since is when whoever
	// changed it sat down; zero where From was not proven.
	Epoch int64     `json:"epoch"`
	Since time.Time `json:"since,omitzero"`
}

// EmailUpdate is a change of an address.
type EmailUpdate struct {
	UserID storage.ID `json:"user_id"`
	From   string     `json:"from"`
	To     string     `json:"to"`
	// PasswordEpoch is of a change that waits for its proof. Epoch is the email epoch
	// in which From was current, and Since is when whoever changed it sat down: see
	// [EmailChangeAsked] and [EmailChanged].
	PasswordEpoch int64     `json:"password_epoch,omitempty"`
	Epoch         int64     `json:"epoch,omitempty"`
	Since         time.Time `json:"since,omitzero"`
	Return
}

// Code is a code for a second factor, or one that confirms a phone number. It
// is made and checked by whoever sends it.
type Code struct {
	// Kind is MessageEmailCode, MessageSMSCode or MessagePhoneVerify.
	Kind   storage.MessageKind `json:"-"`
	UserID storage.ID          `json:"user_id"`
	// To is an address or, in E.164, a number.
	To        string    `json:"to"`
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Invitation invites somebody to sign up, with a link that bears the token.
type Invitation struct {
	Email     string    `json:"email"`
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Notice tells the owner of an account what happened to it.
type Notice struct {
	// Kind is one that storage calls a notice, except email_change_asked,
	// email_changed and deletion_planned.
	Kind   storage.MessageKind `json:"-"`
	UserID storage.ID          `json:"user_id"`
	// To is the address of the account when it happened.
	To string `json:"to"`
	// Factor and Name say which factor it is about, where it is about one.
	Factor storage.FactorKind `json:"factor,omitempty"`
	Name   string             `json:"name,omitempty"`
	// Remaining is how many recovery codes are left.
	Remaining int `json:"remaining,omitempty"`
	// Email is the address that an account went back to.
	Email string `json:"email,omitempty"`
	// Epoch is the email epoch in which To was current, and Since is when whoever
	// did what it tells of sat down. Where To is known to be the owner's, the notice has a link
	// that disowns it: a token of purpose onetime.Disown, which is spent for a
	// [Disowned]. A zero Since is for any other address.
	Epoch int64     `json:"epoch,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// Disowned is what a token of purpose onetime.Disown stands for: since then, it
// was somebody else.
type Disowned struct {
	UserID storage.ID `json:"user_id"`
	Email  string     `json:"email"`
	Epoch  int64      `json:"epoch"`
	Since  time.Time  `json:"since"`
}

// DeletionPlanned tells the owner of an account that it will be deleted, with a
// link that keeps it: a token of purpose onetime.DeletionCancel, which is spent
// for a [Deletion].
type DeletionPlanned struct {
	UserID   storage.ID `json:"user_id"`
	To       string     `json:"to"`
	DeleteAt time.Time  `json:"delete_at"`
}

// Deletion is what a token of purpose onetime.DeletionCancel stands for.
type Deletion struct {
	UserID storage.ID `json:"user_id"`
}

// Test shows that a channel works.
type Test struct {
	Channel storage.Channel `json:"-"`
	To      string          `json:"to"`
}

func (SignUp) header(l Lifetimes) header {
	return header{kind: storage.MessageSignUp, channel: storage.ChannelEmail, lasts: l.Verify}
}

func (b VerifyEmail) header(l Lifetimes) header {
	return header{kind: storage.MessageVerifyEmail, channel: storage.ChannelEmail, user: b.UserID, lasts: l.Verify}
}

func (PasswordReset) header(l Lifetimes) header {
	return header{kind: storage.MessagePasswordReset, channel: storage.ChannelEmail, lasts: l.Reset}
}

func (b EmailChange) header(l Lifetimes) header {
	return header{kind: storage.MessageEmailChange, channel: storage.ChannelEmail, user: b.UserID, lasts: l.Verify}
}

func (b EmailChangeAsked) header(l Lifetimes) header {
	return header{kind: storage.MessageEmailChangeAsked, channel: storage.ChannelEmail, user: b.UserID, lasts: l.Verify}
}

func (b EmailChanged) header(l Lifetimes) header {
	return header{kind: storage.MessageEmailChanged, channel: storage.ChannelEmail, user: b.UserID, lasts: l.Undo}
}

func (b Code) header(Lifetimes) header {
	channel := storage.ChannelSMS
	if b.Kind == storage.MessageEmailCode {
		channel = storage.ChannelEmail
	}
	return header{kind: b.Kind, channel: channel, user: b.UserID, notAfter: b.ExpiresAt}
}

func (b Invitation) header(Lifetimes) header {
	return header{kind: storage.MessageInvitation, channel: storage.ChannelEmail, notAfter: b.ExpiresAt}
}

func (b Notice) header(Lifetimes) header {
	return header{kind: b.Kind, channel: storage.ChannelEmail, user: b.UserID}
}

func (b DeletionPlanned) header(Lifetimes) header {
	return header{kind: storage.MessageDeletionPlanned, channel: storage.ChannelEmail, user: b.UserID, notAfter: b.DeleteAt}
}

func (b Test) header(Lifetimes) header {
	return header{kind: storage.MessageTest, channel: b.Channel}
}
