package config

import (
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Client is a relying party as it is written down. After [Load] every pointer
// but DefaultMaxAge is set and every list but Origins holds what applies.
type Client struct {
	ID                     string                   `yaml:"id" doc:"The client_id: printable ASCII without spaces, at most 256 characters. Required."`
	Name                   string                   `yaml:"name" doc:"What people are shown. Default: the id."`
	Type                   client.Type              `yaml:"type" default:"confidential" oneof:"confidential public native service" doc:"Where the client runs: confidential, a server that keeps a secret; public, an application in the browser; native, an installed application; service, a program without people."`
	AuthMethod             string                   `yaml:"auth_method" oneof:"client_secret_basic client_secret_post none" doc:"How the client authenticates, and the only way it may. Default: none for public and native, client_secret_basic for the others."`
	Secret                 Secret                   `yaml:"secret" secret:"ref" doc:"The client's secret as a file: or env: reference. Make one with: openssl rand -base64 32"`
	Secrets                []ClientSecret           `yaml:"secrets" doc:"Further secrets, so that a new one can be introduced while the old one still works. Two may be live at once."`
	AllowWeakSecret        bool                     `yaml:"allow_weak_secret" default:"false" doc:"Accept a secret of fewer than 32 characters (never fewer than 12). For relying parties that cannot take a longer one."`
	RedirectURIs           []string                 `yaml:"redirect_uris" doc:"Where codes may be sent, compared character by character. https; for native also http on loopback, where any port matches, and schemes with a dot such as com.example.app:/callback."`
	PostLogoutRedirectURIs []string                 `yaml:"post_logout_redirect_uris" doc:"Where a browser may be sent after sign-out; the same rules as redirect_uris."`
	GrantTypes             []string                 `yaml:"grant_types" oneof:"authorization_code refresh_token client_credentials" doc:"What may be exchanged for tokens. Default: authorization_code, with refresh_token if scopes holds offline_access; client_credentials for service."`
	ResponseTypes          []string                 `yaml:"response_types" oneof:"code" doc:"What /authorize may answer with. Default: code where there is the authorization_code grant."`
	ResponseModes          []string                 `yaml:"response_modes" oneof:"query form_post" doc:"How /authorize may answer. Default: query and form_post."`
	Scopes                 []string                 `yaml:"scopes" doc:"Scopes that the client may ask for. Default: openid, profile and email; none for service."`
	Audience               []string                 `yaml:"audience" doc:"Resource servers that the access tokens are for, besides this provider's own endpoints."`
	Origins                []string                 `yaml:"origins" doc:"Web origins that may call token, userinfo and revocation from a browser (CORS). Default: for public those of its redirect_uris, otherwise none."`
	RequirePKCE            bool                     `yaml:"require_pkce" default:"true" doc:"Refuse authorization requests without an S256 code_challenge. Only a confidential client may do without."`
	Consent                client.ConsentPolicy     `yaml:"consent" default:"implied" oneof:"implied remember always" doc:"Whether people are asked what the client may have: implied, never, since you registered it; remember, once; always, each time."`
	IDTokenSigningAlg      string                   `yaml:"id_token_signing_alg" default:"RS256" oneof:"RS256 ES256 EdDSA" doc:"Algorithm of ID tokens."`
	AccessTokenFormat      client.AccessTokenFormat `yaml:"access_token_format" default:"jwt" oneof:"jwt opaque" doc:"jwt (RFC 9068), or opaque, which only introspection can read."`
	AccessTokenSigningAlg  string                   `yaml:"access_token_signing_alg" default:"ES256" oneof:"RS256 ES256 EdDSA" doc:"Algorithm of JWT access tokens."`
	AccessTokenLifetime    *time.Duration           `yaml:"access_token_lifetime" doc:"As tokens.access_token_lifetime, which is the default."`
	IDTokenLifetime        *time.Duration           `yaml:"id_token_lifetime" doc:"As tokens.id_token_lifetime, which is the default."`
	RefreshIdleLifetime    *time.Duration           `yaml:"refresh_idle_lifetime" doc:"As tokens.refresh_idle_lifetime, which is the default."`
	RefreshLifetime        *time.Duration           `yaml:"refresh_lifetime" doc:"As tokens.refresh_lifetime, which is the default."`
	RefreshGrace           *time.Duration           `yaml:"refresh_grace" doc:"As tokens.refresh_grace, which is the default."`
	DefaultMaxAge          *time.Duration           `yaml:"default_max_age" doc:"Sign-ins older than this are asked for again when a request has no max_age. Default: none."`
	DefaultACRValues       []string                 `yaml:"default_acr_values" doc:"Authentication context classes that apply when a request names none."`
	RequireVerifiedEmail   bool                     `yaml:"require_verified_email" default:"false" doc:"Let nobody in whose e-mail address is not confirmed."`
	RequireMFA             bool                     `yaml:"require_mfa" default:"false" doc:"Ask everyone for a second factor, whatever mfa.required says."`
	TrustDevices           bool                     `yaml:"trust_devices" default:"false" doc:"Let people choose not to be asked for a second factor again in the same browser, for mfa.trusted_device_lifetime. It never satisfies a higher acr, and the tokens say that no second factor was shown."`
	Factors                []storage.FactorKind     `yaml:"factors" oneof:"passkey totp recovery email sms" doc:"The second factors that count here. Default: mfa.factors."`
	IntrospectAny          bool                     `yaml:"introspect_any" default:"false" doc:"Let this client introspect tokens that were not issued for it."`
	AccentColor            string                   `yaml:"accent_color" doc:"Colour of buttons and links as #rrggbb. Default: branding.accent_color."`
	LogoURI                string                   `yaml:"logo_uri" doc:"Address of a picture shown at sign-in."`
	ClientURI              string                   `yaml:"client_uri" doc:"The client's home page."`
	PolicyURI              string                   `yaml:"policy_uri" doc:"The client's privacy policy."`
	TOSURI                 string                   `yaml:"tos_uri" doc:"The client's terms of service."`
}

// ClientSecret is one of several secrets of a client.
type ClientSecret struct {
	Value     Secret    `yaml:"value" secret:"ref" doc:"The secret, as a file: or env: reference."`
	ExpiresAt time.Time `yaml:"expires_at" doc:"When it stops being accepted, such as 2027-01-31T00:00:00Z. Default: never."`
}
