package op

import (
	"context"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// clientCredentials is the grant by which a client gets tokens for itself (RFC
// 6749 section 4.4).
var clientCredentials = grantType{
	name:       client.GrantClientCredentials,
	parameters: []string{"scope", "resource"},
	issue:      (*Provider).issueToClient,
}

// issueToClient makes an access token for the client itself. It touches no store:
// such a token is known by its signature, and only its revocation is ever
// written down.
func (p *Provider) issueToClient(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	if r.Client.IsPublic() {
		return nil, &Error{Code: codeUnauthorizedClient, Description: "the client has no credentials"}
	}
	scopes, err := p.serviceScopes(ctx, r.Client, strings.Fields(r.Form.Get("scope")))
	if err != nil {
		return nil, err
	}
	resource, err := p.make.chooseResource(r, allowed{})
	if err != nil {
		return nil, err
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	to := p.make.target(r.Client, scopes, resource)
	return p.accessToken(r, &accessTokenClaims{Subject: r.Client.ID}, to, nil, r.Now, r.Now.Add(to.lifetime))
}

// serviceScopes is what a client may do for itself: what it asks for of what
// it is registered for, and all of that where it asks for nothing. No person is
// there to be identified or to be absent, so openid and offline_access never are.
func (p *Provider) serviceScopes(ctx context.Context, c *client.Client, requested []string) ([]string, error) {
	registered := slices.DeleteFunc(slices.Clone(c.Scopes), func(scope string) bool {
		return scope == client.ScopeOpenID || scope == client.ScopeOfflineAccess
	})
	if len(requested) == 0 {
		return registered, nil
	}
	asked, err := p.knownScopes(ctx, c, requested)
	if err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		return nil, errNoScope()
	}
	for _, scope := range asked {
		if !slices.Contains(registered, scope) {
			return nil, errScopeNotRegistered(scope)
		}
	}
	return slices.DeleteFunc(registered, func(scope string) bool { return !slices.Contains(asked, scope) }), nil
}
