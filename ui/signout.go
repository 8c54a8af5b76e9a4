package ui

// SignOut asks before signing out. Its hidden fields carry the request's own
// parameters back to the end-session endpoint.
type SignOut struct {
	Page
	// Person is who is signed in; empty where nobody is.
	Person string
	// Back is where somebody goes who stays signed in.
	Back string
}

// Screen implements [Screen].
func (SignOut) Screen() string { return "signout" }

// SignedOut says that it was done, and what it reaches and does not.
type SignedOut struct {
	Page
	// Told are the names of the applications that are told, NotTold those of the others
	// that were signed in to.
	Told, NotTold []string
	// Frames are addresses that tell applications when they are opened.
	Frames []string
	// Next is where the page leads on to; empty is nowhere.
	Next string
}

// Screen implements [Screen].
func (SignedOut) Screen() string { return "signedout" }

// ContinueURL leads on: to where the client wants it, its own page, or sign-in.
func (s SignedOut) ContinueURL() string {
	if s.Next != "" {
		return s.Next
	}
	if s.Client != nil && s.Client.URI != "" {
		return s.Client.URI
	}
	return signInPath
}

// ContinueLabel says where that is.
func (s SignedOut) ContinueLabel() string {
	if s.Client != nil && (s.Next != "" || s.Client.URI != "") {
		return s.T("continue.application", "Client", s.Client.Name)
	}
	return s.T("continue.signin")
}

// signInPath is where the pages sign somebody in who comes from nowhere.
const signInPath = "/login"
