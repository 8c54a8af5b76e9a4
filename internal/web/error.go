package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// Error is a failure that may be shown: Title and Detail are safe for a
// browser, Cause is for the log alone.
type Error struct {
	Status int
	// Key names the error's texts in the languages of the pages; Title and
	// Detail are the English ones, and what is shown where there are no others.
	Key string
	// Title says what happened in a few words, Detail whose side it is on and
	// what to do. Neither holds anything that a request brought along.
	Title  string
	Detail string
	// RetryAfter becomes the header of that name where it is positive.
	RetryAfter time.Duration
	// ContinueURL is where the page's link leads on to, and ContinueName the
	// application that is there. Without, it is the account page or sign-in.
	ContinueURL, ContinueName string
	Cause                     error
}

// Error implements error with the text for the log.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Title
	}
	return fmt.Sprintf("%s: %v", e.Title, e.Cause)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// retryAfter is when what failed for want of a store may be tried again.
const retryAfter = 5 * time.Second

// Unavailable is the error of a request that could not be judged or done because
// something did not answer (requirements TH5, DL1): a 503 with Retry-After,
// whatever the cause.
func Unavailable(cause error) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: retryAfter,
		Title:  "Temporarily unavailable",
		Detail: "The problem is on our side. Please try again in a moment. If it keeps happening, give the error ID below to your administrator.",
		Cause:  cause,
	}
}

// ErrorPage is what an error page shows.
type ErrorPage struct {
	Status             int
	Key, Title, Detail string
	// ContinueURL is where the page's link leads on to, and ContinueName the
	// application that is there; both may be empty.
	ContinueURL, ContinueName string
	// ID is the request id: it finds the log lines.
	ID string
}

// HandlerFunc handles a request or says why it could not. After an error
// nothing has been written.
type HandlerFunc func(http.ResponseWriter, *http.Request) error

// Errors turns a [HandlerFunc] into an [http.Handler]: it is the one place
// that logs a page's failure and shows its safe text.
type Errors struct {
	Log *slog.Logger
	// Render writes the page; the status is part of it.
	Render func(http.ResponseWriter, *http.Request, ErrorPage)
}

// Handle wraps h. An error that is no *Error becomes a 500 whose text never
// reaches the browser.
func (e *Errors) Handle(h HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			e.Show(w, r, err)
		}
	})
}

// Show logs err and writes its page.
func (e *Errors) Show(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		// Whatever came of it, nobody waits for it: no failure of ours.
		e.Log.InfoContext(r.Context(), "request aborted by its client", "reason", err.Error(), "path", r.URL.Path)
		w.WriteHeader(StatusClientGone)
		return
	}
	var shown *Error
	switch {
	case errors.As(err, &shown):
	case errors.Is(err, context.DeadlineExceeded):
		shown = Unavailable(err)
	default:
		shown = &Error{
			Status: http.StatusInternalServerError, Key: "internal",
			Title:  "Something went wrong",
			Detail: "The problem is on our side. Please try again. If it keeps happening, give the error ID below to your administrator.",
			Cause:  err,
		}
	}
	level := slog.LevelInfo
	if shown.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	e.Log.Log(r.Context(), level, "request failed",
		"status", shown.Status, "title", shown.Title, "reason", err.Error(), "path", r.URL.Path)
	if shown.RetryAfter > 0 {
		seconds := int64((shown.RetryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	e.Render(w, r, ErrorPage{Status: shown.Status, Key: shown.Key, Title: shown.Title, Detail: shown.Detail,
		ContinueURL: shown.ContinueURL, ContinueName: shown.ContinueName, ID: RequestID(r.Context())})
}
