package op

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// tokenResponse is the answer of the token endpoint (RFC 6749 section 5.1).
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// ExpiresIn is in seconds.
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// issue makes the access token and, where openid is among the scopes, the ID
// token of a grant. The refresh token is the caller's business.
func (s *server) issue(c call, g *storage.GrantUser, scopes []string, nonce string) (*tokenResponse, error) {
	expiresAt := c.now.Add(c.client.Lifetimes.AccessToken)
	if g.Grant.ExpiresAt.Before(expiresAt) {
		expiresAt = g.Grant.ExpiresAt // a token cannot outlive its grant: say so
	}
	claims := accessTokenClaims{
		Subject:  string(g.Grant.UserID),
		Scope:    strings.Join(scopes, " "),
		AuthTime: g.Grant.Authentication.Time.Unix(),
		ACR:      g.Grant.Authentication.ACR,
		AMR:      g.Grant.Authentication.AMR,
		SID:      string(g.Grant.SID),
		GrantID:  g.Grant.ID,
	}
	response, err := s.accessToken(c, &claims, expiresAt)
	if err != nil {
		return nil, err
	}
	if slices.Contains(scopes, client.ScopeOpenID) {
		response.IDToken, err = s.idToken(c.client, g, response.AccessToken, nonce, c.now)
		if err != nil {
			return nil, err
		}
	}
	return response, nil
}

// accessToken completes the claims with what each access token has and makes it.
func (s *server) accessToken(c call, claims *accessTokenClaims, expiresAt time.Time) (*tokenResponse, error) {
	id, err := storage.NewID(c.now, s.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name access token: %w", err)
	}
	claims.Issuer = s.cfg.Issuer
	claims.Audience = s.audience(c.client)
	claims.ClientID = c.client.ID
	claims.ID = string(id)
	claims.IssuedAt = c.now.Unix()
	claims.ExpiresAt = expiresAt.Unix()
	token, err := s.access.encode(c.client, claims)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{
		AccessToken: token,
		TokenType:   oidc.BearerToken,
		ExpiresIn:   claims.ExpiresAt - claims.IssuedAt,
		Scope:       claims.Scope,
	}, nil
}

// audience is who may rely on the client's access tokens: the resource servers
// it is registered for, and we ourselves, for userinfo.
func (s *server) audience(client *client.Client) []string {
	audience := make([]string, 0, len(client.Audience)+1)
	audience = append(audience, client.Audience...)
	if !slices.Contains(audience, s.cfg.Issuer) {
		audience = append(audience, s.cfg.Issuer)
	}
	return audience
}
