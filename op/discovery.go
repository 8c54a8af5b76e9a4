package op

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// The addresses of the metadata documents (OpenID Connect Discovery 4, RFC 8414
// section 3). They hold the same: each standard's fields are the other's.
const (
	openIDConfigurationPath = oidc.DiscoveryEndpoint
	oauthMetadataPath       = "/.well-known/oauth-authorization-server"
)

var (
	openIDConfigurationEndpoint = endpoint{path: openIDConfigurationPath, mount: mountDiscovery}
	oauthMetadataEndpoint       = endpoint{path: oauthMetadataPath, mount: mountDiscovery}
)

func mountDiscovery(p *Provider, to routes, path string) { to.documentAt(path, p.discovery.serve) }

// discoveryMaxAge is how long a relying party may keep the metadata.
const discoveryMaxAge = 15 * time.Minute

// metadata is the library's discovery document with what it lacks, but for the
// addresses and what belongs to one endpoint, which [endpoints] have.
type metadata struct {
	oidc.DiscoveryConfiguration
	// IssuerInResponse is RFC 9207 section 3.
	IssuerInResponse bool `json:"authorization_response_iss_parameter_supported"`
	// BackchannelLogout and BackchannelLogoutSession are OpenID Connect Back-Channel
	// Logout 2.1: each logout token has a sid.
	BackchannelLogout        bool `json:"backchannel_logout_supported"`
	BackchannelLogoutSession bool `json:"backchannel_logout_session_supported"`
	// FrontchannelLogout and FrontchannelLogoutSession are OpenID Connect Front-Channel
	// Logout 1.0 section 3: each address is called with iss and sid.
	FrontchannelLogout        bool `json:"frontchannel_logout_supported"`
	FrontchannelLogoutSession bool `json:"frontchannel_logout_session_supported"`
	// AuthorizationAlgs and what follows are JARM section 4.
	AuthorizationAlgs           []string `json:"authorization_signing_alg_values_supported"`
	AuthorizationEncryptionAlgs []string `json:"authorization_encryption_alg_values_supported"`
	AuthorizationEncryptionEncs []string `json:"authorization_encryption_enc_values_supported"`
	// DPoPAlgs is RFC 9449 section 5.1.
	DPoPAlgs []string `json:"dpop_signing_alg_values_supported"`
	// ClientDocuments is of OAuth Client ID Metadata Documents.
	ClientDocuments bool `json:"client_id_metadata_document_supported,omitempty"`
	// CertificateBound and Aliases are RFC 8705 sections 3.3 and 5.
	CertificateBound bool              `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	Aliases          map[string]string `json:"mtls_endpoint_aliases,omitempty"`
	// Prompts is of Initiating User Registration via OpenID Connect 1.0.
	Prompts []string `json:"prompt_values_supported"`
}

// newDiscovery prepares the metadata. What is in it works; what is not built is
// not in it.
func newDiscovery(cfg Config) (*document, error) {
	members, err := cfg.withEndpoints(metadata{
		DiscoveryConfiguration: libraryMetadata(cfg),
		IssuerInResponse:       true,
		BackchannelLogout:      true, BackchannelLogoutSession: true,
		FrontchannelLogout: true, FrontchannelLogoutSession: true,
		AuthorizationAlgs: cfg.Keys.Algs(),
		DPoPAlgs:          algNames(clientAlgs),

		AuthorizationEncryptionAlgs: client.EncryptionAlgs(),
		AuthorizationEncryptionEncs: client.ContentEncryptions(),

		Prompts:          cfg.prompts(),
		ClientDocuments:  cfg.Documents,
		CertificateBound: cfg.MutualTLS != nil,
		Aliases:          cfg.aliases(),
	})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("encode discovery document: %w", err)
	}
	return newDocument(body, etagOf(body), discoveryMaxAge), nil
}

func libraryMetadata(cfg Config) oidc.DiscoveryConfiguration {
	encryptionAlgs := cfg.Keys.EncryptionAlgs()
	var encryptions []string
	if len(encryptionAlgs) > 0 {
		encryptions = keys.ContentEncryptions()
	}
	withSecret, all := wireMethods(cfg.offered(secretMethods())), wireMethods(cfg.offered(authMethods))
	return oidc.DiscoveryConfiguration{
		Issuer: cfg.Issuer,

		ScopesSupported:                   supportedScopes(cfg.Access),
		ResponseTypesSupported:            client.ResponseTypes(),
		ResponseModesSupported:            client.ResponseModes(),
		GrantTypesSupported:               wireGrantTypes(&cfg),
		UILocalesSupported:                oidc.ParseLocales(cfg.UILocales),
		ACRValuesSupported:                supportedACRs(cfg.ACRValues, cfg.ACRAliases),
		SubjectTypesSupported:             subjectTypes(cfg),
		IDTokenSigningAlgValuesSupported:  cfg.Keys.Algs(),
		UserinfoSigningAlgValuesSupported: cfg.Keys.Algs(),

		IDTokenEncryptionAlgValuesSupported:       client.EncryptionAlgs(),
		IDTokenEncryptionEncValuesSupported:       client.ContentEncryptions(),
		UserinfoEncryptionAlgValuesSupported:      client.EncryptionAlgs(),
		UserinfoEncryptionEncValuesSupported:      client.ContentEncryptions(),
		RequestObjectEncryptionAlgValuesSupported: encryptionAlgs,
		RequestObjectEncryptionEncValuesSupported: encryptions,

		CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},

		TokenEndpointAuthSigningAlgValuesSupported:         assertionAlgs(),
		RevocationEndpointAuthSigningAlgValuesSupported:    assertionAlgs(),
		IntrospectionEndpointAuthSigningAlgValuesSupported: assertionAlgs(),

		TokenEndpointAuthMethodsSupported:         all,
		RevocationEndpointAuthMethodsSupported:    all,
		IntrospectionEndpointAuthMethodsSupported: withSecret,

		DisplayValuesSupported:   supportedDisplays,
		ClaimTypesSupported:      []string{"normal"},
		ClaimsSupported:          supportedClaims(cfg.Access),
		ClaimsParameterSupported: true,

		RequestParameterSupported:              true,
		RequestURIParameterSupported:           true,
		RequireRequestURIRegistration:          true,
		RequestObjectSigningAlgValuesSupported: objectAlgs(),
	}
}

func wireGrantTypes(cfg *Config) []oidc.GrantType {
	types := make([]oidc.GrantType, 0, len(grantTypes)+1)
	for _, g := range grantTypes {
		if g.offered != nil && !g.offered(cfg) {
			continue
		}
		types = append(types, oidc.GrantType(g.name))
	}
	return append(types, oidc.GrantType(client.GrantImplicit)) // at the authorization endpoint
}

func wireMethods(methods []authMethod) []oidc.AuthMethod {
	names := make([]oidc.AuthMethod, len(methods))
	for i, m := range methods {
		names[i] = oidc.AuthMethod(m.name)
	}
	return names
}

// supportedClaims lists what an ID token or userinfo may say.
func supportedClaims(catalog *access.Catalog) []string {
	claims := []string{
		"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash",
	}
	for _, c := range personClaims {
		claims = append(claims, c.name)
	}
	return append(claims, catalog.Claims()...)
}

// subjectTypes lists how clients may know people.
func subjectTypes(cfg Config) []string {
	if cfg.Pairwise {
		return client.SubjectTypes()
	}
	return []string{client.SubjectPublic}
}

// supportedScopes lists the standard scopes, and those of the installation.
func supportedScopes(catalog *access.Catalog) []string {
	scopes := slices.Clone(standardScopes)
	for _, s := range catalog.Scopes() {
		scopes = append(scopes, s.Name)
	}
	return scopes
}

// assertionAlgs are the algorithms of clients' assertions.
func assertionAlgs() []string { return algNames(slices.Concat(clientAlgs, secretAlgs)) }

// objectAlgs are the algorithms of request objects.
func objectAlgs() []string { return append([]string{unsignedAlg}, algNames(clientAlgs)...) }

func algNames(algs []jose.SignatureAlgorithm) []string {
	names := make([]string, len(algs))
	for i, alg := range algs {
		names[i] = string(alg)
	}
	return names
}
