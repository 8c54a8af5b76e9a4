package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Error is an OAuth error response, at whichever endpoint: the token endpoint's
// (RFC 6749 section 5.2), the authorization endpoint's (section 4.1.2.1) and
// that of a protected resource (RFC 6750 section 3.1). Everything but Cause is
// told to the client.
type Error struct {
	// Code is the specification's error code, such as invalid_grant. It is empty
	// where a request to a protected resource shows no token at all: then the
	// challenge says nothing more.
	Code string
	// Description is for the developer of the client, in the characters of RFC
	// 6749 section 5.2: no quotes, no backslashes, nothing that is secret.
	Description string
	// Status is the HTTP status; zero is that of Code.
	Status int
	// Header is added to the answer: WWW-Authenticate, Retry-After, DPoP-Nonce.
	Header http.Header
	// Cause is logged, never sent.
	Cause error
}

// The error codes (RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1,
// OpenID Connect Core 3.1.2.6).
const (
	codeAccessDenied            = "access_denied"
	codeAuthorizationPending    = "authorization_pending" // RFC 8628 section 3.5
	codeExpiredToken            = "expired_token"
	codeSlowDown                = "slow_down"
	codeInsufficientScope       = "insufficient_scope"
	codeInvalidClient           = "invalid_client"
	codeInvalidGrant            = "invalid_grant"
	codeInvalidRequest          = "invalid_request"
	codeInvalidScope            = "invalid_scope"
	codeInvalidTarget           = "invalid_target" // RFC 8707 section 2
	codeInvalidToken            = "invalid_token"
	codeServerError             = "server_error"
	codeTemporarilyUnavailable  = "temporarily_unavailable"
	codeUnauthorizedClient      = "unauthorized_client"
	codeUnsupportedGrantType    = "unsupported_grant_type"
	codeUnsupportedResponseType = "unsupported_response_type"
)

// retryAfter is what a client is told to wait, in seconds, when we cannot answer:
// a failover is over in a few, and a rotation of keys within a reload.
const retryAfter = "2"

// Error implements error with the text for the log.
func (e *Error) Error() string {
	text := e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// status is the HTTP status of the answer. RFC 6749 section 5.2 has no code for
// our own faults, so every endpoint says what section 4.1.2.1 says at /authorize.
func (e *Error) status() int {
	if e.Status != 0 {
		return e.Status
	}
	switch e.Code {
	case codeInvalidClient, codeInvalidToken:
		return http.StatusUnauthorized
	case codeInsufficientScope:
		return http.StatusForbidden
	case codeTemporarilyUnavailable:
		return http.StatusServiceUnavailable
	case codeServerError:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// unavailable says that a store failed, with what was attempted: the client may
// try again, and learns nothing else.
func unavailable(attempted string, err error) *Error {
	if limited := (*client.LimitedError)(nil); errors.As(err, &limited) {
		return errTooMany(limited.Wait, fmt.Errorf("%s: %w", attempted, err))
	}
	return &Error{
		Code: codeTemporarilyUnavailable, Description: "temporarily unavailable, try again",
		Header: http.Header{"Retry-After": {retryAfter}}, Cause: fmt.Errorf("%s: %w", attempted, err),
	}
}

// cannotJudge reports whether err is no verdict: what it takes to judge is not
// to be had now.
func cannotJudge(err error) bool {
	var known *Error
	if errors.As(err, &known) {
		return known.Code == codeTemporarilyUnavailable
	}
	for _, passing := range []error{
		storage.ErrUnavailable, context.DeadlineExceeded, context.Canceled, keys.ErrUnknownKey, storage.ErrUnknownKey,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// errorOf is what a client is told of err: the one place that maps errors to the
// wire. What cannot be judged now (a deadline that passed, a key that this node
// does not know) is no verdict but temporarily_unavailable; the text of an error
// without a type never leaves.
func errorOf(err error) *Error {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known
	case cannotJudge(err):
		return unavailable("answer", err)
	}
	return &Error{Code: codeServerError, Description: "something went wrong at the provider", Cause: err}
}

func invalidRequest(description string, cause error) error {
	return &Error{Code: codeInvalidRequest, Description: description, Cause: cause}
}

// invalidGrant refuses a code or a refresh token.
func invalidGrant(description string, cause error) error {
	return &Error{Code: codeInvalidGrant, Description: description, Cause: cause}
}

func invalidScope(description string) error {
	return &Error{Code: codeInvalidScope, Description: description}
}

// errInvalidClient is the one answer to every failed authentication: whether
// the client exists, and what was wrong, stays here (requirement CL3,
// enumeration of clients).
func errInvalidClient(cause error) error {
	return &Error{Code: codeInvalidClient, Description: "client authentication failed", Cause: cause}
}

// refuse logs why a request failed and tells the client: the one way in which the
// endpoints that clients call themselves answer errors.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, clientID string, err error) {
	shown := errorOf(err)
	status := p.logRefusal(r, clientID, shown)
	maps.Copy(w.Header(), shown.Header)
	if shown.Code == "" {
		w.WriteHeader(status)
		return
	}
	writeJSON(w, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
		URI         string `json:"error_uri"`
	}{shown.Code, shown.Description, p.errorURI(shown.Code)})
}

// logRefusal writes the log line of an error and returns the status of its
// answer. A client that hung up is nobody's fault, and no alert.
func (p *Provider) logRefusal(r *http.Request, clientID string, e *Error) (status int) {
	status = e.status()
	level := slog.LevelInfo
	switch {
	case e.Code == codeAuthorizationPending, e.Code == codeSlowDown: // every few seconds, of each device
		level = slog.LevelDebug
	case status < http.StatusInternalServerError:
	case errors.Is(r.Context().Err(), context.Canceled):
		status = web.StatusClientGone
	case errors.Is(e, keys.ErrUnknownKey):
		level = slog.LevelWarn
	default:
		level = slog.LevelError
	}
	p.cfg.Log.LogAttrs(r.Context(), level, "request refused",
		slog.String("endpoint", r.URL.Path), slog.Int("status", status), slog.String("error", e.Code),
		slog.String("client_id", clientID), slog.String("reason", e.Error()))
	return status
}
