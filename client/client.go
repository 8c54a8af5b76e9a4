package client

import (
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Type says where a client runs and so what it can keep secret
// (RFC 6749 section 2.1, RFC 8252).
type Type string

// The client types.
const (
	TypeConfidential Type = "confidential" // a server that keeps a secret
	TypePublic       Type = "public"       // a browser application
	TypeNative       Type = "native"       // an installed application; loopback ports may vary
	TypeService      Type = "service"      // no person: client_credentials only
)

// KeepsNoSecret reports whether whoever has a copy of the client has all that
// is in it, so that no secret can tell it from another program.
func (t Type) KeepsNoSecret() bool { return t == TypePublic || t == TypeNative }

// Token endpoint authentication methods (OpenID Connect Core 9).
const (
	AuthMethodBasic = "client_secret_basic"
	AuthMethodPost  = "client_secret_post"
	AuthMethodNone  = "none"
	// The client signs an assertion (RFC 7523), with a secret or with a key of its own.
	AuthMethodSecretJWT     = "client_secret_jwt"
	AuthMethodPrivateKeyJWT = "private_key_jwt"
)

// Grant types (RFC 6749).
const (
	GrantAuthorizationCode = "authorization_code"
	// GrantImplicit is no grant of the token endpoint: it lets the authorization endpoint
	// answer with tokens (RFC 7591 section 2.1).
	GrantImplicit          = "implicit"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	// GrantDeviceCode is of devices without a browser (RFC 8628 section 3.4).
	GrantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"
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

// OfflinePolicy says what becomes of grants with offline access when the session ends
// that they came from.
type OfflinePolicy string

// The policies.
const (
	// OfflineKept is what OpenID Connect Back-Channel Logout 2.7 recommends: somebody who
	// signs out of a browser does not stop what runs for them without one.
	OfflineKept OfflinePolicy = "keep"
	// OfflineEnded has them end as all others do, unless the session just expired.
	OfflineEnded OfflinePolicy = "end"
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

// SecretPurpose is the purpose of the keyed hashes of client secrets; they are
// made of the client's id and the secret.
const SecretPurpose = "client_secret"

// Secret is one of a client's secrets, as a verifier: the secret itself is
// forgotten as soon as the configuration is read.
type Secret struct {
	// Verifier is the keyed hash of the secret.
	Verifier string
	// Key is the secret itself, of clients that sign assertions with it
	// (client_secret_jwt); empty of all others.
	Key HMACKey
	// ExpiresAt is when the secret stops being accepted; zero is never.
	ExpiresAt time.Time
}

// HMACKey is a secret that verifies; it prints nothing.
type HMACKey []byte

// String implements fmt.Stringer.
func (HMACKey) String() string { return "[redacted]" }

// GoString implements fmt.GoStringer.
func (HMACKey) GoString() string { return "[redacted]" }

// MarshalJSON implements json.Marshaler.
func (HMACKey) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// Client is a relying party as the provider runs with it: its metadata, and
// what was made of it. A Client is never changed once it is in use: a reload
// makes new ones.
type Client struct {
	ID string
	Metadata
	Secrets   []Secret
	Lifetimes Lifetimes
	// Sector makes the subjects of a pairwise client; nil: they are public.
	Sector *Sector
	// Source says how the client came into the database; empty of one that a
	// configuration file has.
	Source storage.ClientSource
	// LastUsedAt is when it last got tokens, as far as that is kept: of clients that end
	// when they are not used.
	LastUsedAt time.Time
}

// Registered reports whether the client wrote its own metadata (RFC 7591), so that what
// it says of itself is its own word alone.
func (c *Client) Registered() bool {
	return c.Source != "" && c.Source != storage.ClientByAdministrator
}

// Vouched reports whether somebody whom this installation trusts stands for what the
// client says of itself: who wrote it down here, or the issuer of its software statement.
func (c *Client) Vouched() bool { return !c.Registered() || c.Source == storage.ClientByStatement }

// ConsentFor is the consent policy for a request that would be answered at
// redirectURI. Where the administrator wrote one down it holds. Otherwise
// registering the client was consent, except for a native client at an address
// that any program on the machine can listen at or claim: whoever opens a
// browser there gets a code, so that the person is asked at each authorization
// (RFC 8252 section 8.6, RFC 6749 section 10.2). Of one that registered itself the
// policy for such clients stands for what nobody wrote down, and never is implied; what
// one says that is known by its document may change from one hour to the next.
func (c *Client) ConsentFor(redirectURI string) ConsentPolicy {
	anybodys := c.Type == TypeNative && !strings.HasPrefix(redirectURI, "https://")
	switch {
	case c.Registered() && anybodys, c.Source == storage.ClientByDocument:
		return ConsentAlways
	case c.Consent != "":
		return c.Consent
	case c.Registered(), anybodys:
		return ConsentAlways
	}
	return ConsentImplied
}
