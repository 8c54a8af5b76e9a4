package ui

// SignIn asks who is there.
type SignIn struct {
	Page
	Username string
	Remember bool
	// RememberDays is for how many days the box keeps somebody signed in; zero
	// leaves that open. HideRemember leaves the box out where it means nothing.
	RememberDays int
	HideRemember bool
	// Cancel offers the way back to the client.
	Cancel bool
	// SignUp and Forgot are addresses; an empty one is not offered.
	SignUp, Forgot string
	// Passkey offers a passkey, also in the browser's autofill; nil does not.
	Passkey *Ceremony
}

// Screen implements [Screen].
func (SignIn) Screen() string { return "signin" }

// UsernameOption is how the username's field differs from case to case.
func (s SignIn) UsernameOption() string {
	if s.Username == "" {
		return "autofocus"
	}
	return "plain"
}

// Ceremony is a passkey's creation or use, which takes JavaScript: the browser
// answers Options, and its answer, in JSON, is posted to Action in the field
// "credential".
type Ceremony struct {
	Action string
	// Options are PublicKeyCredentialCreationOptions or -RequestOptions in JSON
	// (WebAuthn level 3, sections 5.1.8 and following), without a wrapping "publicKey".
	Options string
}
