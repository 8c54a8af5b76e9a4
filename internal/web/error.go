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
	// Again says that the same may be tried again, at once or after RetryAfter: the
	// page's link leads back to where it was tried.
	Again bool
	// Foreign says that no form of ours was sent, so that there is none to lead back to
	// and nothing of it to keep (CSRF).
	Foreign bool
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
	// RetryAfter is how long to wait before trying again, and Again says that there is
	// something to try: where it was tried, unless ContinueURL says otherwise.
	RetryAfter time.Duration
	Again      bool
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
// reaches the browser, or where it says that it is temporary a 503.
func (e *Errors) Handle(h HandlerFunc) http.Handler { return e.HandleForm(h, nil) }

// Lead answers an error in another way than by its page, and reports whether it did.
type Lead func(http.ResponseWriter, *http.Request, ErrorPage) bool

// HandleForm is Handle for what takes a form: its errors are answered by lead where
// that can, so that they are the answer to a GET (Post/Redirect/Get). Nil leads nowhere.
func (e *Errors) HandleForm(h HandlerFunc, lead Lead) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			e.answer(w, r, err, lead)
		}
	})
}

// Show logs err and writes its page.
func (e *Errors) Show(w http.ResponseWriter, r *http.Request, err error) { e.answer(w, r, err, nil) }

func (e *Errors) answer(w http.ResponseWriter, r *http.Request, err error, lead Lead) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		// Whatever came of it, nobody waits for it: no failure of ours.
		e.Log.InfoContext(r.Context(), "request aborted by its client", "reason", err.Error(), "path", r.URL.Path)
		w.WriteHeader(StatusClientGone)
		return
	}
	var shown *Error
	var passing interface{ Temporary() bool }
	switch {
	case errors.As(err, &shown):
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &passing) && passing.Temporary():
		shown = Unavailable(err)
	default:
		shown = &Error{
			Status: http.StatusInternalServerError, Key: "internal",
			Title:  "Something went wrong",
			Detail: "The problem is on our side. Please try again. If it keeps happening, give the error ID below to your administrator.",
			Again:  true,
			Cause:  err,
		}
	}
	level := slog.LevelInfo
	if shown.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	e.Log.Log(r.Context(), level, "request failed",
		"status", shown.Status, "title", shown.Title, "reason", err.Error(), "path", r.URL.Path)
	page := ErrorPage{Status: shown.Status, Key: shown.Key, Title: shown.Title, Detail: shown.Detail,
		ContinueURL: shown.ContinueURL, ContinueName: shown.ContinueName, RetryAfter: shown.RetryAfter,
		Again: shown.Again || shown.RetryAfter > 0, ID: RequestID(r.Context())}
	if lead != nil && !shown.Foreign && lead(w, r, page) {
		return
	}
	SetRetryAfter(w, page.RetryAfter)
	e.Render(w, r, page)
}

// SetRetryAfter tells programs for how long to wait (RFC 9110 section 10.2.3), in whole
// seconds rounded up; nothing where there is nothing to wait for.
func SetRetryAfter(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
}
