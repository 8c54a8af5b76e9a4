package op

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"
)

// The addresses of the endpoints that the library routes, below the issuer.
const (
	tokenPath         = "/token"
	introspectionPath = "/introspect"
	revocationPath    = "/revoke"
)

// server answers the token, introspection and revocation endpoints. Methods of
// the library's interface that it does not implement answer that they are not.
type server struct {
	zitadel.UnimplementedServer
	cfg           Config
	clients       *clientAuthenticator
	access        *accessTokenCodec
	refreshTokens *refreshTokenCodec
}

var _ zitadel.Server = (*server)(nil)

func newServer(cfg Config) (*server, error) {
	sealed, err := newSealedTokenCodec(cfg.Hasher.Derive("access-token"), cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("make token server: %w", err)
	}
	refreshTokens, err := newRefreshTokenCodec(cfg.Hasher.Derive("refresh-token"))
	if err != nil {
		return nil, fmt.Errorf("make token server: %w", err)
	}
	return &server{
		cfg:           cfg,
		clients:       &clientAuthenticator{clients: cfg.Clients, hasher: cfg.Hasher, now: cfg.Now},
		access:        &accessTokenCodec{issuer: cfg.Issuer, jwts: cfg.Keys, sealed: sealed},
		refreshTokens: refreshTokens,
	}, nil
}

// handler routes the three endpoints through the library, behind our front.
// The library's CORS is off: it would answer any origin, with credentials.
func (s *server) handler() http.Handler {
	return s.strict(zitadel.RegisterServer(s, zitadel.Endpoints{
		Token:         zitadel.NewEndpoint(tokenPath),
		Introspection: zitadel.NewEndpoint(introspectionPath),
		Revocation:    zitadel.NewEndpoint(revocationPath),
	}, zitadel.WithServerCORSOptions(nil), zitadel.WithDecoder(formDecoder{})))
}

// call is what an endpoint knows of its caller besides the form.
type call struct {
	client    *client.Client
	now       time.Time
	userAgent string
}

func callOf[T any](s *server, r *zitadel.ClientRequest[T]) call {
	c := s.call(r.Header)
	if known, ok := r.Client.(libraryClient); ok {
		c.client = known.registered
	}
	return c
}

func (s *server) call(header http.Header) call {
	return call{now: s.cfg.Now(), userAgent: header.Get("User-Agent")}
}

// VerifyClient authenticates the client and holds it to its grant types.
func (s *server) VerifyClient(ctx context.Context, r *zitadel.Request[zitadel.ClientCredentials]) (zitadel.Client, error) {
	c := presented(r.Header, r.Data.ClientID, r.Data.ClientSecret)
	client, err := s.clients.authenticate(ctx, c)
	if err != nil {
		return nil, s.refuse(ctx, r.URL.Path, c.ID, err)
	}
	if grantType := r.Form.Get("grant_type"); grantType != "" && !client.AllowsGrant(grantType) {
		err := oidc.ErrUnauthorizedClient().WithDescription("the client is not registered for this grant type")
		return nil, s.refuse(ctx, r.URL.Path, c.ID, err)
	}
	return libraryClient{client}, nil
}

// CodeExchange implements the authorization_code grant.
func (s *server) CodeExchange(ctx context.Context, r *zitadel.ClientRequest[oidc.AccessTokenRequest]) (*zitadel.Response, error) {
	c := callOf(s, r)
	response, err := s.exchange(ctx, c, r.Data)
	return respond(ctx, s, c, "code exchange", response, err)
}

// RefreshToken implements the refresh_token grant.
func (s *server) RefreshToken(ctx context.Context, r *zitadel.ClientRequest[oidc.RefreshTokenRequest]) (*zitadel.Response, error) {
	c := callOf(s, r)
	response, err := s.refresh(ctx, c, r.Data.RefreshToken, r.Data.Scopes)
	return respond(ctx, s, c, "refresh", response, err)
}

// ClientCredentialsExchange implements the client_credentials grant.
func (s *server) ClientCredentialsExchange(ctx context.Context, r *zitadel.ClientRequest[oidc.ClientCredentialsRequest]) (*zitadel.Response, error) {
	c := callOf(s, r)
	response, err := s.clientCredentials(c, r.Data.Scope)
	return respond(ctx, s, c, "client credentials", response, err)
}

// Introspect implements RFC 7662. The library does not authenticate its caller.
func (s *server) Introspect(ctx context.Context, r *zitadel.Request[zitadel.IntrospectionRequest]) (*zitadel.Response, error) {
	c := s.call(r.Header)
	client, err := s.clients.authenticate(ctx, presented(r.Header, r.Data.ClientID, r.Data.ClientSecret))
	if err != nil {
		return nil, s.refuse(ctx, r.URL.Path, r.Data.ClientID, err)
	}
	c.client = client
	response, err := s.introspect(ctx, c, r.Data.Token)
	return respond(ctx, s, c, "introspection", response, err)
}

// Revocation implements RFC 7009.
func (s *server) Revocation(ctx context.Context, r *zitadel.ClientRequest[oidc.RevocationRequest]) (*zitadel.Response, error) {
	c := callOf(s, r)
	err := s.revoke(ctx, c, r.Data.Token)
	return respond(ctx, s, c, "revocation", struct{}{}, err)
}

// respond is the one way out of an endpoint.
func respond(ctx context.Context, s *server, c call, endpoint string, data any, err error) (*zitadel.Response, error) {
	if err != nil {
		return nil, s.refuse(ctx, endpoint, c.client.ID, err)
	}
	return &zitadel.Response{Data: data}, nil
}

// tokenHandler serves the token, introspection and revocation endpoints.
func (p *Provider) tokenHandler() http.Handler { return p.server.handler() }

// checkAccessToken is server.checkAccessToken, for the userinfo endpoint.
func (p *Provider) checkAccessToken(ctx context.Context, token string) (*activeToken, error) {
	return p.server.checkAccessToken(ctx, token)
}
