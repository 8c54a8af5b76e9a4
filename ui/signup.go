package ui

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// SignUp makes an account.
type SignUp struct {
	Page
	Email, Username, Name string
	// AskUsername and AskName say which fields there are besides email and password.
	AskUsername, AskName bool
	// EmailOptional says that an account may do without an address.
	EmailOptional bool
	// MinLength is how many characters a password must have.
	MinLength int
	// Invited says that the address is given by the invitation.
	Invited bool
	// Attributes are custom attributes that are asked for.
	Attributes []Attribute
	// SignIn is where people go who have an account.
	SignIn string
}

// Screen implements [Screen].
func (SignUp) Screen() string { return "signup" }

// More are the fields of the custom attributes.
func (s SignUp) More() ([]Select, error) { return s.attributeInputs(s.Attributes) }

// EmailOption keeps an invited person's address as it is.
func (s SignUp) EmailOption() string {
	if s.Invited {
		return "readonly"
	}
	return "autofocus"
}

// EmailRequired says whether the field must be filled in.
func (s SignUp) EmailRequired() string {
	if s.EmailOptional {
		return "optional"
	}
	return "required"
}

// ConfirmEmail has an address confirmed by the code of the message, in the
// browser that asked for it.
type ConfirmEmail struct {
	Page
	Email  string
	Resend *Resend
	// SignIn is where people go who confirmed it on another device.
	SignIn string
}

// Screen implements [Screen].
func (ConfirmEmail) Screen() string { return "confirmemail" }

// ResendID is the id of the button that sends again.
func (ConfirmEmail) ResendID() string { return "verify-resend" }

// Resend sends a message again: a form of its own, with the button "factor-resend"
// for codes of a second factor and "verify-resend" for addresses.
type Resend struct {
	Action string
	// After is in how many seconds the next message may be asked for.
	After int
}

// Clock is After in minutes and seconds, as in "0:42".
func (r Resend) Clock() string { return fmt.Sprintf("%d:%02d", r.After/60, r.After%60) }

// ForgotPassword asks for the address that a link to set a new password goes to.
type ForgotPassword struct {
	Page
	Email  string
	SignIn string
}

// Screen implements [Screen].
func (ForgotPassword) Screen() string { return "forgot" }

// ResetPassword sets a new password: field "new_password", button "reset-submit",
// and a box "remove" for each thing that was added to the account lately, whose value is
// the id of a factor, "recovery" or "phone", and whose id is "remove-" and that. Carry the link's token as a hidden field.
type ResetPassword struct {
	Page
	// Username is for password managers, which keep it with the new password.
	Username string
	// MinLength is how many characters a password must have.
	MinLength int
	// Recent are the factors that were added lately, RecentCodes says that the
	// recovery codes are new, and RecentPhone is the end of a new number: whoever
	// took the account over may have added them.
	Recent      []storage.Credential
	RecentCodes bool
	RecentPhone string
	// Removed are the values of boxes that are ticked.
	Removed []string
}

// RecentItem is something that can be removed.
type RecentItem struct {
	Value, Label string
	// AddedAt is zero where it does not say.
	AddedAt time.Time
	Checked bool
}

// Items are all that can be removed.
func (r ResetPassword) Items() []RecentItem {
	var items []RecentItem
	for _, c := range r.Recent {
		label := r.NameOf(c)
		if c.Name != "" {
			label += " (" + r.FactorName(c.Kind) + ")"
		}
		items = append(items, RecentItem{Value: string(c.ID), Label: label, AddedAt: c.CreatedAt})
	}
	if r.RecentCodes {
		items = append(items, RecentItem{Value: "recovery", Label: r.T("security.recovery")})
	}
	if r.RecentPhone != "" {
		items = append(items, RecentItem{Value: "phone", Label: r.T("field.phone") + " \u2068" + r.RecentPhone + "\u2069"})
	}
	for i := range items {
		items[i].Checked = slices.Contains(r.Removed, items[i].Value)
	}
	return items
}

// HasRecent reports whether there is anything that can be removed.
func (r ResetPassword) HasRecent() bool {
	return len(r.Recent) > 0 || r.RecentCodes || r.RecentPhone != ""
}

// Screen implements [Screen].
func (ResetPassword) Screen() string { return "reset" }

// MinOption is the option of a new password's field that says its least length.
func (s SignUp) MinOption() string { return minOption(s.MinLength) }

// MinOption is as in [SignUp].
func (r ResetPassword) MinOption() string { return minOption(r.MinLength) }

// MinOption is as in [SignUp].
func (p AccountPassword) MinOption() string { return minOption(p.MinLength) }

func minOption(length int) string { return "min=" + strconv.Itoa(length) }
