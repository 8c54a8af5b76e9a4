package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

const introspectionPath = "/introspect"

var introspectionEndpoint = clientEndpoint{
	path: introspectionPath, member: "introspection_endpoint", serversOnly: true,
	parameters: []string{"token", "token_type_hint"}, required: "token", authMethods: secretMethods(),
	answer: (*Provider).introspect, metadata: introspectionMetadata,
}

// introspection is the answer of the introspection endpoint (RFC 7662 section
// 2.2). Its zero value is that of a token that does not work, or is none of the
// caller's business: the two look the same.
type introspection struct {
	Active    bool     `json:"active"`
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Username  string   `json:"username,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	ID        string   `json:"jti,omitempty"`
	IssuedAt  int64    `json:"iat,omitempty"`
	ExpiresAt int64    `json:"exp,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	SID       string   `json:"sid,omitempty"`
	// Act and MayAct are RFC 8693 sections 4.1 and 4.4.
	Act    *actorClaim `json:"act,omitempty"`
	MayAct *actorClaim `json:"may_act,omitempty"`
	// Confirmation is RFC 9449 section 6.2.
	Confirmation *confirmation `json:"cnf,omitempty"`
	// about adds what the token says of the person, signed or sealed; nil: nothing.
	about claimsAdder
}

// MarshalJSON implements json.Marshaler.
func (i *introspection) MarshalJSON() ([]byte, error) {
	type plain introspection
	payload, err := json.Marshal((*plain)(i))
	if err != nil || i.about == nil {
		return payload, err
	}
	return i.about(payload)
}

// introspect is the introspection endpoint: it tells a resource server whether a
// token works and what it says. Only who proves who it is may ask.
func (p *Provider) introspect(ctx context.Context, r *tokenRequest) (any, error) {
	token, look := r.Form.Get("token"), p.introspectAccessToken
	if strings.HasPrefix(token, refreshTokenPrefix) {
		look = p.introspectRefreshToken
	}
	answer, err := look(ctx, r, token)
	if errors.Is(err, errInvalidToken) || errors.Is(err, errRefreshToken) {
		p.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "inactive token",
			slog.String("client_id", r.Client.ID), slog.String("reason", err.Error()))
		answer, err = &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	return p.inForm(ctx, r, answer)
}

func (p *Provider) introspectAccessToken(ctx context.Context, r *tokenRequest, token string) (*introspection, error) {
	claims, err := p.access.decode(ctx, token, r.Now)
	if err != nil {
		return nil, err
	}
	if !p.mayIntrospect(r.Client, claims.ClientID, claims.Audience) {
		return nil, fmt.Errorf("%w: not for this caller", errInvalidToken)
	}
	active, err := p.checkAccessTokenState(ctx, claims, r.Now)
	if err != nil {
		return nil, err
	}
	claims = &active.Claims
	answer := &introspection{
		Active: true, Issuer: claims.Issuer, Subject: claims.Subject, Audience: claims.Audience,
		ClientID: claims.ClientID, Scope: claims.Scope, TokenType: claims.Confirmation.tokenType(), ID: claims.ID,
		IssuedAt: claims.IssuedAt, ExpiresAt: claims.ExpiresAt,
		AuthTime: claims.AuthTime, ACR: claims.ACR, AMR: claims.AMR, SID: claims.SID, Act: claims.Act, MayAct: claims.MayAct, Confirmation: claims.Confirmation,
	}
	if active.Grant != nil {
		answer.about = p.make.accessTokenExtras(active.Client, active.Grant, target{audience: claims.Audience})
		answer.Username = username(&active.Grant.User, claims.Scopes())
	}
	return answer, nil
}

func (p *Provider) introspectRefreshToken(ctx context.Context, r *tokenRequest, token string) (*introspection, error) {
	t, err := p.parseRefreshToken(ctx, token, "")
	if err != nil {
		return nil, err
	}
	g, err := p.grantOf(ctx, t)
	if err != nil {
		return nil, err
	}
	if !p.mayIntrospect(r.Client, g.Grant.ClientID, nil) {
		return nil, fmt.Errorf("%w: not for this caller", errInvalidToken)
	}
	owner, err := p.cfg.Clients.Client(ctx, g.Grant.ClientID)
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return nil, unavailable("look up client", err)
	}
	if owner == nil || !owner.AllowsGrant(client.GrantRefreshToken) {
		return nil, fmt.Errorf("%w: its client may not refresh", errInvalidToken)
	}
	scopes, err := refreshScopes(owner, g.Grant.Scopes, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalidToken, err)
	}
	if d := p.decideAccess(owner, g); d.Outcome != access.Allowed {
		return nil, fmt.Errorf("%w: its person may not use the client: %s", errInvalidToken, d.By)
	}
	if !refreshable(g, t.Generation) {
		return nil, fmt.Errorf("%w: used, expired or revoked", errInvalidToken)
	}
	expiresAt := g.Grant.ExpiresAt
	if g.Grant.IdleExpiresAt.Before(expiresAt) {
		expiresAt = g.Grant.IdleExpiresAt
	}
	authentication := g.Grant.Authentication
	return &introspection{
		Active: true, Issuer: p.cfg.Issuer, Subject: client.Subject(owner, g.Grant.UserID), Audience: []string{p.cfg.Issuer},
		ClientID: g.Grant.ClientID, Username: username(&g.User, scopes), Scope: strings.Join(scopes, " "),
		IssuedAt: g.Grant.RotatedAt.Unix(), ExpiresAt: expiresAt.Unix(),
		AuthTime: authentication.Time.Unix(), ACR: toldACR(&g.Grant), AMR: authentication.AMR, SID: string(g.Grant.SID),
	}, nil
}

// refreshable reports whether the generation is the grant's live one.
func refreshable(g *storage.GrantUser, generation uint32) bool {
	return g.Grant.Refreshable && g.Grant.Live(g.Now) && g.Now.Before(g.Grant.IdleExpiresAt) &&
		!g.User.Disabled() && generation == g.Grant.Generation
}

// mayIntrospect reports whether a token concerns the caller: its own, made for
// it, or any where its registration says so.
func (p *Provider) mayIntrospect(caller *client.Client, clientID string, audience []string) bool {
	return caller.IntrospectAny || caller.ID == clientID || concerns(p.cfg.Access, audience, caller.ID)
}

// username is told only to whom the profile was granted.
func username(u *storage.User, scopes []string) string {
	if !slices.Contains(scopes, client.ScopeProfile) {
		return ""
	}
	return u.Username
}
