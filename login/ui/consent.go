package ui

// Consent asks whether a client may have what it asks for.
type Consent struct {
	Page
	Person string
	// Scopes are what the client asks for; the page says them in plain words.
	Scopes []string
}

// Screen implements [Screen].
func (Consent) Screen() string { return "consent" }
