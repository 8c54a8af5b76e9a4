package op

import (
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"
)

// libraryClient shows a registered client to the library, which asks it for its
// authentication method and grant types. The rest of the interface belongs to
// endpoints that are our own; what it answers is never more than is registered.
type libraryClient struct{ registered *client.Client }

var _ zitadel.Client = libraryClient{}

func (c libraryClient) GetID() string                    { return c.registered.ID }
func (c libraryClient) RedirectURIs() []string           { return c.registered.RedirectURIs }
func (c libraryClient) PostLogoutRedirectURIs() []string { return c.registered.PostLogoutRedirectURIs }
func (c libraryClient) AuthMethod() oidc.AuthMethod      { return oidc.AuthMethod(c.registered.AuthMethod) }
func (c libraryClient) IDTokenLifetime() time.Duration   { return c.registered.Lifetimes.IDToken }
func (c libraryClient) IsScopeAllowed(scope string) bool { return c.registered.AllowsScope(scope) }

func (c libraryClient) ApplicationType() zitadel.ApplicationType {
	switch c.registered.Type {
	case client.TypeNative:
		return zitadel.ApplicationTypeNative
	case client.TypePublic:
		return zitadel.ApplicationTypeUserAgent
	case client.TypeConfidential, client.TypeService:
		return zitadel.ApplicationTypeWeb
	}
	return zitadel.ApplicationTypeWeb
}

func (c libraryClient) AccessTokenType() zitadel.AccessTokenType {
	if c.registered.AccessTokenFormat == client.AccessTokenOpaque {
		return zitadel.AccessTokenTypeBearer
	}
	return zitadel.AccessTokenTypeJWT
}

func (c libraryClient) ResponseTypes() []oidc.ResponseType {
	types := make([]oidc.ResponseType, len(c.registered.ResponseTypes))
	for i, t := range c.registered.ResponseTypes {
		types[i] = oidc.ResponseType(t)
	}
	return types
}

func (c libraryClient) GrantTypes() []oidc.GrantType {
	types := make([]oidc.GrantType, len(c.registered.GrantTypes))
	for i, t := range c.registered.GrantTypes {
		types[i] = oidc.GrantType(t)
	}
	return types
}

// LoginURL is empty: the library never sends anyone to sign in here.
func (c libraryClient) LoginURL(string) string { return "" }

// DevMode is off: the library would loosen its checks of redirect URIs.
func (c libraryClient) DevMode() bool { return false }

// IDTokenUserinfoClaimsAssertion is off: ID tokens carry what was asked for.
func (c libraryClient) IDTokenUserinfoClaimsAssertion() bool { return false }

// ClockSkew is none: times in our tokens are true.
func (c libraryClient) ClockSkew() time.Duration { return 0 }

// RestrictAdditionalIdTokenScopes adds nothing.
func (c libraryClient) RestrictAdditionalIdTokenScopes() func([]string) []string { return noScopes }

// RestrictAdditionalAccessTokenScopes adds nothing.
func (c libraryClient) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return noScopes
}

func noScopes([]string) []string { return nil }
