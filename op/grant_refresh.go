package op

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// refreshTokenGrant is the grant of a refresh token for new tokens (RFC 6749
// section 6).
var refreshTokenGrant = grantType{
	name:       client.GrantRefreshToken,
	parameters: []string{"refresh_token", "scope", "resource"},
	required:   []string{"refresh_token"},
	issue:      (*Provider).refresh,
}

// errBadRefreshToken is what a client is told of a refresh token that does not
// work, whatever the reason.
func errBadRefreshToken(cause error) error {
	return invalidGrant("the refresh token is invalid, expired or revoked", cause)
}

// refresh trades a refresh token for an access token and the token's successor.
// The common case is one conditional write; only a token that is not the live
// one, or a request for fewer scopes, reads the row.
func (p *Provider) refresh(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	requested := strings.Fields(r.Form.Get("scope"))
	t, err := p.parseRefreshToken(ctx, r.Form.Get("refresh_token"), r.Client.ID)
	if errors.Is(err, errRefreshToken) {
		return nil, errBadRefreshToken(err)
	}
	if err != nil {
		return nil, err
	}
	if !t.issuedTo(r.Client.ID) {
		return nil, errBadRefreshToken(errors.New("not made by us for this client"))
	}
	if err := p.checkRequested(ctx, r, t, requested); err != nil {
		return nil, err
	}
	bound, err := r.rowConfirmation()
	if err != nil {
		return nil, err
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	g, err := p.cfg.Grants.Rotate(ctx, storage.Rotation{
		GrantID: t.GrantID, ClientID: r.Client.ID, Generation: t.Generation, Salt: t.Salt[:],
		IdleLifetime: r.Client.Lifetimes.RefreshIdle, Confirmation: bound,
	})
	if errors.Is(err, storage.ErrNotFound) {
		g, err = p.notLive(ctx, r, t, bound)
	} else if err != nil {
		err = unavailable("rotate refresh token", err)
	}
	if err != nil {
		return nil, err
	}
	return p.refreshed(ctx, r, g, t, requested)
}

// parseRefreshToken reads a token's form. One of a key that this node does not
// know cannot be judged (requirement KY5): it may be as good as any, made by a
// node that has a newer configuration. Only where its grant could not bear it
// anyway is that a verdict, errRefreshToken.
func (p *Provider) parseRefreshToken(ctx context.Context, token, clientID string) (*parsedRefreshToken, error) {
	t, err := p.refreshTokens.parse(token)
	if !errors.Is(err, keys.ErrUnknownKey) {
		return t, err
	}
	g, found := p.cfg.Grants.ByID(ctx, t.GrantID)
	switch {
	case errors.Is(found, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: it has no grant", errRefreshToken)
	case found != nil:
		return nil, unavailable("read the grant of a refresh token", found)
	case clientID != "" && g.Grant.ClientID != clientID, !g.Grant.Live(g.Now):
		return nil, fmt.Errorf("%w: its grant has ended or another client", errRefreshToken)
	}
	return nil, unavailable("read refresh token", err)
}

// refreshed answers with new tokens of a grant that t may still refresh. The
// successor follows from t alone: asked twice, it is the same twice (idempotent).
func (p *Provider) refreshed(ctx context.Context, r *tokenRequest, g *storage.GrantUser, t *parsedRefreshToken, requested []string) (*tokenResponse, error) {
	if g.User.Disabled() {
		return nil, errBadRefreshToken(errors.New("the account is disabled"))
	}
	if err := p.checkAccess(ctx, r, g); err != nil {
		return nil, err
	}
	var err error
	if r.Resource, err = p.make.chooseResource(r, allowedBy(&g.Grant)); err != nil {
		return nil, err
	}
	scopes, err := refreshScopes(r.Client, g.Grant.Scopes, requested)
	if err != nil {
		return nil, err
	}
	response, err := p.issue(ctx, r, g, scopes, "")
	if err != nil {
		return nil, err
	}
	next := refreshToken{GrantID: t.GrantID, Generation: t.Generation + 1, Salt: t.Salt}
	response.RefreshToken, err = p.refreshTokens.encode(next, r.Client.ID)
	if err != nil {
		return nil, err
	}
	return response, nil
}

// checkRequested refuses a request for more than was granted before it costs
// the refresh token its life.
func (p *Provider) checkRequested(ctx context.Context, r *tokenRequest, t *parsedRefreshToken, requested []string) error {
	if len(requested) == 0 && len(r.Form["resource"]) == 0 {
		return nil
	}
	g, err := p.grantOf(ctx, t)
	if errors.Is(err, errRefreshToken) {
		return errBadRefreshToken(err)
	}
	if err != nil {
		return err
	}
	if _, err := refreshScopes(r.Client, g.Grant.Scopes, requested); err != nil {
		return err
	}
	_, err = p.make.chooseResource(r, allowedBy(&g.Grant))
	return err
}

// notLive decides what to do with a token that could not be rotated. Whoever does not
// prove to hold the key that the grant is bound to learns nothing and ends nothing.
func (p *Provider) notLive(ctx context.Context, r *tokenRequest, t *parsedRefreshToken, bound string) (*storage.GrantUser, error) {
	g, err := p.grantOf(ctx, t)
	if errors.Is(err, errRefreshToken) {
		return nil, errBadRefreshToken(err)
	}
	if err != nil {
		return nil, err
	}
	if g.Grant.Confirmation != bound {
		return nil, errBadRefreshToken(errors.New("its grant is bound to another key than that of the DPoP proof"))
	}
	decision, why := decideRefresh(staleRefresh{
		// The database's time, as that of the rotation: neither the clock of this node
		// nor how long the request was held up turns a retry into a reuse.
		Now: g.Now, Generation: t.Generation, Grace: r.Client.Lifetimes.RefreshGrace, Row: g,
	})
	switch decision {
	case refreshRepeat:
		return g, nil
	case refreshReuse:
		err := p.revokeAfterAttack(ctx, r, &g.Grant, storage.RevokedReuse, storage.EventRefreshReuse)
		if err != nil {
			return nil, err
		}
	case refreshRefuse:
	}
	return nil, errBadRefreshToken(errors.New(why))
}

// grantOf returns the grant that the token is one of, whatever its generation
// and whether the grant lives or not. A token of none answers errRefreshToken.
func (p *Provider) grantOf(ctx context.Context, t *parsedRefreshToken) (*storage.GrantUser, error) {
	g, err := p.cfg.Grants.ByID(ctx, t.GrantID)
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
			return nil, invalidScope("a scope was not granted")
		}
	}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(requested, scope) }), nil
}
