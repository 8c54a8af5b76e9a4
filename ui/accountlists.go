package ui

import (
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// The account pages that are lists. What ends something is a link to a page that
// asks first (see [AccountConfirm]).

// AccountSecurity lists factors, recovery codes and trusted devices. Buttons:
//
//	factor-rename-ID     rename=ID, with the field "name"
//	recovery-replace     where there are no codes yet
//
// Links: factor-remove-ID, recovery-replace, device-forget-ID, device-forget-all.
type AccountSecurity struct {
	Account
	HasPassword bool
	// PasswordChangedAt is zero where it came along from another system.
	PasswordChangedAt time.Time
	Credentials       []storage.Credential
	// Add are the factors that can be set up, with the addresses where.
	Add      []FactorLink
	Recovery storage.RecoveryCodes
	Devices  []storage.TrustedDevice
	// Required says that policy asks for a second factor: the last one stays.
	Required bool
	// RecoveryCounts says that recovery codes are of use here.
	RecoveryCounts bool
	// Renamed is the factor whose new name was refused, and Typed that name.
	Renamed storage.ID
	Typed   string
}

// Screen implements [Screen].
func (AccountSecurity) Screen() string { return "account/security" }

// Removable reports whether a factor may go.
func (s AccountSecurity) Removable() bool { return !s.Required || len(s.Credentials) > 1 }

// NameIn is what the field holds in which a factor gets another name.
func (s AccountSecurity) NameIn(c storage.Credential) string {
	if c.ID == s.Renamed {
		return s.Typed
	}
	return c.Name
}

// IDFor makes the id of a credential's own field.
func (AccountSecurity) IDFor(id storage.ID) string { return "id=name-" + string(id) }

// NameOf is what a page calls a second factor: by its own name, or by its kind.
func (p Page) NameOf(c storage.Credential) string {
	if c.Name != "" {
		return c.Name
	}
	return p.FactorName(c.Kind)
}

// AccountSessions lists the signed-in browsers. Buttons: session-end-SID with
// end=SID. Links: sessions-end-all, which leaves the current one, and
// sessions-end-everywhere, which does not.
type AccountSessions struct {
	Account
	Sessions []storage.AccountSession
	// Current is the session of this browser.
	Current storage.ID
}

// Screen implements [Screen].
func (AccountSessions) Screen() string { return "account/sessions" }

// AccountApplications is a launcher of what the person may use, beside a list of the
// clients that have access. Links: application-open-CLIENTID, and
// application-revoke-CLIENTID. Where there are many, the field "q" and the button
// "application-search" narrow what can be opened.
type AccountApplications struct {
	Account
	Launcher
	Applications []Application
}

// Application is a client that has access.
type Application struct {
	storage.AccountApplication
	// Client is nil where it is not registered any more.
	Client *client.Client
}

// Name is what people know the client by.
func (a Application) Name() string {
	if a.Client != nil && a.Client.Name != "" {
		return a.Client.Name
	}
	return a.ClientID
}

// Screen implements [Screen].
func (AccountApplications) Screen() string { return "account/applications" }

// AccountActivity lists recent security events, newest first.
type AccountActivity struct {
	Account
	Events []Activity
}

// Activity is an event with the name of its client, where it has one.
type Activity struct {
	storage.Event
	ClientName string
}

// Failed reports whether it did not end well.
func (a Activity) Failed() bool { return a.Outcome == storage.Failure }

// Screen implements [Screen].
func (AccountActivity) Screen() string { return "account/activity" }

// What says what happened.
func (a AccountActivity) What(e Activity) string {
	return a.texts.Or("event."+string(e.Type), string(e.Type))
}

// foldWithin is how long after a sign-in an application fetches its token for it.
const foldWithin = 2 * time.Minute

// Shown are the events as the page lists them: what an application's server
// fetched for a sign-in belongs to that sign-in, and stands there by its name,
// not as something that an unknown device did.
func (a AccountActivity) Shown() []Activity {
	var shown []Activity
	folded := map[int]bool{}
	for i, e := range a.Events { // newest first
		if e.Type != storage.EventGrantIssued || e.Failed() {
			continue
		}
		for j := i + 1; j < len(a.Events); j++ {
			signIn := &a.Events[j]
			if signIn.Type == storage.EventSignIn && signIn.SID == e.SID && e.At.Sub(signIn.At) <= foldWithin {
				folded[i] = true
				if signIn.ClientName == "" {
					signIn.ClientName = e.ClientName
				}
				break
			}
		}
	}
	for i, e := range a.Events {
		if !folded[i] {
			shown = append(shown, e)
		}
	}
	return shown
}

// Who says what it was done with: a browser, or the server of an application.
func (a AccountActivity) Who(e Activity) string {
	switch e.Type {
	case storage.EventGrantIssued, storage.EventGrantRevoked, storage.EventAccessTokenRevoked, storage.EventCodeReplay, storage.EventRefreshReuse:
		if e.ClientName != "" {
			return a.T("activity.by_application", "Client", e.ClientName)
		}
		return ""
	default: // a browser did it
	}
	if e.UserAgent == "" {
		return ""
	}
	return a.Device(e.UserAgent)
}
