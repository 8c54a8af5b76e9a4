package ui

import (
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Factor asks for a second factor: a code, or where Passkey is set a passkey.
type Factor struct {
	Page
	Kind storage.FactorKind
	// Hint tells one destination or credential from another, such as "…42".
	Hint string
	// Digits is the length of a code of digits; zero is any other code.
	Digits  int
	Passkey *Ceremony
	Resend  *Resend
	// TrustDays offers not to ask again on this device for so many days; zero does not.
	TrustDays int
	// Others are the person's other factors.
	Others []FactorLink
	// Cancel offers the way back to the client.
	Cancel bool
}

// Screen implements [Screen].
func (Factor) Screen() string { return "factor" }

// Lead says what to do for this kind of factor.
func (f Factor) Lead() string { return f.T("factor.lead."+string(f.Kind), "Destination", f.Hint) }

// CodeOption is how the code's field differs from kind to kind.
func (f Factor) CodeOption() string {
	if f.Digits > 0 {
		return "inputmode=numeric"
	}
	return "plain"
}

// CodeLabel says what the code is.
func (f Factor) CodeLabel() string {
	if f.Kind == storage.FactorRecovery {
		return "label=factor.recovery_code"
	}
	return "label=field.code"
}

// ResendID is the id of the button that sends again.
func (Factor) ResendID() string { return "factor-resend" }

// FactorName is what a kind of factor is called.
func (p Page) FactorName(kind storage.FactorKind) string { return p.T("factor.name." + string(kind)) }

// FactorUse offers to use a kind of factor instead.
func (p Page) FactorUse(kind storage.FactorKind) string { return p.T("factor.use." + string(kind)) }

// FactorAdd offers to set a kind of factor up.
func (p Page) FactorAdd(kind storage.FactorKind) string { return p.T("factor.add." + string(kind)) }

// FactorMeaning says what speaks for a kind of factor.
func (p Page) FactorMeaning(kind storage.FactorKind) string {
	return p.T("factor.meaning." + string(kind))
}

// FactorLink leads to another factor.
type FactorLink struct {
	Kind storage.FactorKind
	URL  string
}

// EnrollChoice asks which second factor to set up.
type EnrollChoice struct {
	Page
	Kinds []FactorLink
	// Until is until when it can be put off, by the form; zero: it cannot.
	Until time.Time
}

// Screen implements [Screen].
func (EnrollChoice) Screen() string { return "enrollchoice" }

// EnrollTOTP sets an authenticator app up. It is shown once.
type EnrollTOTP struct {
	Page
	// Secret is the key in base32, URI the otpauth address of the QR code.
	Secret, URI string
	Name        string
	// Back is the way out; empty where there is none.
	Back string
}

// Screen implements [Screen].
func (EnrollTOTP) Screen() string { return "enrolltotp" }

// Groups are the key as people read it out, in fours; the page sets them apart
// without a space between, so that what is copied is the key.
func (e EnrollTOTP) Groups() []string {
	var groups []string
	rest := e.Secret
	for len(rest) > 4 {
		groups, rest = append(groups, rest[:4]), rest[4:]
	}
	return append(groups, rest)
}

// Address is the otpauth address after its scheme, which the template writes:
// as a link it opens an app on a phone.
func (e EnrollTOTP) Address() string { return strings.TrimPrefix(e.URI, "otpauth://") }

// EnrollPasskey creates a passkey.
type EnrollPasskey struct {
	Page
	Name    string
	Passkey Ceremony
	Back    string
}

// Screen implements [Screen].
func (EnrollPasskey) Screen() string { return "enrollpasskey" }

// RecoveryCodes shows a new set of recovery codes, the only time that they can be seen.
type RecoveryCodes struct {
	Page
	Codes []string
	// Account is whose they are, for the file and the printed page.
	Account string
}

// Screen implements [Screen].
func (RecoveryCodes) Screen() string { return "recoverycodes" }

// Plain is the set as lines.
func (c RecoveryCodes) Plain() string { return strings.Join(c.Codes, "\n") }

// File is the set as a text file inside an address (RFC 2397), made of what the
// page holds already: no other request ever returns the codes.
func (c RecoveryCodes) File() string {
	text := c.Brand.Name + " – " + c.Title + "\n" + c.Account + "\n\n" + c.Plain() + "\n"
	return url.PathEscape(text)
}
