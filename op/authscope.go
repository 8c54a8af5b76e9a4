package op

import (
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
)

// readScopes takes scopes that the client is registered for. Any other is
// refused rather than dropped: a client that goes on with less than it asked
// for fails later, and further from the cause. Only offline_access is dropped
// where it cannot be granted, because OpenID Connect Core 11 says so.
//
// That section also wants prompt=consent "unless other conditions for
// processing the request permitting offline access are in place". They are: an
// implied consent is the administrator's, who registered the client for the
// scope and for refresh tokens, and under the other policies the person is or
// was asked about this very scope.
func (c *authorizationCheck) readScopes() error {
	asked := strings.Fields(c.params["scope"])
	if len(asked) > maxScopes {
		return invalidScope("too many scopes")
	}
	for _, scope := range asked {
		switch {
		case ident.Scope(scope) != nil:
			return invalidScope("a scope holds characters that no scope has")
		case slices.Contains(c.request.Scopes, scope):
		case scope == client.ScopeOfflineAccess && !allowsOffline(c.client):
		case !c.client.AllowsScope(scope):
			return invalidScope("the client is not registered for a scope that it asks for")
		default:
			c.request.Scopes = append(c.request.Scopes, scope)
		}
	}
	if len(c.request.Scopes) == 0 {
		return invalidScope("no scope is left")
	}
	return nil
}

func invalidScope(description string) error {
	return &authorizationError{Code: codeInvalidScope, Description: description}
}

func allowsOffline(c *client.Client) bool {
	return c.AllowsScope(client.ScopeOfflineAccess) && c.AllowsGrant(client.GrantRefreshToken)
}
