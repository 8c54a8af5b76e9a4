package ui

import (
	"strings"
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

// The addresses of the pages that ask before something ends. Each is below the page
// that leads there, and takes what it is about as a parameter.
const (
	PathFactorRemoval       = PathSecurity + "/remove-method"     // factor=ID
	PathRecoveryReplacement = PathSecurity + "/recovery-codes"    // nothing
	PathDeviceRemoval       = PathSecurity + "/remove-device"     // device=ID, or all
	PathSessionsEnd         = PathSessions + "/sign-out"          // which=others or everywhere
	PathApplicationRemoval  = PathApplications + "/remove-access" // client=CLIENTID
	PathPhoneRemoval        = PathPhone + "/remove"               // nothing
)

// section is an entry of the navigation.
type section struct {
	URL, Key string
	Current  bool
	// pages are the addresses that belong to it, besides those below its own.
	pages []string
}

// sections are the navigation as it stands on the page with an address.
func sections(path string) []section {
	all := []section{
		{URL: PathAccount, Key: "account.overview"},
		{URL: PathProfile, Key: "account.profile", pages: []string{PathEmail, PathPhone}},
		{URL: PathSecurity, Key: "account.security", pages: []string{PathPassword}},
		{URL: PathSessions, Key: "account.sessions"},
		{URL: PathApplications, Key: "account.applications"},
		{URL: PathActivity, Key: "account.activity"},
		{URL: PathData, Key: "account.data", pages: []string{PathDelete}},
	}
	for i, s := range all {
		all[i].Current = path == s.URL || s.URL != PathAccount && isBelow(path, append(s.pages, s.URL))
	}
	return all
}

// isBelow reports whether a page is one of those with the addresses, or below one.
func isBelow(path string, pages []string) bool {
	for _, page := range pages {
		if path == page || strings.HasPrefix(path, page+"/") {
			return true
		}
	}
	return false
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

// AccountPhone changes the number: field "phone", button "phone-submit". The link
// "phone-remove" leads to its removal.
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

// AccountDelete deletes the account after a grace: field "confirm", in which the
// person types their name, field "password" where AskPassword says so, button
// "delete-submit".
type AccountDelete struct {
	Account
	// GraceDays is how long it can be taken back; zero: it cannot.
	GraceDays int
	// Name is what they type, and Typed what the field holds.
	Name, Typed string
}

// Screen implements [Screen].
func (AccountDelete) Screen() string { return "account/delete" }

// AccountConfirm asks before something ends: button "confirm-submit", and a link
// "confirm-back" to the page that led here.
type AccountConfirm struct {
	Account
	// Text says what will happen and Submit what the button does, in the page's
	// language. The title is the question.
	Text, Submit string
	Back         string
}

// Screen implements [Screen].
func (AccountConfirm) Screen() string { return "account/confirm" }
