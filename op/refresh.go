package op

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// errBadRefreshToken is what a client is told of a refresh token that does not
// work, whatever the reason.
func errBadRefreshToken(cause error) error {
	return invalidGrant("the refresh token is not valid, expired or revoked", cause)
}

// refresh trades a refresh token for an access token and the token's successor
// (RFC 6749 section 6). The common case is one conditional write; only a token
// that is not the live one, or a request for fewer scopes, reads the row.
func (s *server) refresh(ctx context.Context, c call, token string, requested []string) (*tokenResponse, error) {
	t, err := s.refreshTokens.parse(token)
	if err != nil {
		return nil, errBadRefreshToken(err)
	}
	if !t.issuedTo(c.client.ID) {
		return nil, errBadRefreshToken(errors.New("not made by us for this client"))
	}
	if err := s.checkRequested(ctx, c, t, requested); err != nil {
		return nil, err
	}
	g, err := s.cfg.Grants.Rotate(ctx, storage.Rotation{
		GrantID: t.GrantID, ClientID: c.client.ID, Generation: t.Generation, Salt: t.Salt[:],
		Now: c.now, IdleExpiresAt: c.now.Add(c.client.Lifetimes.RefreshIdle),
	})
	if errors.Is(err, storage.ErrNotFound) {
		g, err = s.notLive(ctx, c, t)
	} else if err != nil {
		err = unavailable("rotate refresh token", err)
	}
	if err != nil {
		return nil, err
	}
	return s.refreshed(c, g, t, requested)
}

// refreshed answers with new tokens of a grant that t may still refresh. The
// successor follows from t alone: asked twice, it is the same twice.
func (s *server) refreshed(c call, g *storage.GrantUser, t *parsedRefreshToken, requested []string) (*tokenResponse, error) {
	if g.User.Disabled() {
		return nil, errBadRefreshToken(errors.New("the account is disabled"))
	}
	scopes, err := refreshScopes(c.client, g.Grant.Scopes, requested)
	if err != nil {
		return nil, err
	}
	response, err := s.issue(c, g, scopes, "")
	if err != nil {
		return nil, err
	}
	next := refreshToken{GrantID: t.GrantID, Generation: t.Generation + 1, Salt: t.Salt}
	response.RefreshToken, err = s.refreshTokens.encode(next, c.client.ID)
	if err != nil {
		return nil, err
	}
	return response, nil
}

// checkRequested refuses a request for more than was granted before it costs
// the refresh token its life.
func (s *server) checkRequested(ctx context.Context, c call, t *parsedRefreshToken, requested []string) error {
	if len(requested) == 0 {
		return nil
	}
	g, err := s.grantOf(ctx, t)
	if errors.Is(err, errRefreshToken) {
		return errBadRefreshToken(err)
	}
	if err != nil {
		return err
	}
	_, err = refreshScopes(c.client, g.Grant.Scopes, requested)
	return err
}

// notLive decides what to do with a token that could not be rotated.
func (s *server) notLive(ctx context.Context, c call, t *parsedRefreshToken) (*storage.GrantUser, error) {
	g, err := s.grantOf(ctx, t)
	if errors.Is(err, errRefreshToken) {
		return nil, errBadRefreshToken(err)
	}
	if err != nil {
		return nil, err
	}
	decision, why := decideRefresh(staleRefresh{
		Now: c.now, Generation: t.Generation, Grace: c.client.Lifetimes.RefreshGrace, Row: g,
	})
	switch decision {
	case refreshRepeat:
		return g, nil
	case refreshReuse:
		err := s.revokeAfterAttack(ctx, c, &g.Grant, storage.RevokedReuse, storage.EventRefreshReuse)
		if err != nil {
			return nil, err
		}
	case refreshRefuse:
	}
	return nil, errBadRefreshToken(errors.New(why))
}

// grantOf returns the grant that the token is one of, whatever its generation
// and whether the grant lives or not. A token of none answers errRefreshToken.
func (s *server) grantOf(ctx context.Context, t *parsedRefreshToken) (*storage.GrantUser, error) {
	g, err := s.cfg.Grants.ByID(ctx, t.GrantID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: it has no grant", errRefreshToken)
	case err != nil:
		return nil, unavailable("read the grant of a refresh token", err)
	case !t.belongsTo(&g.Grant):
		return nil, fmt.Errorf("%w: its grant has another client or salt", errRefreshToken)
	}
	return g, nil
}

// refreshScopes is what a refreshed access token may do: what was granted,
// less what the client is no longer registered for, less what it leaves out of
// its request. A grant that loses openid or offline_access so, or everything,
// is no longer the grant that the person gave.
func refreshScopes(c *client.Client, granted, requested []string) ([]string, error) {
	var scopes []string
	for _, scope := range granted {
		if c.AllowsScope(scope) {
			scopes = append(scopes, scope)
		} else if scope == client.ScopeOpenID || scope == client.ScopeOfflineAccess {
			return nil, errBadRefreshToken(errors.New("the client is no longer registered for " + scope))
		}
	}
	if len(scopes) == 0 {
		return nil, errBadRefreshToken(errors.New("the client is registered for none of the scopes any more"))
	}
	if len(requested) == 0 {
		return scopes, nil
	}
	for _, scope := range requested {
		if !slices.Contains(scopes, scope) {
			return nil, oidc.ErrInvalidScope().WithDescription("a scope was not granted")
		}
	}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(requested, scope) }), nil
}
