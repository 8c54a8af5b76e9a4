package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"
)

// unavailableError says that something we lean on did not answer: the caller
// may try again, and learns nothing else.
type unavailableError struct{ cause error }

func (e *unavailableError) Error() string { return e.cause.Error() }
func (e *unavailableError) Unwrap() error { return e.cause }

// unavailable wraps the failure of a store with what was attempted.
func unavailable(attempted string, err error) error {
	return &unavailableError{fmt.Errorf("%s: %w", attempted, err)}
}

// invalidGrant refuses a code or a refresh token. The description goes to the
// client, the cause only to the log.
func invalidGrant(description string, cause error) error {
	return oidc.ErrInvalidGrant().WithDescription("%s", description).WithParent(cause)
}

// wireError is what a client is told of err, and with which status (RFC 6749
// section 5.2). Only an *oidc.Error speaks for itself, and only its type and
// description; the text of any other error stays here. That section has no code
// for our own faults, so we say at every endpoint what section 4.1.2.1 says at
// /authorize.
func wireError(err error) (*oidc.Error, int) {
	var down *unavailableError
	if errors.As(err, &down) {
		return &oidc.Error{ErrorType: codeTemporarilyUnavailable, Description: "temporarily unavailable, try again"}, http.StatusServiceUnavailable
	}
	var known *oidc.Error
	if !errors.As(err, &known) || known.ErrorType == oidc.ServerError {
		return oidc.ErrServerError().WithDescription("the fault is on our side"), http.StatusInternalServerError
	}
	shown := &oidc.Error{ErrorType: known.ErrorType, Description: known.Description}
	if known.ErrorType == oidc.InvalidClient {
		return shown, http.StatusUnauthorized
	}
	return shown, http.StatusBadRequest
}

// refuse logs why a request failed and returns what the client is told.
func (s *server) refuse(ctx context.Context, endpoint, clientID string, err error) error {
	shown, status := wireError(err)
	s.logRefusal(ctx, endpoint, clientID, status, err)
	return zitadel.NewStatusError(shown, status)
}

func (s *server) logRefusal(ctx context.Context, endpoint, clientID string, status int, err error) {
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.cfg.Log.LogAttrs(ctx, level, "request refused",
		slog.String("endpoint", endpoint), slog.Int("status", status), slog.String("client_id", clientID),
		slog.String("reason", err.Error()))
}
