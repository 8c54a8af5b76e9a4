package op

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func TestL10_WireErrors(t *testing.T) {
	secret := errors.New("pq: relation grants at 10.0.0.7")
	for _, tc := range []struct {
		name   string
		err    error
		code   string
		status int
	}{
		{name: "a store", err: unavailable("create grant", secret), code: "temporarily_unavailable", status: 503},
		{name: "a wrapped store", err: fmt.Errorf("exchange: %w", unavailable("create grant", secret)), code: "temporarily_unavailable", status: 503},
		{name: "anything", err: secret, code: "server_error", status: 500},
		{name: "a sentinel", err: storage.ErrNotFound, code: "server_error", status: 500},
		{name: "a typed server error", err: oidc.ErrServerError().WithDescription("%s", secret), code: "server_error", status: 500},
		{name: "a grant", err: errBadCode(secret), code: "invalid_grant", status: 400},
		{name: "a client", err: errInvalidClient(secret), code: "invalid_client", status: 401},
		{name: "a request", err: invalidRequest("no").WithParent(secret), code: "invalid_request", status: 400},
		{name: "with its parent offered", err: invalidRequest("no").WithParent(secret).WithReturnParentToClient(true), code: "invalid_request", status: 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			shown, status := wireError(tc.err)
			if string(shown.ErrorType) != tc.code || status != tc.status {
				t.Errorf("got %s with %d", shown.ErrorType, status)
			}
			body, err := shown.MarshalJSON()
			if err != nil {
				t.Fatalf("encode: %v", err)
			}
			if strings.Contains(string(body), "10.0.0.7") {
				t.Errorf("the cause leaves: %s", body)
			}
			if strings.ContainsAny(shown.Description, `"\`) {
				t.Errorf("description %q is not of RFC 6749's characters", shown.Description)
			}
		})
	}
}
