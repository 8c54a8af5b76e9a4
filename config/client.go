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
	Name                   string                   `yaml:"name" doc:"What people are shown. Default: the id."`
	Description            map[string]string        `yaml:"description" doc:"What the client is for, in a few words by language, such as {en: Holidays and payslips, de: Urlaub und Abrechnungen}. Shown where people find their applications."`
	Listed                 bool                     `yaml:"listed" default:"true" doc:"Show the client on the account page to those who may use it, if it has initiate_login_uri or client_uri to open it by."`
	InitiateLoginURI       string                   `yaml:"initiate_login_uri" doc:"Where the client begins a sign-in by itself (OpenID Connect Core 4). The account page opens the client there, with iss. Default: client_uri, without."`
	Type                   client.Type              `yaml:"type" default:"confidential" oneof:"@client_type" doc:"Where the client runs: confidential, a server that can keep a secret; public, an application in the browser; native, an installed application; service, a program that acts for no person."`
	AuthMethod             string                   `yaml:"auth_method" oneof:"@token_endpoint_auth_method" doc:"How the client authenticates, and then the only way it may. Default: none for public and native; for the others client_secret_basic and client_secret_post are both accepted."`
	Secret                 Secret                   `yaml:"secret" secret:"ref" doc:"The client's secret as a file: or env: reference. Make one with: openssl rand -hex 32"`
	Secrets                []ClientSecret           `yaml:"secrets" doc:"Further secrets, so that you can introduce a new one while the old one still works. At most two may be valid at the same time."`
	AllowWeakSecret        bool                     `yaml:"allow_weak_secret" default:"false" doc:"Accept a secret of fewer than 32 characters, but never fewer than 12. Only for relying parties that cannot take a longer one."`
	RedirectURIs           []string                 `yaml:"redirect_uris" doc:"Where codes may be sent. They are compared character by character. Use https; a native client may also use http on loopback, where any port matches, and a scheme with a dot such as com.example.app:/callback."`
	PostLogoutRedirectURIs []string                 `yaml:"post_logout_redirect_uris" doc:"Where a browser may be sent after sign-out. The rules are those of redirect_uris."`
	BackchannelLogoutURI   string                   `yaml:"backchannel_logout_uri" doc:"Where this provider posts a logout token whenever a session ends in which somebody signed in to the client: sign-out, expiry, an administrator, a new password (OpenID Connect Back-Channel Logout). It is tried again until the client answers 200. An address inside your network needs fetch.allowed_networks."`
	BackchannelSession     bool                     `yaml:"backchannel_logout_session_required" default:"false" doc:"The client wants a sid in logout tokens. Each has one, beside the sub."`
	FrontchannelLogoutURI  string                   `yaml:"frontchannel_logout_uri" doc:"A page of the client that ends its session, opened in a frame of the page that says that somebody is signed out, with iss and sid (OpenID Connect Front-Channel Logout). Browsers that keep cookies of other sites from frames make it useless: prefer backchannel_logout_uri. It must be of the origin of a redirect URI."`
	FrontchannelSession    bool                     `yaml:"frontchannel_logout_session_required" default:"false" doc:"The client wants iss and sid with frontchannel_logout_uri. It always gets them."`
	OfflineAtSignOut       client.OfflinePolicy     `yaml:"offline_grants_at_sign_out" oneof:"@offline_policy" doc:"What becomes of grants with offline_access when the session ends that they came from: keep, they go on (OpenID Connect Back-Channel Logout 2.7), for what runs while nobody is there; end, their refresh tokens end with it, as those of all other grants do, unless the session just expired. Default: keep."`
	GrantTypes             []string                 `yaml:"grant_types" oneof:"@grant_types" doc:"What the client may exchange for tokens. Default: authorization_code, and refresh_token if scopes contains offline_access; for service, client_credentials."`
	ResponseTypes          []string                 `yaml:"response_types" oneof:"@response_types" doc:"What /authorize may answer with. Those with id_token or token need the grant implicit, which they bring where grant_types says nothing; a token in the browser's address is advised against (RFC 9700). Default: code where there is the authorization_code grant."`
	ResponseModes          []string                 `yaml:"response_modes" oneof:"@response_modes" doc:"How /authorize may answer. Those with jwt sign the answer (JARM). Nothing but a code is ever put in a query. Default: query and form_post, and fragment for response types with id_token or token."`
	Scopes                 []string                 `yaml:"scopes" doc:"Scopes that the client may request. Default: openid, profile and email; for service, none."`
	Audience               []string                 `yaml:"audience" doc:"Resource servers that access tokens are for, in addition to this provider's own endpoints. A resource server that is named here by its client id may introspect them."`
	Origins                []string                 `yaml:"origins" doc:"Web origins that may call the token, userinfo and revocation endpoints from a browser (CORS). Default: for public, the origins of redirect_uris; otherwise none."`
	IDTokenClaims          []string                 `yaml:"id_token_claims" doc:"Claims about the person that every ID token holds, as if each request had asked for them by its claims parameter. For software that reads nothing but the ID token. A claim still needs its scope among scopes; one of your own that is in no scope does not. Default: none; userinfo has them."`
	UserInfoClaims         []string                 `yaml:"userinfo_claims" doc:"The same for userinfo, besides what the scopes ask for."`
	AccessTokenClaims      []string                 `yaml:"access_token_claims" doc:"The same for access tokens that are for no resource server in particular; resources say for themselves. Default: none."`
	Access                 []AccessRule             `yaml:"access" doc:"Who may use the client: the first rule that fits decides, and where none fits the answer is no. An empty list is nobody. Default: access.default."`
	SubjectType            string                   `yaml:"subject_type" oneof:"@subject_type" doc:"How the client knows people: public, by the same sub as every other client; pairwise, by one that only clients of its sector have in common, which takes secrets.pairwise_key. Default: public."`
	SectorIdentifierURI    string                   `yaml:"sector_identifier_uri" doc:"An https address whose host names the sector of a pairwise client. Default: the host of the redirect URIs, which then all have the same."`
	Expect                 []Expectation            `yaml:"expect" doc:"Tests of who may use the client, and with which claims: run by config validate and before each reload, which does not take place where one fails."`
	Groups                 ClientGroups             `yaml:"groups" doc:"How the client wants the groups of people spelled. Default: all, as they are."`
	Resources              []string                 `yaml:"resources" doc:"Resource servers that the client may ask for, of those of resources. Default: those that its scopes are of."`
	Workload               WorkloadIdentity         `yaml:"workload_identity" doc:"Which JWTs of the platform that the client runs on are its assertions (RFC 7523), instead of some that it signs itself: of Kubernetes, GitHub Actions, SPIFFE. For type service with auth_method private_key_jwt; jwks_uri is the platform's."`
	TokenExchange          []TokenExchange          `yaml:"token_exchange" doc:"What the client may exchange tokens for that it was sent (RFC 8693): the first rule that fits holds, and without one it may not."`
	TrustedSubjects        []TrustedSubject         `yaml:"trusted_subjects" doc:"About whom of trusted_issuers the client may get tokens, by the JWT bearer grant (RFC 7523) or by token exchange with such a JWT: the first rule that fits holds, and without one it may not."`
	MayAct                 string                   `yaml:"may_act" doc:"The one client that may exchange access tokens of this one; they say so (may_act). Default: any that has a rule for it."`
	RequirePKCE            bool                     `yaml:"require_pkce" default:"true" doc:"Refuse authorization requests without an S256 code_challenge. Set it to false only for a confidential client whose software cannot send one; a challenge that is sent is verified all the same."`
	RequirePushed          bool                     `yaml:"require_pushed_authorization_requests" default:"false" doc:"Refuse authorization requests that were not pushed (RFC 9126)."`
	DPoPBound              bool                     `yaml:"dpop_bound_access_tokens" default:"false" doc:"Refuse requests for tokens without a DPoP proof (RFC 9449), so that each access token works only with a key that the client holds."`
	TLSSubjectDN           string                   `yaml:"tls_client_auth_subject_dn" doc:"With auth_method tls_client_auth: the subject of the client's certificate, as in RFC 4514, such as CN=orders,O=Acme,C=DE (openssl x509 -subject -nameopt RFC2253). One of this and the four that follow."`
	TLSSANDNS              string                   `yaml:"tls_client_auth_san_dns" doc:"A DNS name that the certificate has as subjectAltName."`
	TLSSANURI              string                   `yaml:"tls_client_auth_san_uri" doc:"A URI that it has, such as spiffe://example.org/ns/shop/sa/orders."`
	TLSSANIP               string                   `yaml:"tls_client_auth_san_ip" doc:"An IP address that it has."`
	TLSSANEmail            string                   `yaml:"tls_client_auth_san_email" doc:"An e-mail address that it has."`
	CertificateBound       bool                     `yaml:"tls_client_certificate_bound_access_tokens" default:"false" doc:"Refuse requests for tokens without a TLS client certificate, and bind access tokens to it, and the refresh tokens of a public client (RFC 8705). Each token then works only over a connection with that certificate."`
	JWKSURI                string                   `yaml:"jwks_uri" doc:"Where the client publishes its public keys (RFC 7517), for private_key_jwt, or its certificates as x5c of them, for self_signed_tls_client_auth. An address inside your network needs fetch.allowed_networks."`
	UserInfoAlg            string                   `yaml:"userinfo_signing_alg" oneof:"@signing_alg" doc:"Algorithm of userinfo as a signed JWT (OpenID Connect Core 5.3.2). Default: none, userinfo is plain JSON."`
	AuthorizationAlg       string                   `yaml:"authorization_response_signing_alg" default:"RS256" oneof:"@signing_alg" doc:"Algorithm of signed authorization responses, which the response modes jwt, query.jwt, fragment.jwt and form_post.jwt make (JARM)."`
	AuthorizationEncAlg    string                   `yaml:"authorization_response_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt signed authorization responses to a key of jwks_uri or jwks once they are signed (JARM section 3). Default: they are not encrypted."`
	AuthorizationEncEnc    string                   `yaml:"authorization_response_encryption_enc" oneof:"@content_encryption" doc:"As id_token_encryption_enc."`
	RequestObjectAlg       string                   `yaml:"request_object_signing_alg" oneof:"@request_object_algs" doc:"Algorithm of the client's request objects (RFC 9101). Default: any, signed with one of its keys. none lets them be unsigned as well."`
	IntrospectionAlg       string                   `yaml:"introspection_signing_alg" default:"RS256" oneof:"@signing_alg" doc:"Algorithm of answers of introspection as a signed JWT, which a resource server asks for by Accept: application/token-introspection+jwt (RFC 9701)."`
	IDTokenEncAlg          string                   `yaml:"id_token_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt ID tokens to a key of the client, from its jwks or jwks_uri, in this way: to one of kty RSA, or of kty EC (P-256, P-384 or P-521) for ECDH-ES. Keys of kty OKP (X25519) are passed over: the JOSE library that this provider uses cannot encrypt to them. Default: they are signed and not encrypted."`
	IDTokenEncEnc          string                   `yaml:"id_token_encryption_enc" oneof:"@content_encryption" doc:"How the content of an encrypted ID token is encrypted. Default: A128CBC-HS256."`
	UserInfoEncAlg         string                   `yaml:"userinfo_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt userinfo likewise, whether it is signed or not. Default: it is not encrypted."`
	UserInfoEncEnc         string                   `yaml:"userinfo_encryption_enc" oneof:"@content_encryption" doc:"As id_token_encryption_enc."`
	IntrospectionEncAlg    string                   `yaml:"introspection_encryption_alg" oneof:"@encryption_alg" doc:"Encrypt signed answers of introspection likewise. Default: they are not encrypted."`
	IntrospectionEncEnc    string                   `yaml:"introspection_encryption_enc" oneof:"@content_encryption" doc:"As id_token_encryption_enc."`
	RequestObjectEncAlg    string                   `yaml:"request_object_encryption_alg" oneof:"@encryption_alg" doc:"How the client encrypts its request objects to a key of this provider (signing_keys.encryption_algs); any other is then refused. Default: it may encrypt them or not."`
	RequestObjectEncEnc    string                   `yaml:"request_object_encryption_enc" oneof:"@content_encryption" doc:"How the content of the client's request objects is encrypted. Default: any that this provider knows."`
	RequestURIs            []string                 `yaml:"request_uris" doc:"Addresses of request objects that this provider may fetch for the client."`
	JWKS                   string                   `yaml:"jwks" doc:"The client's public keys as a JWK Set in JSON, instead of jwks_uri."`
	Consent                client.ConsentPolicy     `yaml:"consent" oneof:"@consent" doc:"Whether people are asked what the client may have: implied, never, since you registered it; remember, once; always, each time. They are asked about claims that a request names as about the scopes of these claims. Default: implied, except for a native client whose redirect URI is on loopback or has a scheme of its own: any program on the machine could open a browser there and get tokens, so people are asked each time."`
	IDTokenSigningAlg      string                   `yaml:"id_token_signing_alg" default:"RS256" oneof:"@signing_alg" doc:"Algorithm of ID tokens."`
	AccessTokenFormat      client.AccessTokenFormat `yaml:"access_token_format" default:"jwt" oneof:"@access_token_format" doc:"jwt (RFC 9068), or opaque, which can only be read by introspection."`
	AccessTokenSigningAlg  string                   `yaml:"access_token_signing_alg" default:"ES256" oneof:"@signing_alg" doc:"Algorithm of JWT access tokens."`
	AccessTokenTypeHeader  string                   `yaml:"access_token_type_header" default:"at+jwt" oneof:"@access_token_type_header" doc:"The typ in the header of JWT access tokens: at+jwt (RFC 9068), or JWT for a resource server whose software refuses any other, such as Spring Security's defaults."`
	AccessTokenLifetime    *time.Duration           `yaml:"access_token_lifetime" doc:"As tokens.access_token_lifetime, which is the default."`
	IDTokenLifetime        *time.Duration           `yaml:"id_token_lifetime" doc:"As tokens.id_token_lifetime, which is the default."`
	RefreshIdleLifetime    *time.Duration           `yaml:"refresh_idle_lifetime" doc:"As tokens.refresh_idle_lifetime, which is the default."`
	RefreshLifetime        *time.Duration           `yaml:"refresh_lifetime" doc:"As tokens.refresh_lifetime, which is the default."`
	RefreshGrace           *time.Duration           `yaml:"refresh_grace" doc:"As tokens.refresh_grace, which is the default."`
	DefaultMaxAge          *time.Duration           `yaml:"default_max_age" doc:"People whose sign-in is older than this must sign in again, where a request has no max_age. Default: no limit."`
	DefaultACRValues       []string                 `yaml:"default_acr_values" doc:"Authentication context classes (acr) that apply where a request names none."`
	RequireVerifiedEmail   bool                     `yaml:"require_verified_email" default:"false" doc:"Let people in only once they have confirmed their e-mail address."`
	RequireMFA             bool                     `yaml:"require_mfa" default:"false" doc:"Require a second factor from everyone, whatever mfa.required says."`
	TrustDevices           bool                     `yaml:"trust_devices" default:"false" doc:"Let people choose not to be asked for a second factor again in the same browser for mfa.trusted_device_lifetime. This never satisfies a request for a higher acr, and tokens say that no second factor was used."`
	Factors                []storage.FactorKind     `yaml:"factors" oneof:"@factors" doc:"The second factors that this client accepts. Default: mfa.factors."`
	IntrospectAny          bool                     `yaml:"introspect_any" default:"false" doc:"Let this client introspect tokens that were not issued for it."`
	AccentColor            string                   `yaml:"accent_color" doc:"Color of buttons and links as #rrggbb. Default: branding.accent_color."`
	LogoURI                string                   `yaml:"logo_uri" doc:"Address of a picture that is shown at sign-in and among people's applications."`
	ClientURI              string                   `yaml:"client_uri" doc:"The client's home page. People open the client there from their account page, unless there is initiate_login_uri."`
	PolicyURI              string                   `yaml:"policy_uri" doc:"The client's privacy policy."`
	TOSURI                 string                   `yaml:"tos_uri" doc:"The client's terms of service."`
}

// WorkloadIdentity says which JWTs of a platform are a client's assertions.
type WorkloadIdentity struct {
	Issuer  string              `yaml:"issuer" doc:"The iss of the platform's JWTs. Required, except for subjects of SPIFFE."`
	Subject string              `yaml:"subject" doc:"Their sub, such as system:serviceaccount:shop:orders or repo:acme/shop:ref:refs/heads/main. One that ends with * is of all that begin so."`
	Claims  map[string][]string `yaml:"claims" doc:"Further claims that have to be one of the values each, such as {repository_owner_id: ['4711']}."`
}

// TokenExchange lets a client exchange tokens that it was sent.
type TokenExchange struct {
	From      []string                 `yaml:"from" doc:"The clients whose tokens it may exchange. Default: any, of tokens that are for it."`
	Resources []string                 `yaml:"resources" doc:"The resource servers that the new tokens may be for, of those of resources; each is for one. Required."`
	Scopes    []string                 `yaml:"scopes" doc:"Scopes that the new token may have besides those of the old one, of the client's scopes."`
	Semantics client.ExchangeSemantics `yaml:"semantics" oneof:"@exchange_semantics" doc:"delegation, whose tokens name the client as who acts (act), or impersonation, whose tokens do not. Default: delegation."`
}

// TrustedSubject lets a client get tokens about subjects of a trusted issuer.
type TrustedSubject struct {
	Issuer    string              `yaml:"issuer" doc:"The iss of the JWTs, of those of trusted_issuers. Required."`
	Subject   string              `yaml:"subject" doc:"Their sub. One that ends with * is of all that begin so."`
	Claims    map[string][]string `yaml:"claims" doc:"Further claims that have to be one of the values each."`
	Resources []string            `yaml:"resources" doc:"The resource servers that the tokens may be for, of those of resources; each is for one. Required."`
	Scopes    []string            `yaml:"scopes" doc:"Scopes that the tokens may have, of the client's scopes. Default: none."`
}

// ClientSecret is one of several secrets of a client.
type ClientSecret struct {
	Value     Secret    `yaml:"value" secret:"ref" doc:"The secret, as a file: or env: reference."`
	ExpiresAt time.Time `yaml:"expires_at" doc:"When the secret stops being accepted, such as 2027-01-31T00:00:00Z. Default: never."`
}
