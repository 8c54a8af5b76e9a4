package ui

// SignOut asks before signing out. Its hidden fields carry the request's own
// parameters back to the end-session endpoint.
type SignOut struct {
	Page
	// Person is who is signed in; empty where nobody is.
	Person string
}

// Screen implements [Screen].
func (SignOut) Screen() string { return "signout" }

// SignedOut says that it was done.
type SignedOut struct {
	Page
}

// Screen implements [Screen].
func (SignedOut) Screen() string { return "signedout" }
