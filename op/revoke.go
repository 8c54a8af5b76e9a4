package op

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// errNotYours refuses to revoke what was issued to somebody else (RFC 7009
// section 2.1).
func errNotYours() error {
	return invalidGrant("the token was issued to another client", nil)
}

const revocationPath = "/revoke"

var revocationEndpoint = clientEndpoint{
	path: revocationPath, member: "revocation_endpoint",
	parameters: []string{"token", "token_type_hint"}, required: "token", authMethods: authMethods,
	answer: (*Provider).revoke,
}

// revoke is the revocation endpoint: it ends a token of the client. A token that
// we do not know or that has ended is as good as revoked (idempotent); one that
// cannot be judged here, or a store that does not answer, is not (requirement
// TK8). The hint says nothing that the token's own form does not.
func (p *Provider) revoke(ctx context.Context, r *tokenRequest) (any, error) {
	token, end := r.Form.Get("token"), p.revokeAccessToken
	if strings.HasPrefix(token, refreshTokenPrefix) {
		end = p.revokeRefreshToken
	}
	return struct{}{}, end(ctx, r, token)
}

// revokeRefreshToken ends the whole grant, access tokens included, whichever
// generation is shown.
func (p *Provider) revokeRefreshToken(ctx context.Context, r *tokenRequest, token string) error {
	t, err := p.parseRefreshToken(ctx, token, r.Client.ID)
	if errors.Is(err, errRefreshToken) {
		return nil // no token of ours
	}
	if err != nil {
		return err
	}
	g, err := p.grantOf(ctx, t)
	if errors.Is(err, errRefreshToken) {
		return nil
	}
	if err != nil {
		return err
	}
	if g.Grant.ClientID != r.Client.ID {
		return errNotYours()
	}
	event, err := p.event(ctx, r, storage.EventGrantRevoked, &g.Grant)
	if err != nil {
		return err
	}
	event.Detail = storage.RevokedByClient
	err = p.cfg.Grants.Revoke(ctx, g.Grant.ID, r.Now, storage.RevokedByClient, event)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return unavailable("revoke grant", err)
	}
	return nil
}

// revokeAccessToken ends one access token and leaves its grant alone.
func (p *Provider) revokeAccessToken(ctx context.Context, r *tokenRequest, token string) error {
	claims, err := p.access.decode(ctx, token, r.Now)
	if errors.Is(err, errInvalidToken) {
		return nil // forged, or expired by itself
	}
	if err != nil {
		return err
	}
	if claims.ClientID != r.Client.ID {
		return errNotYours()
	}
	var grant *storage.Grant
	if claims.GrantID != "" {
		g, err := p.cfg.Grants.ByID(ctx, claims.GrantID)
		if errors.Is(err, storage.ErrNotFound) {
			return nil // it ended with its grant
		}
		if err != nil {
			return unavailable("read the grant of an access token", err)
		}
		grant = &g.Grant
	}
	event, err := p.event(ctx, r, storage.EventAccessTokenRevoked, grant)
	if err != nil {
		return err
	}
	err = p.cfg.Tokens.Revoke(ctx, claims.ID, time.Unix(claims.ExpiresAt, 0), event)
	if err != nil {
		return unavailable("revoke access token", err)
	}
	return nil
}
