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
	// Reached are the names of the applications that know, Told of those that are being
	// told, NotReached of those that could not be, and NotTold of the others that were
	// signed in to.
	Reached, Told, NotReached, NotTold []string
	// Again is the address of this page, where what became of some is not known yet;
	// empty where that will not change.
	Again string
	// Frames are addresses that tell applications when they are opened.
	Frames []string
	// Next is where the page leads on to; empty is nowhere.
	Next string
}

// Screen implements [Screen].
func (SignedOut) Screen() string { return "signedout" }

// Applications reports whether any were signed in to.
func (s SignedOut) Applications() bool {
	return len(s.Reached)+len(s.Told)+len(s.NotReached)+len(s.NotTold) > 0
}

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
