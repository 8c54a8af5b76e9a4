package ui

import "strings"

// AccessDenied says that a person may not use the application that they are on the
// way to.
type AccessDenied struct {
	Page
	// Person is as whom they are signed in.
	Person string
	// Contact is whom they may ask: an email address or a page; empty: nobody said.
	Contact string
	// Elsewhere says that another network would do; Again looks anew.
	Elsewhere bool
	Again     string
	// Another is where somebody else signs in, and Leave leads back to the application,
	// which is told.
	Another, Leave string
}

// Screen implements [Screen].
func (AccessDenied) Screen() string { return "accessdenied" }

// ContactURL is where the contact leads.
func (d AccessDenied) ContactURL() string {
	if strings.Contains(d.Contact, "://") || !strings.Contains(d.Contact, "@") {
		return d.Contact
	}
	return "mailto:" + d.Contact
}
