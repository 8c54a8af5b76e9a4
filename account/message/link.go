package message

import (
	"net/url"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// The pages that links in messages open. Each shows a button on GET and spends
// the token on POST.
const (
	PathConfirmSignUp  = "/signup/confirm"    // onetime.SignUp
	PathVerifyEmail    = "/verify-email"      // onetime.VerifyEmail
	PathResetPassword  = "/reset-password"    // onetime.PasswordReset
	PathConfirmEmail   = "/confirm-email"     // onetime.EmailChange
	PathStopEmail      = "/stop-email-change" // onetime.EmailStop
	PathUndoEmail      = "/undo-email"        // onetime.EmailUndo
	PathDisown         = "/not-me"            // onetime.Disown
	PathKeepAccount    = "/keep-account"      // onetime.DeletionCancel
	PathSignUp         = "/signup"            // with an invitation
	PathSignIn         = "/login"             //
	PathForgotPassword = "/forgot-password"   //
	PathAccount        = "/account"           //
)

// The parameters of links.
const (
	TokenParam      = "token"
	InvitationParam = "invitation"
)

// link is an address of a page, with a token where there is one.
func (c *Composer) link(path, param, token string) string {
	address := c.cfg.Issuer + path
	if token != "" {
		address += "?" + url.Values{param: {token}}.Encode()
	}
	return address
}

// AddressSubject is the subject of tokens for an address that has no account.
func AddressSubject(hasher *keys.Hasher, email string) string {
	return hasher.Sum("onetime address", ident.Canonical(email))
}

// UndoSubject is the subject of the token that gives a person an address back:
// one for each address, so that a second change does not kill the way back from
// the first.
func UndoSubject(hasher *keys.Hasher, user storage.ID, email string) string {
	return string(user) + "." + AddressSubject(hasher, email)
}

// disownSubject is the subject of the token in a notice: one for each message, so
// that what an intruder does next does not kill the way back from what they did first.
func disownSubject(user, message storage.ID) string { return string(user) + "." + string(message) }
