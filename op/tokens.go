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
	// about is whom the tokens are about; the zero value is the client itself.
	about issuedTo
}

// issue makes the access token and, where openid is among the scopes, the ID
// token of a grant. The refresh token is the caller's business.
func (p *Provider) issue(r *tokenRequest, g *storage.GrantUser, scopes []string, nonce string) (*tokenResponse, error) {
	now := g.Now // the database's, as in the grant's row: nodes' clocks may differ
	if now.IsZero() {
		now = r.Now
	}
	expiresAt := now.Add(r.Client.Lifetimes.AccessToken)
	if g.Grant.ExpiresAt.Before(expiresAt) {
		expiresAt = g.Grant.ExpiresAt // a token cannot outlive its grant: say so
	}
	claims := accessTokenClaims{
		Subject:  client.Subject(r.Client, g.Grant.UserID),
		Scope:    strings.Join(scopes, " "),
		AuthTime: g.Grant.Authentication.Time.Unix(),
		ACR:      g.Grant.Authentication.ACR,
		AMR:      g.Grant.Authentication.AMR,
		SID:      string(g.Grant.SID),
		GrantID:  g.Grant.ID,
	}
	response, err := p.accessToken(r.Client, &claims, now, expiresAt)
	if err != nil {
		return nil, err
	}
	response.about = issuedTo{UserID: g.Grant.UserID, GrantID: g.Grant.ID, ACR: g.Grant.Authentication.ACR}
	if slices.Contains(scopes, client.ScopeOpenID) {
		response.IDToken, err = p.idToken(r.Client, g, response.AccessToken, nonce, now)
		if err != nil {
			return nil, err
		}
	}
	return response, nil
}

// accessToken completes the claims with what each access token has and makes it.
func (p *Provider) accessToken(c *client.Client, claims *accessTokenClaims, now, expiresAt time.Time) (*tokenResponse, error) {
	id, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name access token: %w", err)
	}
	claims.Issuer = p.cfg.Issuer
	claims.Audience = p.audience(c)
	claims.ClientID = c.ID
	claims.ID = string(id)
	claims.IssuedAt = now.Unix()
	claims.ExpiresAt = expiresAt.Unix()
	token, err := p.access.encode(c, claims)
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
func (p *Provider) audience(c *client.Client) []string {
	audience := make([]string, 0, len(c.Audience)+1)
	audience = append(audience, c.Audience...)
	if !slices.Contains(audience, p.cfg.Issuer) {
		audience = append(audience, p.cfg.Issuer)
	}
	return audience
}
