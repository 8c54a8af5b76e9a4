package op

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// accessTokenType is the typ of an access token's header (RFC 9068 section
// 2.1): what keeps an ID token from passing for one.
const accessTokenType = client.TypeHeaderAccessToken

// The signing algorithms of tokens where a client names none. Every relying
// party must know RS256 (OpenID Connect Core 15.1); access tokens are for
// resource servers, where the algorithm that is forty times cheaper serves.
const (
	defaultIDTokenAlg     = "RS256"
	defaultAccessTokenAlg = "ES256"
)

// signingAlgs are the algorithms accepted in a token of ours.
var signingAlgs = client.SigningAlgs()

// errInvalidToken says that an access token does not work: forged, expired,
// revoked, of another kind or of another issuer. What wraps it says which.
var errInvalidToken = errors.New("invalid access token")

// signatures makes and checks JWTs; keys.Ring in the binary.
type signatures interface {
	Sign(alg, typ string, payload []byte) (string, error)
	// Verify answers an error that is no keys.ErrInvalidJWS where it cannot judge.
	Verify(ctx context.Context, token, typ string, algs ...string) ([]byte, error)
}

// accessTokenClaims is what an access token says, whether signed or sealed
// (RFC 9068 section 2.2). Times are in seconds since 1970.
type accessTokenClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  []string `json:"aud"`
	ClientID  string   `json:"client_id"`
	Scope     string   `json:"scope,omitempty"`
	ID        string   `json:"jti"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	SID       string   `json:"sid,omitempty"`
	// Confirmation is what whoever shows the token must prove to hold; nil: it is a bearer token.
	Confirmation *confirmation `json:"cnf,omitempty"`
	// GrantID names the grant whose row says whether the token still works;
	// empty where a client acts for itself.
	GrantID storage.ID `json:"gid,omitempty"`
	// GrantClient is the client of that grant, where the token was exchanged by another.
	GrantClient string `json:"gcl,omitempty"`
	// Act is who acts with the token for its subject, and MayAct who may (RFC 8693
	// sections 4.1 and 4.4); nil is not said.
	Act    *actorClaim `json:"act,omitempty"`
	MayAct *actorClaim `json:"may_act,omitempty"`
}

// Scopes returns the scopes one by one.
func (c *accessTokenClaims) Scopes() []string { return strings.Fields(c.Scope) }

// complete fills in what follows from the grant, where the token does not hold it,
// and reports whether the token is about the grant's person.
func (c *accessTokenClaims) complete(of *client.Client, g *storage.Grant) bool {
	subject := client.Subject(of, g.UserID)
	if c.Subject == "" {
		c.Subject, c.SID, c.AuthTime = subject, string(g.SID), g.Authentication.Time.Unix()
		c.ACR, c.AMR = toldACR(g), g.Authentication.AMR
	}
	return c.Subject == subject
}

// activeToken is an access token that works right now.
type activeToken struct {
	Claims accessTokenClaims
	// Grant is nil for a token of client_credentials.
	Grant  *storage.GrantUser
	Client *client.Client
}

// grant is the row behind the token; nil where there is none.
func (t *activeToken) grant() *storage.Grant {
	if t.Grant == nil {
		return nil
	}
	return &t.Grant.Grant
}

// accessTokenCodec makes and reads access tokens of both formats.
type accessTokenCodec struct {
	issuer string
	jwts   signatures
	sealer *keys.Sealer
}

// encode makes a token for a target. about adds what a signed one says of the person,
// or is nil; a sealed one is small, and introspection tells the same.
func (c *accessTokenCodec) encode(to target, claims *accessTokenClaims, about claimsAdder) (string, error) {
	if to.format == client.AccessTokenOpaque {
		return c.seal(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode access token: %w", err)
	}
	if about != nil {
		if payload, err = about(payload); err != nil {
			return "", err
		}
	}
	token, err := c.jwts.Sign(to.alg, to.typ, payload)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return token, nil
}

// decode reads a token that we made, is an access token, and has not expired.
// It asks no store: the token may have been revoked, and what a sealed one does
// not hold is missing. Where it cannot judge it answers another error than
// errInvalidToken.
func (c *accessTokenCodec) decode(ctx context.Context, token string, now time.Time) (*accessTokenClaims, error) {
	read := c.verify
	if strings.HasPrefix(token, sealedTokenPrefix) {
		read = func(_ context.Context, token string) (*accessTokenClaims, error) { return c.open(token) }
	}
	claims, err := read(ctx, token)
	switch {
	case errors.Is(err, keys.ErrInvalidJWS) || errors.Is(err, errSealedTokenForm) || errors.Is(err, errInvalidToken):
		return nil, fmt.Errorf("%w: %w", errInvalidToken, err)
	case err != nil:
		return nil, unavailable("read access token", err)
	case claims.Issuer != c.issuer:
		return nil, fmt.Errorf("%w: of another issuer", errInvalidToken)
	case claims.ID == "" || claims.ClientID == "":
		return nil, fmt.Errorf("%w: incomplete", errInvalidToken)
	case claims.ExpiresAt <= now.Unix():
		return nil, fmt.Errorf("%w: expired", errInvalidToken)
	}
	return claims, nil
}

// verify reads a signed token. Some clients' are of the type JWT, as ID tokens are:
// those must be for us as well, which no ID token is.
func (c *accessTokenCodec) verify(ctx context.Context, token string) (*accessTokenClaims, error) {
	payload, err := c.jwts.Verify(ctx, token, accessTokenType, signingAlgs...)
	typed := err == nil
	if errors.Is(err, keys.ErrInvalidJWS) {
		plain, plainErr := c.jwts.Verify(ctx, token, client.TypeHeaderJWT, signingAlgs...)
		if !errors.Is(plainErr, keys.ErrInvalidJWS) {
			payload, err = plain, plainErr
		}
	}
	if err != nil {
		return nil, err
	}
	var claims accessTokenClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalidToken, err)
	}
	if claims.Subject == "" || !typed && !slices.Contains(claims.Audience, c.issuer) {
		return nil, fmt.Errorf("%w: an ID token, or incomplete", errInvalidToken)
	}
	return &claims, nil
}

// checkAccessToken returns the token if it works at our own endpoints: made by
// us, for us (RFC 9068 section 4), for a client that is still registered, under
// a grant that lives. A token that does not answers errInvalidToken; any other
// error is a store's. It costs one round trip to the store.
func (p *Provider) checkAccessToken(ctx context.Context, token string) (*activeToken, error) {
	now := p.cfg.Now()
	claims, err := p.access.decode(ctx, token, now)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(claims.Audience, p.cfg.Issuer) {
		return nil, fmt.Errorf("%w: for another audience", errInvalidToken)
	}
	return p.checkAccessTokenState(ctx, claims, now)
}

// checkAccessTokenState asks of a decoded token what only a store knows.
func (p *Provider) checkAccessTokenState(ctx context.Context, claims *accessTokenClaims, now time.Time) (*activeToken, error) {
	c, err := p.cfg.Clients.Client(ctx, claims.ClientID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, fmt.Errorf("%w: its client is gone", errInvalidToken)
	case err != nil:
		return nil, unavailable("look up client", err)
	}
	active := &activeToken{Claims: *claims, Client: c}
	if claims.GrantID == "" {
		revoked, err := p.cfg.Tokens.Revoked(ctx, claims.ClientID, claims.ID, time.Unix(claims.IssuedAt, 0))
		switch {
		case err != nil:
			return nil, unavailable("check access token", err)
		case revoked:
			return nil, fmt.Errorf("%w: revoked", errInvalidToken)
		}
		return active, nil
	}
	grant, err := p.cfg.Tokens.Check(ctx, claims.GrantID, claims.ID, now)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: its grant ended or it was revoked", errInvalidToken)
	case err != nil:
		return nil, unavailable("check access token", err)
	case grant.Grant.ClientID != cmp.Or(claims.GrantClient, claims.ClientID) || !active.Claims.complete(c, &grant.Grant):
		return nil, fmt.Errorf("%w: not of its grant", errInvalidToken)
	}
	if d := p.decideAccess(c, grant); d.Outcome != access.Allowed {
		return nil, fmt.Errorf("%w: its person may not use the client: %s", errInvalidToken, d.By)
	}
	if claims.GrantClient != "" {
		if err := p.checkGrantClient(ctx, claims.GrantClient, grant); err != nil {
			return nil, err
		}
	}
	active.Grant = grant
	return active, nil
}

// checkGrantClient refuses a token that was exchanged where its person may not use the
// client any more that the grant is of, or that is gone: what was exchanged is worth no
// more than what it was exchanged for (authorization, requirement AC1).
func (p *Provider) checkGrantClient(ctx context.Context, id string, grant *storage.GrantUser) error {
	c, err := p.cfg.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return fmt.Errorf("%w: the client of its grant is gone", errInvalidToken)
	case err != nil:
		return unavailable("look up client of a grant", err)
	}
	if d := p.decideAccess(c, grant); d.Outcome != access.Allowed {
		return fmt.Errorf("%w: its person may not use the client of its grant: %s", errInvalidToken, d.By)
	}
	return nil
}
