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

// revoke ends a token of the client (RFC 7009). A token that we do not know or
// that has ended is as good as revoked; a store that does not answer is not.
// The hint says nothing that the token's own form does not.
func (s *server) revoke(ctx context.Context, c call, token string) error {
	if strings.HasPrefix(token, refreshTokenPrefix) {
		return s.revokeRefreshToken(ctx, c, token)
	}
	return s.revokeAccessToken(ctx, c, token)
}

// revokeRefreshToken ends the whole grant, access tokens included, whichever
// generation is shown.
func (s *server) revokeRefreshToken(ctx context.Context, c call, token string) error {
	t, err := s.refreshTokens.parse(token)
	if err != nil {
		return nil // no token of ours
	}
	g, err := s.grantOf(ctx, t)
	if errors.Is(err, errRefreshToken) {
		return nil
	}
	if err != nil {
		return err
	}
	if g.Grant.ClientID != c.client.ID {
		return errNotYours()
	}
	event, err := s.event(ctx, c, storage.EventGrantRevoked, &g.Grant)
	if err != nil {
		return err
	}
	event.Detail = storage.RevokedByClient
	err = s.cfg.Grants.Revoke(ctx, g.Grant.ID, c.now, storage.RevokedByClient, event)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return unavailable("revoke grant", err)
	}
	return nil
}

// revokeAccessToken ends one access token and leaves its grant alone.
func (s *server) revokeAccessToken(ctx context.Context, c call, token string) error {
	claims, err := s.access.decode(token, c.now)
	if err != nil {
		return nil // forged, or expired by itself
	}
	if claims.ClientID != c.client.ID {
		return errNotYours()
	}
	event, err := s.event(ctx, c, storage.EventAccessTokenRevoked, nil)
	if err != nil {
		return err
	}
	event.GrantID, event.SID = claims.GrantID, storage.ID(claims.SID)
	if claims.GrantID != "" {
		event.UserID = storage.ID(claims.Subject)
	}
	err = s.cfg.Tokens.Revoke(ctx, claims.ID, time.Unix(claims.ExpiresAt, 0), event)
	if err != nil {
		return unavailable("revoke access token", err)
	}
	return nil
}
