package storage

import (
	"slices"
	"time"
)

// ClientType says where a client runs and so what it can keep secret
// (RFC 6749 section 2.1, RFC 8252).
type ClientType string

// The client types.
const (
	ClientConfidential ClientType = "confidential" // a server that keeps a secret
	ClientPublic       ClientType = "public"       // a browser application
	ClientNative       ClientType = "native"       // an installed application; loopback ports may vary
	ClientService      ClientType = "service"      // no person: client_credentials only
)

// Token endpoint authentication methods (OpenID Connect Core 9).
const (
	AuthMethodBasic = "client_secret_basic"
	AuthMethodPost  = "client_secret_post"
	AuthMethodNone  = "none"
)

// Grant types (RFC 6749).
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
)

// Scopes with a meaning of their own (OpenID Connect Core 5.4 and 11).
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopeAddress       = "address"
	ScopePhone         = "phone"
	ScopeOfflineAccess = "offline_access"
)

// AccessTokenFormat is how a client's access tokens look.
type AccessTokenFormat string

// The access token formats.
const (
	AccessTokenJWT    AccessTokenFormat = "jwt"    // RFC 9068
	AccessTokenOpaque AccessTokenFormat = "opaque" // sealed; only introspection can read it
)

// ConsentPolicy says when a person is asked whether a client may have what it asks for.
type ConsentPolicy string

// The consent policies. prompt=consent asks under each of them.
const (
	ConsentImplied  ConsentPolicy = "implied"  // the administrator consented by registering the client
	ConsentRemember ConsentPolicy = "remember" // asked once for a set of scopes
	ConsentAlways   ConsentPolicy = "always"   // asked at each authorization
)

// ClientSecret is one of a client's secrets, as a verifier: the secret itself
// is forgotten as soon as the configuration is read.
type ClientSecret struct {
	// Verifier is the keyed hash of a secret of at least 256 bits, or the
	// Argon2id string of a weaker one.
	Verifier string
	// ExpiresAt is when the secret stops being accepted; zero is never.
	ExpiresAt time.Time
}

// Client is a relying party as an administrator registered it. A Client is
// never changed once it is in use: a reload makes new ones.
type Client struct {
	ID                     string
	Name                   string
	Type                   ClientType
	AuthMethod             string
	Secrets                []ClientSecret
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	GrantTypes             []string
	ResponseTypes          []string
	ResponseModes          []string
	Scopes                 []string
	// Audience is put in access tokens besides the issuer (RFC 9068 section 3).
	Audience []string
	// Origins may call the token, userinfo and revocation endpoints from a browser (CORS).
	Origins             []string
	RequirePKCE         bool
	Consent             ConsentPolicy
	IDTokenSigningAlg   string
	AccessTokenFormat   AccessTokenFormat
	AccessTokenAlg      string
	AccessTokenLifetime time.Duration
	IDTokenLifetime     time.Duration
	// RefreshIdleLifetime ends a grant that was not refreshed for so long.
	RefreshIdleLifetime time.Duration
	// RefreshLifetime ends a grant however often it is refreshed.
	RefreshLifetime time.Duration
	// RefreshGrace is how long the immediately previous refresh token still
	// gets the same successor; zero switches the grace off.
	RefreshGrace time.Duration
	// DefaultMaxAge applies when a request has no max_age; nil is none.
	DefaultMaxAge *time.Duration
	DefaultACR    []string
	// RequireVerifiedEmail keeps people out until their address is confirmed.
	RequireVerifiedEmail bool
	// RequireMFA asks everyone for a second factor.
	RequireMFA bool
	// TrustDevices lets a trusted device skip the second factor for this client.
	TrustDevices bool
	// Factors are the kinds of second factor that count for this client; empty is all that the policy allows.
	Factors []FactorKind
	// AccentColor is #rrggbb on the pages that the client sends people to; empty is the brand's.
	AccentColor string
	// IntrospectAny lets a resource server ask about tokens whose audience it
	// is not; without it a token of others is inactive to it.
	IntrospectAny bool
	LogoURI       string
	ClientURI     string
	PolicyURI     string
	TOSURI        string
}

// AllowsGrant reports whether the client is registered for the grant type.
func (c *Client) AllowsGrant(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// AllowsScope reports whether the client is registered for the scope.
func (c *Client) AllowsScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// IsPublic reports whether the client has no credentials of its own.
func (c *Client) IsPublic() bool { return c.AuthMethod == AuthMethodNone }
