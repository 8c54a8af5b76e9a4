package account

import (
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/account/password"
)

var (
	// ErrForbidden says that the actor may not do this to this person.
	ErrForbidden = errors.New("actor may not do this")
	// ErrSignIn says that whose account it is must be signed in for it.
	ErrSignIn = errors.New("person is not signed in")
	// ErrChanged says that the account was changed after the actor's evidence
	// was given, or while the change was on its way.
	ErrChanged = errors.New("account was changed meanwhile")
	// ErrNobody says that there is no such person, or not any more.
	ErrNobody = errors.New("no such person")
	// ErrNotFound says that the person has nothing of the kind that is named.
	ErrNotFound = errors.New("nothing of that name")
	// ErrNoGroup says that there is no such group, or not any more.
	ErrNoGroup = errors.New("no such group")
	// ErrUnchanged says that the account is that way already.
	ErrUnchanged = errors.New("nothing to change")
	// ErrTaken says that the email address or the username is another person's.
	ErrTaken = errors.New("name is taken")
	// ErrVoid says that a one-time token or code stands for nothing: it is wrong,
	// was spent or replaced, has expired, or what it stood for has changed.
	ErrVoid = errors.New("link or code is void")
	// ErrWrongPassword says that it is not the password that was chosen.
	ErrWrongPassword = errors.New("wrong password")
	// ErrLast says that a person who needs a second factor has no other.
	ErrLast = errors.New("last factor of a person who needs one")
	// ErrClosed says that people may not sign up that way.
	ErrClosed = errors.New("sign-up is closed")
)

// StaleError says that the person must show fresh proofs first.
type StaleError struct {
	// Needs is the authentication context class to reach.
	Needs string
	// Password says that the current password alone reaches it, so that a page
	// may ask for it by itself.
	Password bool
}

// Error implements error.
func (e *StaleError) Error() string {
	return fmt.Sprintf("fresh proofs of class %s are needed", e.Needs)
}

// PasswordError says why a new password is not taken.
type PasswordError struct {
	Problems []password.Problem
	// Least is how many characters one needs.
	Least int
}

// Error implements error. Its text is for operators.
func (e *PasswordError) Error() string {
	switch e.Problems[0] {
	case password.TooShort:
		return fmt.Sprintf("the password is too short: want at least %d characters", e.Least)
	case password.TooLong:
		return fmt.Sprintf("the password is too long: want at most %d bytes", password.MaxBytes)
	case password.Common:
		return "the password is one of those that everybody tries"
	case password.Personal:
		return "the password is made of names that go with the account or the service"
	case password.Control:
		return "the password holds a control character"
	case password.Simple:
		return "the password is a repetition or a row of keys"
	}
	return "the password is not taken: " + string(e.Problems[0])
}

// FieldError says what is wrong with a field of a form or of a command.
type FieldError struct {
	// Field is the name of the field: "email", "username", "name", …
	Field string
	// Problem is why it is not taken.
	Problem Problem
	// Cause says so in words for operators.
	Cause error
}

// Problem is why the value of a field is not taken.
type Problem string

// The problems.
const (
	Required Problem = "required" // it is empty and must not be
	Invalid  Problem = "invalid"  // it is none of what it should be
	TooLong  Problem = "too_long"
	Same     Problem = "same" // it is what is there already
	Off      Problem = "off"  // the configuration takes none
)

// Error implements error. Its text is for operators.
func (e *FieldError) Error() string {
	if e.Cause != nil {
		return e.Cause.Error()
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Problem)
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Cause }
