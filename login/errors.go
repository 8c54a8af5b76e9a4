package login

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
)

// accountError is what a page answers where a change of an account did not
// happen; attempted says for the log what it was.
func accountError(attempted string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, account.ErrVoid):
		return errLinkVoid(err)
	case errors.Is(err, account.ErrChanged), errors.Is(err, account.ErrNobody), isStale(err):
		return pageerror.AttemptOver(err)
	case errors.Is(err, account.ErrClosed):
		return errNoSignUp
	case errors.Is(err, onetime.ErrExhausted):
		return pageerror.TooMany(codePause, err)
	}
	return pageerror.Unavailable(attempted, err)
}

// codePause is what people are told to wait for after too many wrong codes; the
// link in the message goes on working.
const codePause = onetime.TriesReset

// isStale reports whether an error says that fresh proofs are missing.
func isStale(err error) bool {
	var stale *account.StaleError
	return errors.As(err, &stale)
}

func errLinkVoid(cause error) error {
	return &web.Error{
		Status: http.StatusGone, Key: "link_void",
		Title:  "This link no longer works",
		Detail: "It has been used, it has expired, or a newer message has replaced it. Ask for a new one where you asked for this one.",
		Cause:  cause,
	}
}

// errNoSignUp answers where people may not make accounts by themselves.
var errNoSignUp = &web.Error{
	Status: http.StatusForbidden, Key: "signup_closed",
	Title:  "You can’t create an account here",
	Detail: "Your administrator creates the accounts here, or sends invitations. Ask them for one.",
}

func errTriesSpent(cause error) error {
	return &web.Error{
		Status: http.StatusForbidden, Key: "tries_spent",
		Title:  "Too many wrong codes",
		Detail: "We ended this sign-in to protect the account. Go back to the app and sign in again.",
		Cause:  errors.Join(errors.New("no try left in this attempt"), cause),
	}
}

// errUnreachable answers a person on the way to a page of ours who cannot show what
// it takes. A client would be told instead.
func errUnreachable(reason string) error {
	return &web.Error{
		Status: http.StatusForbidden, Key: "no_way_in",
		Title:  "You can’t be signed in",
		Detail: "Two-step verification is required here, and you can’t use or set up any method right now. Please ask your administrator for help.",
		Cause:  errors.New(reason),
	}
}
