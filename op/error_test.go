package op

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

func TestL10_ErrorsOnTheWire(t *testing.T) {
	t.Parallel()
	secret := errors.New("pq: relation grants at 10.0.0.7")
	for _, tc := range []struct {
		name   string
		err    error
		code   string
		status int
	}{
		{name: "a store", err: unavailable("create grant", secret), code: "temporarily_unavailable", status: 503},
		{name: "a wrapped store", err: fmt.Errorf("exchange: %w", unavailable("create grant", secret)), code: "temporarily_unavailable", status: 503},
		{name: "DL1 a store that is away", err: fmt.Errorf("read: %w", storage.ErrUnavailable), code: "temporarily_unavailable", status: 503},
		{name: "DL1 a deadline", err: fmt.Errorf("read: %w", context.DeadlineExceeded), code: "temporarily_unavailable", status: 503},
		{name: "a client that hung up", err: fmt.Errorf("read: %w", context.Canceled), code: "temporarily_unavailable", status: 503},
		{name: "KY5 an unknown key", err: fmt.Errorf("open: %w", keys.ErrUnknownKey), code: "temporarily_unavailable", status: 503},
		{name: "anything", err: secret, code: "server_error", status: 500},
		{name: "a sentinel", err: storage.ErrNotFound, code: "server_error", status: 500},
		{name: "a grant", err: errBadCode(secret), code: "invalid_grant", status: 400},
		{name: "a client", err: errInvalidClient(secret), code: "invalid_client", status: 401},
		{name: "a request", err: invalidRequest("no", secret), code: "invalid_request", status: 400},
		{name: "a token", err: &Error{Code: codeInvalidToken}, code: "invalid_token", status: 401},
		{name: "a scope", err: &Error{Code: codeInsufficientScope}, code: "insufficient_scope", status: 403},
		{name: "a status of its own", err: &Error{Code: codeInvalidRequest, Status: 413}, code: "invalid_request", status: 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			shown := errorOf(tc.err)
			if shown.Code != tc.code || shown.status() != tc.status {
				t.Errorf("got %s with %d", shown.Code, shown.status())
			}
			if strings.Contains(shown.Description, "10.0.0.7") {
				t.Errorf("the cause leaves: %s", shown.Description)
			}
			if strings.ContainsAny(shown.Description, `"\\`) {
				t.Errorf("description %q is not of RFC 6749's characters", shown.Description)
			}
			if got := shown.Header.Get("Retry-After") != ""; got != (tc.status == 503) {
				t.Errorf("Retry-After is %q with status %d", shown.Header.Get("Retry-After"), tc.status)
			}
		})
	}
}
