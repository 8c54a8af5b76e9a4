package config

import (
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Client is a relying party as it is written down. What it does not say is
// filled in by [client.Metadata.Complete].
type Client struct {
	ID                     string                   `yaml:"id" doc:"The client_id: printable ASCII without spaces, at most 256 characters. Required."`
	Name                   string                   `yaml:"name" doc:"The name people see. Default: the id."`
	Description            map[string]string        `yaml:"description" doc:"What the client is for, in a few words, by language, such as {en: Holidays and payslips, de: Urlaub und Abrechnungen}. Shown in people's list of applications."`
	Listed                 bool                     `yaml:"listed" default:"true" doc:"Show the client on the account page to those who may use it, if it has an initiate_login_uri or client_uri to open."`
	InitiateLoginURI       string                   `yaml:"initiate_login_uri" doc:"Where the client starts a sign-in (OpenID Connect Core 4). The account page opens this address with iss. Default: client_uri, without iss."`
	Type                   client.Type              `yaml:"type" default:"confidential" oneof:"@client_type" doc:"Where the client runs: confidential, on a server that can keep a secret; public, in the browser; native, as an installed application; service, as a program that acts for no person."`
	AuthMethod             string                   `yaml:"auth_method" oneof:"@token_endpoint_auth_method" doc:"The only way the client may authenticate. Default: none for public and native; for the others, client_secret_basic and client_secret_post are both accepted."`
	Secret                 Secret                   `yaml:"secret" secret:"ref" doc:"The client's secret, as a file: or env: reference. Generate one with: openssl rand -hex 32"`
	Secrets                []ClientSecret           `yaml:"secrets" doc:"Additional secrets: introduce a new one while the old one still works. At most two may be valid at the same time."`
	AllowWeakSecret        bool                     `yaml:"allow_weak_secret" default:"false" doc:"Accept a secret of fewer than 32 characters, but never fewer than 12. Only for relying parties that cannot take a longer one."`
	RedirectURIs           []string                 `yaml:"redirect_uris" doc:"Where codes may be sent, compared character by character. Use https; a native client may also use http on loopback, where any port matches, or a scheme with a dot such as com.example.app:/callback."`
	PostLogoutRedirectURIs []string                 `yaml:"post_logout_redirect_uris" doc:"Where the browser may be sent after sign-out. The rules of redirect_uris apply."`
	BackchannelLogoutURI   string                   `yaml:"backchannel_logout_uri" doc:"Where this provider posts a logout token when a session with a sign-in to the client ends: by sign-out, expiry, an administrator or a new password (OpenID Connect Back-Channel Logout). It retries until the client answers 200. An address inside your network needs fetch.allowed_networks."`
	BackchannelSession     bool                     `yaml:"backchannel_logout_session_required" default:"false" doc:"The client requires a sid in logout tokens. They always have one, along with the sub."`
	FrontchannelLogoutURI  string                   `yaml:"frontchannel_logout_uri" doc:"A page of the client that ends its session. The signed-out page loads it in a frame, with iss and sid (OpenID Connect Front-Channel Logout). It does not work in browsers that block third-party cookies in frames: prefer backchannel_logout_uri. Its origin must be that of a redirect URI."`
	FrontchannelSession    bool                     `yaml:"frontchannel_logout_session_required" default:"false" doc:"The client requires iss and sid with frontchannel_logout_uri. They are always sent."`
	OfflineAtSignOut       client.OfflinePolicy     `yaml:"offline_grants_at_sign_out" oneof:"@offline_policy" doc:"What happens to grants with offline_access when the session they came from ends: keep, they continue (OpenID Connect Back-Channel Logout 2.7), for work done while nobody is signed in; end, their refresh tokens are revoked with the session, like those of all other grants, unless the session merely expired. Default: keep."`
	GrantTypes             []string                 `yaml:"grant_types" oneof:"@grant_types" doc:"The grant types the client may use. Default: authorization_code, and refresh_token if scopes contains offline_access; for service, client_credentials."`
	ResponseTypes          []string                 `yaml:"response_types" oneof:"@response_types" doc:"What /authorize may return. Types with id_token or token need the grant implicit, which they add if grant_types is not set; RFC 9700 advises against tokens in the browser's address. Default: code, if the client has the authorization_code grant."`
	ResponseModes          []string                 `yaml:"response_modes" oneof:"@response_modes" doc:"How /authorize may return the response. Modes with jwt sign it (JARM). Only codes are ever put in a query. Default: query and form_post, and fragment for response types with id_token or token."`
	Scopes                 []string                 `yaml:"scopes" doc:"Scopes that the client may request. Default: openid, profile and email; for service, none."`
	Audience               []string                 `yaml:"audience" doc:"Resource servers that access tokens are for, in addition to this provider's own endpoints. A resource server listed here by its client id may introspect them."`
	Origins                []string                 `yaml:"origins" doc:"Web origins that may call the token, userinfo and revocation endpoints from a browser (CORS). Default: for public, the origins of redirect_uris; otherwise none."`
	IDTokenClaims          []string                 `yaml:"id_token_claims" doc:"Claims about the person in every ID token, as if each request had used the claims parameter. For software that reads nothing but the ID token. A claim still needs its scope in scopes; a custom claim that belongs to no scope does not. Default: none; userinfo has them."`
	UserInfoClaims         []string                 `yaml:"userinfo_claims" doc:"The same for userinfo, in addition to what the scopes grant."`
	AccessTokenClaims      []string                 `yaml:"access_token_claims" doc:"The same for access tokens that are not for a particular resource server; resources have their own setting. Default: none."`
	Access                 []AccessRule             `yaml:"access" doc:"Who may use the client: the first matching rule decides, and if none matches, access is denied. An empty list means nobody. Default: access.default."`
	SubjectType            string                   `yaml:"subject_type" oneof:"@subject_type" doc:"How the client identifies people: public, by the same sub as every other client; pairwise, by a sub shared only by clients in its sector, which needs secrets.pairwise_key. Default: public."`
	SectorIdentifierURI    string                   `yaml:"sector_identifier_uri" doc:"An https address whose host identifies the sector of a pairwise client. Default: the host of the redirect URIs, which must then be the same for all."`
	Expect                 []Expectation            `yaml:"expect" doc:"Tests of who may use the client, and with which claims. They run in config validate and before each reload; a failing test stops the reload."`
	Groups                 ClientGroups             `yaml:"groups" doc:"How groups are sent to the client. Default: all, unchanged."`
	Resources              []string                 `yaml:"resources" doc:"Resource servers from resources that the client may request. Default: those its scopes belong to."`
	Workload               WorkloadIdentity         `yaml:"workload_identity" doc:"The platform JWTs that the client authenticates with (RFC 7523) instead of assertions it signs itself: from Kubernetes, GitHub Actions or SPIFFE. For type service with auth_method private_key_jwt; jwks_uri is the platform's."`
	TokenExchange          []TokenExchange          `yaml:"token_exchange" doc:"What the client may exchange the tokens it receives for (RFC 8693): the first matching rule applies; if none matches, the exchange is refused."`
	TrustedSubjects        []TrustedSubject         `yaml:"trusted_subjects" doc:"Which subjects of trusted_issuers the client may get tokens for, by the JWT bearer grant (RFC 7523) or by token exchange with such a JWT: the first matching rule applies; if none matches, the request is refused."`
	MayAct                 string                   `yaml:"may_act" doc:"The only client that may exchange this client's access tokens, which name it in may_act. Default: any client with a rule for it."`
	RequirePKCE            bool                     `yaml:"require_pkce" default:"true" doc:"Refuse authorization requests without an S256 code_challenge. Set it to false only for a confidential client whose software cannot send one; a challenge that is sent is still verified."`
	RequirePushed          bool                     `yaml:"require_pushed_authorization_requests" default:"false" doc:"Refuse authorization requests that were not pushed (RFC 9126)."`
	DPoPBound              bool                     `yaml:"dpop_bound_access_tokens" default:"false" doc:"Refuse token requests without a DPoP proof (RFC 9449), so that each access token works only with a key that the client holds."`
	TLSSubjectDN           string                   `yaml:"tls_client_auth_subject_dn" doc:"With auth_method tls_client_auth: the subject of the client's certificate, as in RFC 4514, such as CN=orders,O=Acme,C=DE (openssl x509 -subject -nameopt RFC2253). Set exactly one of this and the next four."`
	TLSSANDNS              string                   `yaml:"tls_client_auth_san_dns" doc:"A DNS name in the certificate's subjectAltName."`
	TLSSANURI              string                   `yaml:"tls_client_auth_san_uri" doc:"A URI in it, such as spiffe://example.org/ns/shop/sa/orders."`
	TLSSANIP               string                   `yaml:"tls_client_auth_san_ip" doc:"An IP address in it."`
	TLSSANEmail            string                   `yaml:"tls_client_auth_san_email" doc:"An email address in it."`
	CertificateBound       bool                     `yaml:"tls_client_certificate_bound_access_tokens" default:"false" doc:"Refuse token requests without a TLS client certificate, and bind access tokens, and a public client's refresh tokens, to it (RFC 8705). Each token then works only over a connection with that certificate."`
	JWKSURI                string                   `yaml:"jwks_uri" doc:"Where the client publishes its public keys (RFC 7517) for private_key_jwt, or its certificates, as their x5c, for self_signed_tls_client_auth. An address inside your network needs fetch.allowed_networks."`
	UserInfoAlg            string                   `yaml:"userinfo_signing_alg" oneof:"@signing_alg" doc:"Algorithm for signing userinfo as a JWT (OpenID Connect Core 5.3.2). Default: none, userinfo is plain JSON."`
	AuthorizationAlg       string                   `yaml:"authorization_response_signing_alg" default:"RS256" oneof:"@signing_alg" doc:"Algorithm for signing authorization responses, in the response modes jwt, query.jwt, fragment.jwt and form_post.jwt (JARM)."`
	AuthorizationEncAlg    string                   `yaml:"authorization_response_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt signed authorization responses to a key in jwks_uri or jwks (JARM section 3). Default: they are not encrypted."`
	AuthorizationEncEnc    string                   `yaml:"authorization_response_encryption_enc" oneof:"@content_encryption" doc:"Like id_token_encryption_enc."`
	RequestObjectAlg       string                   `yaml:"request_object_signing_alg" oneof:"@request_object_algs" doc:"Algorithm of the client's request objects (RFC 9101). Default: any, signed with one of its keys. none accepts unsigned ones as well."`
	IntrospectionAlg       string                   `yaml:"introspection_signing_alg" default:"RS256" oneof:"@signing_alg" doc:"Algorithm for signing introspection responses as a JWT, which a resource server requests with Accept: application/token-introspection+jwt (RFC 9701)."`
	IDTokenEncAlg          string                   `yaml:"id_token_encryption_alg" oneof:"@encryption_alg" doc:"How to encrypt ID tokens to a key of the client, from its jwks or jwks_uri: kty RSA, or kty EC (P-256, P-384 or P-521) for ECDH-ES. Keys with kty OKP (X25519) are skipped: the JOSE library that this provider uses cannot encrypt to them. Default: they are signed and not encrypted."`
	IDTokenEncEnc          string                   `yaml:"id_token_encryption_enc" oneof:"@content_encryption" doc:"Content encryption of an encrypted ID token. Default: A128CBC-HS256."`
	UserInfoEncAlg         string                   `yaml:"userinfo_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt userinfo in the same way, whether it is signed or not. Default: it is not encrypted."`
	UserInfoEncEnc         string                   `yaml:"userinfo_encryption_enc" oneof:"@content_encryption" doc:"Like id_token_encryption_enc."`
	IntrospectionEncAlg    string                   `yaml:"introspection_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt signed introspection responses in the same way. Default: they are not encrypted."`
	IntrospectionEncEnc    string                   `yaml:"introspection_encryption_enc" oneof:"@content_encryption" doc:"Like id_token_encryption_enc."`
	RequestObjectEncAlg    string                   `yaml:"request_object_encryption_alg" oneof:"@encryption_alg" doc:"How the client encrypts its request objects to a key of this provider (signing_keys.encryption_algs); anything else is refused. Default: it may encrypt them or not."`
	RequestObjectEncEnc    string                   `yaml:"request_object_encryption_enc" oneof:"@content_encryption" doc:"Content encryption of the client's request objects. Default: any that this provider supports."`
	RequestURIs            []string                 `yaml:"request_uris" doc:"Addresses of request objects that this provider may fetch for the client."`
	JWKS                   string                   `yaml:"jwks" doc:"The client's public keys as a JWK Set in JSON, instead of jwks_uri."`
	Consent                client.ConsentPolicy     `yaml:"consent" oneof:"@consent" doc:"When people are asked for consent: implied, never, because you registered the client; remember, once; always, each time. Claims named in a request are treated like the scopes they belong to. Default: implied, except for a native client whose redirect URI is on loopback or has a custom scheme: any program on the machine could open a browser there and get tokens, so people are asked each time."`
	IDTokenSigningAlg      string                   `yaml:"id_token_signing_alg" default:"RS256" oneof:"@signing_alg" doc:"Algorithm of ID tokens."`
	AccessTokenFormat      client.AccessTokenFormat `yaml:"access_token_format" default:"jwt" oneof:"@access_token_format" doc:"jwt (RFC 9068), or opaque, which can only be read by introspection."`
	AccessTokenSigningAlg  string                   `yaml:"access_token_signing_alg" default:"ES256" oneof:"@signing_alg" doc:"Algorithm of JWT access tokens."`
	AccessTokenTypeHeader  string                   `yaml:"access_token_type_header" default:"at+jwt" oneof:"@access_token_type_header" doc:"The typ header of JWT access tokens: at+jwt (RFC 9068), or JWT for a resource server whose software accepts nothing else, such as Spring Security with its defaults."`
	AccessTokenLifetime    *time.Duration           `yaml:"access_token_lifetime" doc:"Overrides tokens.access_token_lifetime for this client."`
	IDTokenLifetime        *time.Duration           `yaml:"id_token_lifetime" doc:"Overrides tokens.id_token_lifetime for this client."`
	RefreshIdleLifetime    *time.Duration           `yaml:"refresh_idle_lifetime" doc:"Overrides tokens.refresh_idle_lifetime for this client."`
	RefreshLifetime        *time.Duration           `yaml:"refresh_lifetime" doc:"Overrides tokens.refresh_lifetime for this client."`
	RefreshGrace           *time.Duration           `yaml:"refresh_grace" doc:"Overrides tokens.refresh_grace for this client."`
	DefaultMaxAge          *time.Duration           `yaml:"default_max_age" doc:"People whose sign-in is older than this must sign in again, if a request has no max_age. Default: no limit."`
	DefaultACRValues       []string                 `yaml:"default_acr_values" doc:"Authentication context classes (acr) to apply if a request names none."`
	RequireVerifiedEmail   bool                     `yaml:"require_verified_email" default:"false" doc:"Let people in only once they have confirmed their email address."`
	RequireMFA             bool                     `yaml:"require_mfa" default:"false" doc:"Require a second factor from everyone, whatever mfa.required says."`
	TrustDevices           bool                     `yaml:"trust_devices" default:"false" doc:"Let people choose to skip the second factor in the same browser for mfa.trusted_device_lifetime. This never satisfies a request for a higher acr, and tokens say that no second factor was used."`
	Factors                []storage.FactorKind     `yaml:"factors" oneof:"@factors" doc:"The second factors that this client accepts. Default: mfa.factors."`
	IntrospectAny          bool                     `yaml:"introspect_any" default:"false" doc:"Let this client introspect tokens that were not issued for it."`
	AccentColor            string                   `yaml:"accent_color" doc:"Color of buttons and links as #rrggbb. Default: branding.accent_color."`
	LogoURI                string                   `yaml:"logo_uri" doc:"Address of an image shown at sign-in and in people's list of applications."`
	ClientURI              string                   `yaml:"client_uri" doc:"The client's home page. The account page opens it, unless there is an initiate_login_uri."`
	PolicyURI              string                   `yaml:"policy_uri" doc:"The client's privacy policy."`
	TOSURI                 string                   `yaml:"tos_uri" doc:"The client's terms of service."`
}

// WorkloadIdentity says which JWTs of a platform are a client's assertions.
type WorkloadIdentity struct {
	Issuer  string              `yaml:"issuer" doc:"The iss of the platform's JWTs. Required, except for SPIFFE subjects."`
	Subject string              `yaml:"subject" doc:"Their sub, such as system:serviceaccount:shop:orders or repo:acme/shop:ref:refs/heads/main. A trailing * matches any sub that begins with the rest."`
	Claims  map[string][]string `yaml:"claims" doc:"Additional claims, each of which must have one of the given values, such as {repository_owner_id: ['4711']}."`
}

// TokenExchange lets a client exchange tokens that it was sent.
type TokenExchange struct {
	From      []string                 `yaml:"from" doc:"The clients whose tokens it may exchange. Default: any, for tokens intended for this client."`
	Resources []string                 `yaml:"resources" doc:"The resource servers, from resources, that the new tokens may be for; each token is for one. Required."`
	Scopes    []string                 `yaml:"scopes" doc:"Scopes of the client that the new token may have in addition to those of the original token."`
	Semantics client.ExchangeSemantics `yaml:"semantics" oneof:"@exchange_semantics" doc:"delegation: tokens name the client as the actor (act); impersonation: tokens do not. Default: delegation."`
}

// TrustedSubject lets a client get tokens about subjects of a trusted issuer.
type TrustedSubject struct {
	Issuer    string              `yaml:"issuer" doc:"The iss of the JWTs, from trusted_issuers. Required."`
	Subject   string              `yaml:"subject" doc:"Their sub. A trailing * matches any sub that begins with the rest."`
	Claims    map[string][]string `yaml:"claims" doc:"Additional claims, each of which must have one of the given values."`
	Resources []string            `yaml:"resources" doc:"The resource servers, from resources, that the tokens may be for; each token is for one. Required."`
	Scopes    []string            `yaml:"scopes" doc:"Scopes of the client that the tokens may have. Default: none."`
}

// ClientSecret is one of several secrets of a client.
type ClientSecret struct {
	Value     Secret    `yaml:"value" secret:"ref" doc:"The secret, as a file: or env: reference."`
	ExpiresAt time.Time `yaml:"expires_at" doc:"When the secret stops being accepted, such as 2027-01-31T00:00:00Z. Default: never."`
}
