package ui

import (
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// Account is what every account page shows besides [Page]; each embeds it.
type Account struct {
	Page
	// Person is who is signed in.
	Person string
	// DeleteAt is when a planned deletion takes effect; zero: none is planned.
	DeleteAt time.Time
	// AskPassword says that what the page changes needs the current password,
	// since there is no fresh evidence.
	AskPassword bool
}

// Initial stands for a picture of the person.
func (a Account) Initial() string { return initial(a.Person) }

// Place is an address as its owner is shown it: enough to tell their own network
// from another.
func (Account) Place(address string) string { return web.CoarseAddress(address) }

// The addresses of the account pages, which the navigation links to.
const (
	PathAccount      = "/account"
	PathProfile      = "/account/profile"
	PathEmail        = "/account/email"
	PathPhone        = "/account/phone"
	PathPassword     = "/account/password"
	PathSecurity     = "/account/security"
	PathSessions     = "/account/sessions"
	PathApplications = "/account/applications"
	PathActivity     = "/account/activity"
	PathData         = "/account/data"
	PathDelete       = "/account/delete"
	PathSignOut      = "/logout"
)

// section is an entry of the navigation.
type section struct {
	URL, Key string
	Current  bool
	screens  []string
}

// sections are the navigation, with the screens that belong to each entry.
func sections(screen string) []section {
	all := []section{
		{URL: PathAccount, Key: "account.overview", screens: []string{"account/overview"}},
		{URL: PathProfile, Key: "account.profile", screens: []string{"account/profile", "account/email", "account/phone", "account/phonecode"}},
		{URL: PathSecurity, Key: "account.security", screens: []string{"account/security", "account/password"}},
		{URL: PathSessions, Key: "account.sessions", screens: []string{"account/sessions"}},
		{URL: PathApplications, Key: "account.applications", screens: []string{"account/applications"}},
		{URL: PathActivity, Key: "account.activity", screens: []string{"account/activity"}},
		{URL: PathData, Key: "account.data", screens: []string{"account/data", "account/delete"}},
	}
	for i := range all {
		for _, s := range all[i].screens {
			all[i].Current = all[i].Current || s == screen
		}
	}
	return all
}

// AccountOverview is the first page of an account.
type AccountOverview struct {
	Account
	User storage.User
	// Factors, Sessions and Applications count what the person has.
	Factors, Sessions, Applications int
	Recovery                        storage.RecoveryCodes
}

// Screen implements [Screen].
func (AccountOverview) Screen() string { return "account/overview" }

// AccountProfile edits what a person says of themselves. Its fields are named
// like the claims.
type AccountProfile struct {
	Account
	Username string
	Profile  storage.Profile
	// Postal is the address, never nil.
	Postal storage.Address
	// Email and Phone are shown with links to their own pages.
	Email, Phone string
	// AskPhone says that phone numbers are of use here.
	AskPhone bool
}

// Screen implements [Screen].
func (AccountProfile) Screen() string { return "account/profile" }

// AccountEmail changes the address: field "email", button "email-submit". While
// a new one is pending it takes the code of the message: field "code", button
// "verify-submit".
type AccountEmail struct {
	Account
	Current  string
	Verified bool
	// Pending is a new address that waits for its confirmation.
	Pending string
	// Typed is what the field holds.
	Typed string
	// Resend sends the confirmation of an unverified address again.
	Resend *Resend
}

// Screen implements [Screen].
func (AccountEmail) Screen() string { return "account/email" }

// AccountPhone changes or removes the number: field "phone", buttons
// "phone-submit" and "phone-remove" (name "remove").
type AccountPhone struct {
	Account
	Current  string
	Verified bool
	Typed    string
}

// Screen implements [Screen].
func (AccountPhone) Screen() string { return "account/phone" }

// AccountPhoneCode takes the code that was sent to a new number: field "code",
// button "phone-verify-submit".
type AccountPhoneCode struct {
	Account
	Phone  string
	Resend *Resend
}

// Screen implements [Screen].
func (AccountPhoneCode) Screen() string { return "account/phonecode" }

// AccountPassword changes the password: fields "current_password" where
// AskPassword says so and "new_password", button "password-submit".
type AccountPassword struct {
	Account
	// Username is for password managers.
	Username  string
	MinLength int
	ChangedAt time.Time
}

// Screen implements [Screen].
func (AccountPassword) Screen() string { return "account/password" }

// ResendID is the id of the button that sends again.
func (AccountEmail) ResendID() string { return "verify-resend" }

// ResendID is the id of the button that sends again.
func (AccountPhoneCode) ResendID() string { return "phone-resend" }

// AccountData exports a person's data: button "export-submit". It leads to the
// deletion too.
type AccountData struct {
	Account
}

// Screen implements [Screen].
func (AccountData) Screen() string { return "account/data" }

// AccountDelete deletes the account after a grace: box "confirm", field
// "password" where AskPassword says so, button "delete-submit".
type AccountDelete struct {
	Account
	GraceDays int
}

// Screen implements [Screen].
func (AccountDelete) Screen() string { return "account/delete" }
