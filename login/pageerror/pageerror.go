// Package pageerror is the errors that the pages of the sign-in flow, and what they
// stand on, have in common. Each is a [web.Error]: its texts are for people, its
// cause for the log alone.
package pageerror

import (
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
)

// Unavailable says that a store did not answer: the person may try again, and
// nobody gets in meanwhile (fail closed, requirement TH5).
func Unavailable(attempted string, err error) error {
	return &web.Error{
		Status: http.StatusServiceUnavailable, Key: "signin_unavailable", RetryAfter: 5 * time.Second,
		Title:  "You can’t sign in right now",
		Detail: "The problem is on our side. Please try again in a moment.",
		Cause:  fmt.Errorf("%s: %w", attempted, err),
	}
}

// TooMany refuses an attempt by a rate limit until the wait is over.
func TooMany(wait time.Duration, cause error) error {
	return &web.Error{
		Status: http.StatusTooManyRequests, RetryAfter: max(wait, time.Second), Key: "too_many",
		Title:  "Too many attempts",
		Detail: "There were too many attempts. Nothing is locked for good.",
		Cause:  cause,
	}
}

// AttemptOver answers a request that lost a race with another of the same attempt
// (replay), or came back to one that had ended.
func AttemptOver(cause error) error {
	return &web.Error{
		Status: http.StatusConflict, Key: "attempt_over",
		Title:  "This step was already done",
		Detail: "It was finished in another window, or sent twice. Go back to the app. If you aren’t signed in there, start again.",
		Cause:  cause,
	}
}
