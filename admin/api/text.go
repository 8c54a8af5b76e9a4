package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/internal/ident"
)

// printable reports whether a text is one that a store takes, and a log shows as it is
// (log injection).
func printable(text string) bool { return ident.Text(text) == nil }

// line answers 422 for a text at a location that is not one line of text.
func line(location, text string) error {
	if err := ident.Text(text); err != nil {
		return huma.NewError(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Message: err.Error(), Location: location})
	}
	return nil
}

// Why is the body of a change that wants a reason.
type Why struct {
	Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Why, and how you know who asked: it is recorded."`
}

// timeOf is a time as it is shown; nil is none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// listed is a list as it is shown: [], where there is nothing.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// nothing is what is answered where there is nothing to say.
type nothing struct{}
