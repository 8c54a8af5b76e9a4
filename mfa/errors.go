package mfa

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrDisabled says that the kind of factor is dead for this person until
	// they enroll it anew or an administrator unlocks it.
	ErrDisabled = errors.New("factor is disabled after too many failures")
	// ErrSpent says that the attempt has no try left with this kind of factor.
	ErrSpent = errors.New("no try is left in this attempt")
	// ErrExpired says that there is no live code, challenge or enrollment: it is
	// too old, was used, was replaced or belongs to another attempt.
	ErrExpired = errors.New("code or challenge is not live")
	// ErrNotOffered says that this person cannot be asked for this factor.
	ErrNotOffered = errors.New("factor is not offered")
	// ErrCloned says that a passkey's counter went backwards: there may be a
	// copy of it. It was refused, audited and its owner told.
	ErrCloned = errors.New("passkey may have been cloned")
	// ErrTooMany says that the person has as many credentials as anybody may have.
	ErrTooMany = errors.New("too many credentials")
	// ErrTaken says that this passkey is enrolled already.
	ErrTaken = errors.New("passkey is enrolled already")
)

// WrongError says that the response was wrong.
type WrongError struct {
	// TriesLeft is how often the attempt may still try this kind of factor.
	TriesLeft int
	// Cause is for the log; it holds nothing of the response.
	Cause error
}

// Error implements error.
func (e *WrongError) Error() string {
	return fmt.Sprintf("wrong response, %d tries left", e.TriesLeft)
}

// Unwrap returns the cause.
func (e *WrongError) Unwrap() error { return e.Cause }

// LockedError says that nothing was looked at: too many responses were wrong.
type LockedError struct{ Until time.Time }

// Error implements error.
func (e *LockedError) Error() string {
	return "factor is locked until " + e.Until.UTC().Format(time.RFC3339)
}

// LimitedError says that no code was sent: too many were. It does not say which
// limit was reached, which is in the security event.
type LimitedError struct{ RetryAfter time.Duration }

// Error implements error.
func (e *LimitedError) Error() string {
	return fmt.Sprintf("too many codes were sent, try again in %s", e.RetryAfter)
}
