package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// answer is what the authorization endpoint issues for a request of a person who is
// signed in: a code, and by the response type tokens as well (OpenID Connect Core 3.1.2.5,
// 3.2.2.5 and 3.3.2.5).
func (p *Provider) answer(r *http.Request, request *interaction.AuthorizationRequest, who *storage.SignedIn) (url.Values, error) {
	answer := url.Values{}
	if client.InResponseType(request.ResponseType, "code") {
		code, err := p.issueCode(r.Context(), request, who)
		if err != nil {
			return nil, err
		}
		answer.Set("code", code)
	}
	if request.ResponseType == client.ResponseTypeCode {
		return answer, nil
	}
	c, err := p.cfg.Clients.Client(r.Context(), request.ClientID)
	if err != nil {
		return nil, unavailable("look up client", err)
	}
	return answer, p.addTokens(r.Context(), &tokenRequest{HTTP: r, Form: url.Values{}, Client: c, Now: p.cfg.Now()}, request, who, answer)
}

// addTokens adds the tokens of the response type to an answer.
func (p *Provider) addTokens(ctx context.Context, r *tokenRequest, request *interaction.AuthorizationRequest, who *storage.SignedIn, answer url.Values) error {
	g, err := p.frontGrant(ctx, r, request, who)
	if err != nil {
		return err
	}
	m, now := p.make.forOne(), g.Now
	claims := idTokenClaims{Nonce: request.Nonce}
	if client.InResponseType(request.ResponseType, "token") {
		response, err := p.frontAccessToken(m, r, g)
		if err != nil {
			return err
		}
		answer.Set("access_token", response.AccessToken)
		answer.Set("token_type", response.TokenType)
		answer.Set("expires_in", strconv.FormatInt(response.ExpiresIn, 10))
		answer.Set("scope", response.Scope)
		claims.AccessTokenHash = tokenHash(idTokenAlg(r.Client), response.AccessToken)
	}
	if code := answer.Get("code"); code != "" {
		claims.CodeHash = tokenHash(idTokenAlg(r.Client), code)
	}
	if request.ResponseType == client.ResponseTypeIDToken {
		claims.scopes = g.Grant.Scopes
	}
	if client.InResponseType(request.ResponseType, "id_token") {
		token, err := p.signIDToken(ctx, m, r.Client, g, claims, now)
		if err != nil {
			return err
		}
		answer.Set("id_token", token)
	}
	p.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "tokens issued",
		slog.String("response_type", request.ResponseType), slog.String("client_id", r.Client.ID),
		slog.String("user_id", string(g.Grant.UserID)), slog.String("grant_id", string(g.Grant.ID)), slog.String("acr", g.Grant.Authentication.ACR))
	return nil
}

// frontGrant is what the tokens of an answer rest on: a row of its own, which ends with
// its session, without refresh tokens. Where only an ID token goes with a code, the row
// is that of the code's exchange, and is not there yet.
func (p *Provider) frontGrant(ctx context.Context, r *tokenRequest, request *interaction.AuthorizationRequest, who *storage.SignedIn) (*storage.GrantUser, error) {
	stands, err := p.standsFor(ctx, request, who)
	if err != nil {
		return nil, err
	}
	stands.Origin = storage.OriginImplicit
	if request.ResponseType == client.ResponseTypeCodeIDToken {
		grant, err := p.newGrant(r, stands, "")
		if err != nil {
			return nil, err
		}
		return &storage.GrantUser{Grant: *grant, User: who.User, Now: r.Now}, nil
	}
	g, err := p.createGrant(ctx, r, stands, "")
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, &Error{Code: "login_required", Description: "the session has ended, or the password was changed"}
	case err != nil:
		return nil, unavailable("create grant", err)
	}
	if g.Now.IsZero() {
		g.Now = r.Now
	}
	if err := p.checkAccess(ctx, r, g); err != nil {
		if refused := errorOf(err); refused.Code == codeInvalidGrant {
			return nil, &Error{Code: codeAccessDenied, Description: refused.Description, Cause: refused.Cause}
		}
		return nil, err
	}
	return g, nil
}

// frontAccessToken makes the access token of an answer. No proof came with it: it is a
// bearer token.
func (p *Provider) frontAccessToken(m *maker, r *tokenRequest, g *storage.GrantUser) (*tokenResponse, error) {
	var err error
	r.Resource, err = p.make.chooseResource(r, allowed{scopes: g.Grant.Scopes, resources: g.Grant.Resource, redirectURI: g.Grant.RedirectURI})
	if err != nil {
		return nil, err
	}
	return p.grantToken(m, r, g, g.Grant.Scopes, g.Now)
}
