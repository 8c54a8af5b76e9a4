package op

import (
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// clientCredentials makes an access token for the client itself (RFC 6749
// section 4.4). It touches no store: such a token is known by its signature,
// and only its revocation is ever written down.
func (s *server) clientCredentials(c call, requested []string) (*tokenResponse, error) {
	if c.client.IsPublic() {
		return nil, oidc.ErrUnauthorizedClient().WithDescription("the client has no credentials")
	}
	scopes, err := serviceScopes(c.client, requested)
	if err != nil {
		return nil, err
	}
	claims := accessTokenClaims{Subject: c.client.ID, Scope: strings.Join(scopes, " ")}
	return s.accessToken(c, &claims, c.now.Add(c.client.Lifetimes.AccessToken))
}

// serviceScopes is what a client may do for itself: what it asks for of what
// it is registered for, and all of that where it asks for nothing. No person is
// there to be identified or to be absent, so openid and offline_access never are.
func serviceScopes(c *client.Client, requested []string) ([]string, error) {
	scopes := slices.DeleteFunc(slices.Clone(c.Scopes), func(scope string) bool {
		return scope == client.ScopeOpenID || scope == client.ScopeOfflineAccess
	})
	if len(requested) == 0 {
		return scopes, nil
	}
	for _, scope := range requested {
		if !slices.Contains(scopes, scope) {
			return nil, oidc.ErrInvalidScope().WithDescription("the client may not have a scope it asks for")
		}
	}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(requested, scope) }), nil
}
