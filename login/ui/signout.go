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

// SignedOut says that it was done, and what it does not reach.
type SignedOut struct {
	Page
}

// Screen implements [Screen].
func (SignedOut) Screen() string { return "signedout" }

// ContinueURL leads on: to the client's own page, or to sign-in.
func (s SignedOut) ContinueURL() string {
	if s.Client != nil && s.Client.URI != "" {
		return s.Client.URI
	}
	return signInPath
}

// ContinueLabel says where that is.
func (s SignedOut) ContinueLabel() string {
	if s.Client != nil && s.Client.URI != "" {
		return s.T("continue.application", "Client", s.Client.Name)
	}
	return s.T("continue.signin")
}

// signInPath is where the pages sign somebody in who comes from nowhere.
const signInPath = "/login"
