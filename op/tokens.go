package op

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
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
	// IssuedType is of token exchange (RFC 8693 section 2.2.1).
	IssuedType string `json:"issued_token_type,omitempty"`
	// about is whom the tokens are about; the zero value is the client itself.
	about issuedTo
}

// issue makes the access token and, where openid is among the scopes, the ID
// token of a grant. The refresh token is the caller's business.
func (p *Provider) issue(ctx context.Context, r *tokenRequest, g *storage.GrantUser, scopes []string, nonce string) (*tokenResponse, error) {
	now := g.Now // the database's, as in the grant's row: nodes' clocks may differ
	if now.IsZero() {
		now = r.Now
	}
	m := p.make.forOne()
	response, err := p.grantToken(m, r, g, scopes, now)
	if err != nil {
		return nil, err
	}
	response.about = issuedTo{UserID: g.Grant.UserID, GrantID: g.Grant.ID, ACR: g.Grant.Authentication.ACR}
	if slices.Contains(scopes, client.ScopeOpenID) {
		response.IDToken, err = p.idToken(ctx, m, r.Client, g, response.AccessToken, nonce, now)
		if err != nil {
			return nil, err
		}
	}
	return response, nil
}

// grantToken makes the access token of a grant.
func (p *Provider) grantToken(m *maker, r *tokenRequest, g *storage.GrantUser, scopes []string, now time.Time) (*tokenResponse, error) {
	to := p.make.target(r.Client, scopes, r.Resource)
	expiresAt := now.Add(to.lifetime)
	if g.Grant.ExpiresAt.Before(expiresAt) {
		expiresAt = g.Grant.ExpiresAt // a token cannot outlive its grant: say so
	}
	claims := grantClaims(r.Client, g)
	return p.accessToken(r, &claims, to, m.accessTokenExtras(r.Client, g, to), now, expiresAt)
}

// grantClaims is what access tokens of a grant say of it.
func grantClaims(c *client.Client, g *storage.GrantUser) accessTokenClaims {
	return accessTokenClaims{
		Subject:  client.Subject(c, g.Grant.UserID),
		AuthTime: g.Grant.Authentication.Time.Unix(),
		ACR:      toldACR(&g.Grant),
		AMR:      g.Grant.Authentication.AMR,
		SID:      string(g.Grant.SID),
		GrantID:  g.Grant.ID,
	}
}

// accessToken completes the claims with what each access token has and makes it.
// about adds what is said of the person; nil where there is none. It is bound to the
// key of the request's proof.
func (p *Provider) accessToken(r *tokenRequest, claims *accessTokenClaims, to target, about claimsAdder, now, expiresAt time.Time) (*tokenResponse, error) {
	id, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name access token: %w", err)
	}
	claims.ID = string(id)
	claims.Confirmation = r.confirmation()
	p.make.complete(claims, r.Client, to, now, expiresAt)
	token, err := p.access.encode(to, claims, about)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{
		AccessToken: token,
		TokenType:   claims.Confirmation.tokenType(),
		ExpiresIn:   claims.ExpiresAt - claims.IssuedAt,
		Scope:       claims.Scope,
	}, nil
}

// complete fills in what each access token has.
func (m *maker) complete(claims *accessTokenClaims, c *client.Client, to target, now, expiresAt time.Time) {
	claims.Issuer, claims.Audience, claims.ClientID = m.issuer, to.audience, c.ID
	claims.Scope = strings.Join(to.scopes, " ")
	if c.MayAct != "" {
		claims.MayAct = &actorClaim{Subject: c.MayAct}
	}
	claims.IssuedAt, claims.ExpiresAt = now.Unix(), expiresAt.Unix()
}
