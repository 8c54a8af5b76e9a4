package ui

import "time"

// CheckMail says that a message may be on its way, whether or not it is.
type CheckMail struct {
	Page
	// Email is the address as it was typed; empty where the page does not know it any more.
	Email string
	// SignIn is the way back.
	SignIn string
}

// Screen implements [Screen].
func (CheckMail) Screen() string { return "checkmail" }

// Message says that something is done, or that it cannot be, and where to go
// from there: a link with a text.
type Message struct {
	Page
	// Text is what is said, in the page's language.
	Text               string
	NextURL, NextLabel string
}

// Screen implements [Screen].
func (Message) Screen() string { return "message" }

// Confirm asks before something that a link of a message leads to: a GET only
// shows. Carry the link's token as a hidden field.
type Confirm struct {
	Page
	// Text is what will happen, Submit what the button says, in the page's
	// language; ButtonID is the button's id.
	Text, Submit, ButtonID string
	// Danger says that it cannot be taken back. Back is the way out; empty where
	// there is none.
	Danger bool
	Back   string
	// AskPassword asks for the password that was chosen, or a new one of at least
	// MinLength characters.
	AskPassword bool
	MinLength   int
}

// MinOption is as in [SignUp].
func (c Confirm) MinOption() string { return minOption(c.MinLength) }

// Screen implements [Screen].
func (Confirm) Screen() string { return "confirm" }

// DeletionPlanned tells somebody who signs in that the account is about to be
// deleted: they cancel that, or leave.
type DeletionPlanned struct {
	Page
	At time.Time
	// Leave is where they go who want it deleted.
	Leave string
}

// Screen implements [Screen].
func (DeletionPlanned) Screen() string { return "deletionplanned" }
