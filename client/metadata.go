package client

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/storage"
)

// Metadata is what is registered about a client, in the names of RFC 7591,
// OpenID Connect Dynamic Client Registration 1.0 and the logout
// specifications; the fields after them are extensions of ours. A field that is
// absent means its default: [Metadata.Complete] fills in those that depend on
// others.
type Metadata struct {
	// RedirectURIs are where codes may be sent (RFC 7591 section 2).
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	// AuthMethod is the only way to authenticate at the token endpoint; empty
	// is any that the client's credentials serve: see [Metadata.AuthMethods].
	AuthMethod    string   `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes    []string `json:"grant_types,omitempty"`
	ResponseTypes []string `json:"response_types,omitempty"`
	// Name is what people are shown.
	Name      string `json:"client_name,omitempty"`
	ClientURI string `json:"client_uri,omitempty"`
	LogoURI   string `json:"logo_uri,omitempty"`
	PolicyURI string `json:"policy_uri,omitempty"`
	TOSURI    string `json:"tos_uri,omitempty"`
	// Scopes may be asked for; on the wire they are one text.
	Scopes   ScopeList `json:"scope,omitempty"`
	Contacts []string  `json:"contacts,omitempty"`
	// JWKSURI is where the client publishes its keys, JWKS the keys themselves
	// (RFC 7517); one of them at most.
	JWKSURI string  `json:"jwks_uri,omitempty"`
	JWKS    *KeySet `json:"jwks,omitempty"`

	// OpenID Connect Dynamic Client Registration 1.0 section 2.
	ApplicationType     string `json:"application_type,omitempty"`
	SubjectType         string `json:"subject_type,omitempty"`
	SectorIdentifierURI string `json:"sector_identifier_uri,omitempty"`
	IDTokenSigningAlg   string `json:"id_token_signed_response_alg,omitempty"`
	// IDTokenEncryptionAlg and IDTokenEncryptionEnc encrypt ID tokens to a key of the client;
	// empty does not. The others are the same for userinfo and for signed answers of
	// introspection (RFC 9701 section 6).
	IDTokenEncryptionAlg       string `json:"id_token_encrypted_response_alg,omitempty"`
	IDTokenEncryptionEnc       string `json:"id_token_encrypted_response_enc,omitempty"`
	UserInfoEncryptionAlg      string `json:"userinfo_encrypted_response_alg,omitempty"`
	UserInfoEncryptionEnc      string `json:"userinfo_encrypted_response_enc,omitempty"`
	IntrospectionEncryptionAlg string `json:"introspection_encrypted_response_alg,omitempty"`
	IntrospectionEncryptionEnc string `json:"introspection_encrypted_response_enc,omitempty"`
	// IntrospectionAlg is the algorithm of signed answers of introspection.
	IntrospectionAlg string `json:"introspection_signed_response_alg,omitempty"`
	// RequestObjectEncryptionAlg and RequestObjectEncryptionEnc are how the client
	// encrypts its request objects to us; where it says so, others are refused.
	RequestObjectEncryptionAlg string `json:"request_object_encryption_alg,omitempty"`
	RequestObjectEncryptionEnc string `json:"request_object_encryption_enc,omitempty"`
	// UserInfoAlg is the algorithm of userinfo as a JWT (Core 5.3.2); empty is plain JSON.
	UserInfoAlg string `json:"userinfo_signed_response_alg,omitempty"`
	// AuthorizationAlg is the algorithm of signed authorization responses (JARM section 3).
	AuthorizationAlg string `json:"authorization_signed_response_alg,omitempty"`
	// AuthorizationEncryptionAlg and AuthorizationEncryptionEnc encrypt those responses to
	// a key of the client once they are signed; empty does not (JARM section 3).
	AuthorizationEncryptionAlg string `json:"authorization_encrypted_response_alg,omitempty"`
	AuthorizationEncryptionEnc string `json:"authorization_encrypted_response_enc,omitempty"`
	// RequestObjectSigningAlg is the algorithm of request objects; empty is any with a
	// key of the client, and none lets them be unsigned.
	RequestObjectSigningAlg string `json:"request_object_signing_alg,omitempty"`
	// RequestURIs are the addresses that request objects may be fetched from.
	RequestURIs      []string `json:"request_uris,omitempty"`
	AuthSigningAlg   string   `json:"token_endpoint_auth_signing_alg,omitempty"`
	DefaultMaxAge    *Seconds `json:"default_max_age,omitempty"`
	RequireAuthTime  bool     `json:"require_auth_time,omitempty"`
	DefaultACR       []string `json:"default_acr_values,omitempty"`
	InitiateLoginURI string   `json:"initiate_login_uri,omitempty"`

	// RequirePushed refuses authorization requests that were not pushed (RFC 9126 section 6).
	RequirePushed bool `json:"require_pushed_authorization_requests,omitempty"`

	// DPoPBound refuses requests for tokens without a DPoP proof (RFC 9449 section 5.2).
	DPoPBound bool `json:"dpop_bound_access_tokens,omitempty"`

	// TLSSubjectDN and the fields after it say whose certificate is the client's; one of
	// them (RFC 8705 section 2.1.2).
	TLSSubjectDN string `json:"tls_client_auth_subject_dn,omitempty"`
	TLSSANDNS    string `json:"tls_client_auth_san_dns,omitempty"`
	TLSSANURI    string `json:"tls_client_auth_san_uri,omitempty"`
	TLSSANIP     string `json:"tls_client_auth_san_ip,omitempty"`
	TLSSANEmail  string `json:"tls_client_auth_san_email,omitempty"`
	// CertificateBound refuses requests for tokens without a TLS client certificate, and
	// binds tokens to it (RFC 8705 section 3.4).
	CertificateBound bool `json:"tls_client_certificate_bound_access_tokens,omitempty"`

	// OpenID Connect RP-Initiated, Back-Channel and Front-Channel Logout 1.0.
	PostLogoutRedirectURIs    []string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI      string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSession  bool     `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogoutURI     string   `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelLogoutSession bool     `json:"frontchannel_logout_session_required,omitempty"`

	// OfflineAtSignOut says what becomes of offline grants; empty is [OfflineKept].
	OfflineAtSignOut OfflinePolicy `json:"offline_grants_at_sign_out,omitempty"`

	// Type says where the client runs; empty follows from the rest.
	Type          Type     `json:"client_type,omitempty"`
	ResponseModes []string `json:"response_modes,omitempty"`
	// Description says to people what the client is for, by language.
	Description map[string]string `json:"client_description,omitempty"`
	// Unlisted keeps the client from the list of applications that people may open.
	Unlisted bool `json:"unlisted,omitempty"`
	// Origins may call the token, userinfo and revocation endpoints from a browser (CORS).
	Origins []string `json:"origins,omitempty"`
	// Audience is put in access tokens besides the issuer (RFC 9068 section 3).
	Audience []string `json:"audience,omitempty"`
	// IntrospectAny lets a resource server ask about tokens whose audience it
	// is not; without it a token of others is inactive to it.
	IntrospectAny bool `json:"introspect_any,omitempty"`
	// RequirePKCE is false only where a confidential client may do without;
	// see [Metadata.RequiresPKCE].
	RequirePKCE *bool `json:"require_pkce,omitempty"`
	// Consent is the policy that somebody wrote down; see [Client.ConsentFor].
	Consent ConsentPolicy `json:"consent,omitempty"`
	// IDTokenClaims are in every ID token, as if each request had named them in
	// its claims parameter.
	IDTokenClaims []string `json:"id_token_claims,omitempty"`
	// UserInfoClaims and AccessTokenClaims are the same for userinfo, and for access
	// tokens that are for no resource server in particular.
	UserInfoClaims    []string `json:"userinfo_claims,omitempty"`
	AccessTokenClaims []string `json:"access_token_claims,omitempty"`
	// Access are the rules by which people may use the client, and the first that fits
	// decides; nil leaves it to the provider's default.
	Access []access.Rule `json:"access,omitzero"`
	// Groups says how the client wants the groups of people spelled; nil is as they are.
	Groups *access.Groups `json:"groups,omitempty"`
	// Resources are the resource servers that the client may ask for (RFC 8707); nil is
	// those that its scopes are of.
	Resources []string `json:"resources,omitzero"`
	// Workload has JWTs of a platform be the client's assertions; nil: it signs them with
	// keys of its own.
	Workload *Workload `json:"workload_identity,omitempty"`
	// TokenExchange are the rules by which the client exchanges tokens (RFC 8693): the
	// first that fits holds.
	TokenExchange []ExchangeRule `json:"token_exchange,omitempty"`
	// TrustedSubjects are about whom of trusted issuers the client may get tokens (RFC
	// 7523 section 2.1, RFC 8693): the first rule that fits holds.
	TrustedSubjects []TrustedSubject `json:"trusted_subjects,omitempty"`
	// MayAct is the one client that may exchange access tokens of this one; empty leaves
	// it to that client's rules (RFC 8693 section 4.4).
	MayAct            string            `json:"may_act,omitempty"`
	AccessTokenFormat AccessTokenFormat `json:"access_token_format,omitempty"`
	AccessTokenAlg    string            `json:"access_token_signed_response_alg,omitempty"`
	// AccessTokenTypeHeader is the typ in the header of JWT access tokens:
	// at+jwt (RFC 9068), or JWT for resource servers that insist on it.
	AccessTokenTypeHeader string   `json:"access_token_type_header,omitempty"`
	AccessTokenLifetime   *Seconds `json:"access_token_lifetime,omitempty"`
	IDTokenLifetime       *Seconds `json:"id_token_lifetime,omitempty"`
	// RefreshIdleLifetime ends a grant that was not refreshed for so long.
	RefreshIdleLifetime *Seconds `json:"refresh_idle_lifetime,omitempty"`
	// RefreshLifetime ends a grant however often it is refreshed.
	RefreshLifetime *Seconds `json:"refresh_lifetime,omitempty"`
	// RefreshGrace is how long the immediately previous refresh token still
	// gets the same successor; zero switches the grace off.
	RefreshGrace *Seconds `json:"refresh_grace,omitempty"`
	// RequireVerifiedEmail keeps people out until their address is confirmed.
	RequireVerifiedEmail bool `json:"require_verified_email,omitempty"`
	// RequireMFA asks everyone for a second factor.
	RequireMFA bool `json:"require_mfa,omitempty"`
	// TrustDevices lets a trusted device skip the second factor for this client.
	TrustDevices bool `json:"trust_devices,omitempty"`
	// Factors are the kinds of second factor that count for this client; empty is all that the policy allows.
	Factors []storage.FactorKind `json:"factors,omitempty"`
	// AccentColor is #rrggbb on the pages that the client sends people to; empty is the brand's.
	AccentColor string `json:"accent_color,omitempty"`
}

// AuthMethods are the ways in which the client may authenticate at the token
// endpoint. Software differs in which of the two ways to send a secret it picks
// by default, so where nobody wrote one down both are taken.
func (m *Metadata) AuthMethods() []string {
	if m.AuthMethod != "" {
		return []string{m.AuthMethod}
	}
	return []string{AuthMethodBasic, AuthMethodPost}
}

// UsesSecret reports whether clients authenticate by a secret that they share with us in
// that way, or in any where it is empty.
func UsesSecret(method string) bool {
	switch method {
	case "", AuthMethodBasic, AuthMethodPost, AuthMethodSecretJWT:
		return true
	}
	return false
}

// AllowsAuthMethod reports whether the client may authenticate in that way.
func (m *Metadata) AllowsAuthMethod(method string) bool {
	return slices.Contains(m.AuthMethods(), method)
}

// AllowsGrant reports whether the client is registered for the grant type.
func (m *Metadata) AllowsGrant(grantType string) bool {
	return slices.Contains(m.GrantTypes, grantType)
}

// ActsForPeople reports whether the client gets tokens that are about a person.
func (m *Metadata) ActsForPeople() bool {
	return m.UsesBrowsers() || m.AllowsGrant(GrantDeviceCode)
}

// AllowsScope reports whether the client is registered for the scope.
func (m *Metadata) AllowsScope(scope string) bool { return slices.Contains(m.Scopes, scope) }

// RunsInBrowsers reports whether pages of the client call this provider, and may
// sign people in in a pop-up that keeps its opener.
func (m *Metadata) RunsInBrowsers() bool { return len(m.Origins) > 0 }

// IsPublic reports whether the client has no credentials of its own (RFC 6749 section 2.1).
func (m *Metadata) IsPublic() bool { return m.AuthMethod == AuthMethodNone }

// RequiresPKCE reports whether authorization requests need a code_challenge.
// Only for a client that authenticates may it be switched off.
func (m *Metadata) RequiresPKCE() bool {
	return m.RequirePKCE == nil || *m.RequirePKCE || m.IsPublic() || m.Type.KeepsNoSecret()
}

// ScopeList is a list that JSON shows as one text of words, as RFC 7591 does.
type ScopeList []string

// MarshalJSON implements json.Marshaler.
func (s ScopeList) MarshalJSON() ([]byte, error) { return json.Marshal(strings.Join(s, " ")) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *ScopeList) UnmarshalJSON(text []byte) error {
	var words string
	if err := json.Unmarshal(text, &words); err != nil {
		return fmt.Errorf("scope: %w", err)
	}
	*s = strings.Fields(words)
	return nil
}

// Seconds is a duration that JSON shows as a number of seconds.
type Seconds time.Duration

// Duration returns it as the standard library's type.
func (s Seconds) Duration() time.Duration { return time.Duration(s) }

// MarshalJSON implements json.Marshaler.
func (s Seconds) MarshalJSON() ([]byte, error) { return json.Marshal(s.Duration().Seconds()) }

// UnmarshalJSON implements json.Unmarshaler. A number that no [time.Duration]
// holds is an error.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	var n float64
	if err := json.Unmarshal(text, &n); err != nil {
		return fmt.Errorf("seconds: %w", err)
	}
	if limit := float64(1<<63) / float64(time.Second); n >= limit || n <= -limit {
		return fmt.Errorf("%v seconds are out of range", n)
	}
	*s = Seconds(n * float64(time.Second))
	return nil
}
