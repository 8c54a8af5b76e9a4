package op

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
)

// standardScopes are those with a meaning of their own.
var standardScopes = []string{
	client.ScopeOpenID, client.ScopeProfile, client.ScopeEmail, client.ScopeAddress, client.ScopePhone,
	client.ScopeOfflineAccess,
}

// knownScopes returns those of the asked scopes that exist here, each once. What
// does not exist is ignored (OpenID Connect Core 3.1.2.1), and so are those that exist by
// themselves where the client is not registered for them: much software asks for
// "groups" or "roles" wherever it comes. The answer's scope says what is left, and
// the log what was not.
func (p *Provider) knownScopes(ctx context.Context, c *client.Client, asked []string) ([]string, error) {
	if len(asked) > maxScopes {
		return nil, invalidScope("too many scopes")
	}
	var known, unknown []string
	for _, scope := range asked {
		exists, err := p.scopeExists(ctx, scope)
		switch {
		case ident.Scope(scope) != nil:
			return nil, &Error{
				Code: codeInvalidScope, Description: "a scope contains characters that are not allowed", Cause: errors.New(loggable(scope)),
			}
		case slices.Contains(known, scope) || slices.Contains(unknown, scope):
		case err != nil:
			return nil, unavailable("look up scope", err)
		case exists && (c.AllowsScope(scope) || !isBuiltIn(scope)):
			known = append(known, scope)
		default:
			unknown = append(unknown, scope)
		}
	}
	if len(unknown) > 0 {
		p.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "scopes that do not exist here were ignored",
			slog.String("client_id", c.ID), slog.String("scopes", loggable(strings.Join(unknown, " "))))
	}
	return known, nil
}

// scopeExists reports whether the scope means anything here, to whichever client.
func (p *Provider) scopeExists(ctx context.Context, scope string) (bool, error) {
	if slices.Contains(standardScopes, scope) || p.cfg.Access.Scope(scope) != nil {
		return true, nil
	}
	return p.cfg.Clients.HasScope(ctx, scope)
}

// errScopeNotRegistered names a scope that exists, but not for the client: its
// name is of a scope's characters alone.
func errScopeNotRegistered(scope string) error {
	return invalidScope("the client is not registered for the scope " + scope + ": add it to its scopes, or ask for less")
}

func errNoScope() error { return invalidScope("none of the requested scopes exists here") }

// readScopes takes scopes that the client is registered for. One that exists
// here, but not for the client, is refused rather than dropped: a client that
// goes on with less than it asked for fails later, and further from the cause.
// Only offline_access is dropped where it cannot be granted, because OpenID
// Connect Core 11 says so; and of a client that nobody wrote down whatever it is not
// registered for: such software asks for all of scopes_supported, and reads in the answer
// what it got (RFC 6749 section 3.3).
//
// That section also wants prompt=consent "unless other conditions for
// processing the request permitting offline access are in place". They are: an
// implied consent is the administrator's, who registered the client for the
// scope and for refresh tokens, and under the other policies the person is or
// was asked about this very scope.
func (c *authorizationCheck) readScopes() error {
	named := strings.Fields(c.params.Get("scope"))
	byResource := len(named) == 0 && c.client.Registered() && len(c.request.Resources) > 0
	if byResource {
		named = c.ofResources()
	}
	asked, err := c.knownScopes(named)
	if err != nil {
		return err
	}
	for _, scope := range asked {
		switch {
		case scope == client.ScopeOfflineAccess && !c.mayOffline():
		case !c.client.AllowsScope(scope) && c.client.Registered():
		case !c.client.AllowsScope(scope):
			return errScopeNotRegistered(scope)
		default:
			c.request.Scopes = append(c.request.Scopes, scope)
		}
	}
	if len(c.request.Scopes) == 0 && !byResource {
		return errNoScope()
	}
	if client.InResponseType(c.request.ResponseType, "id_token") && !c.request.HasScope(client.ScopeOpenID) {
		return invalidScope("the scope openid is required for an ID token")
	}
	return nil
}

// ofResources are the scopes of the resources that are asked for, as far as the client is
// registered for them: the default of one that nobody wrote down (RFC 6749 section 3.3).
// It need not know any scope to be let in where a resource server has none.
func (c *authorizationCheck) ofResources() []string {
	var of []string
	for _, scope := range c.client.Scopes {
		if slices.Contains(c.request.Resources, c.claims.catalog.ResourceOf(scope)) {
			of = append(of, scope)
		}
	}
	return of
}

// isBuiltIn reports whether the scope exists by itself, besides the standard ones.
func isBuiltIn(scope string) bool { return slices.Contains(access.BuiltIn(), scope) }

// mayOffline reports whether the answer can lead to refresh tokens: only a code does
// (OpenID Connect Core 11). A device, which has no response type, gets them too.
func (c *authorizationCheck) mayOffline() bool {
	t := c.request.ResponseType
	return allowsOffline(c.client) && (t == "" || client.InResponseType(t, "code"))
}

func allowsOffline(c *client.Client) bool {
	return c.AllowsScope(client.ScopeOfflineAccess) && c.AllowsGrant(client.GrantRefreshToken)
}
