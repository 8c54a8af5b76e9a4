package op

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/access"
)

// resourceMetadataPath is where a protected resource is described (RFC 9728 section 3).
// Ours is userinfo, whose tokens are for the issuer.
const resourceMetadataPath = "/.well-known/oauth-protected-resource"

var resourceMetadataEndpoint = endpoint{
	path:  resourceMetadataPath,
	mount: func(p *Provider, to routes, path string) { to.documentAt(path, p.resource.serve) },
}

// protectedResource is what a client has to know of a protected resource (RFC 9728
// section 2).
type protectedResource struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	JWKSURI              string   `json:"jwks_uri"`
	Scopes               []string `json:"scopes_supported"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	SigningAlgs          []string `json:"resource_signing_alg_values_supported"`
	DPoPAlgs             []string `json:"dpop_signing_alg_values_supported"`
	RequireDPoP          bool     `json:"dpop_bound_access_tokens_required"`
	CertificateBound     bool     `json:"tls_client_certificate_bound_access_tokens"`
}

// newResourceMetadata prepares the description of userinfo.
func newResourceMetadata(cfg Config) (*document, error) {
	body, err := json.Marshal(protectedResource{
		Resource: cfg.Issuer, AuthorizationServers: []string{cfg.Issuer}, JWKSURI: cfg.Issuer + jwksPath, Scopes: ownScopes(cfg.Access),
		BearerMethods: []string{"header", "body"}, SigningAlgs: cfg.Keys.Algs(), DPoPAlgs: algNames(clientAlgs),
		// Where certificates are known, a token may be bound to one instead.
		RequireDPoP: cfg.RequireDPoP && cfg.MutualTLS == nil, CertificateBound: cfg.MutualTLS != nil,
	})
	if err != nil {
		return nil, fmt.Errorf("encode protected resource metadata: %w", err)
	}
	return newDocument(body, etagOf(body), discoveryMaxAge), nil
}

// ownScopes are those that are of no resource server.
func ownScopes(catalog *access.Catalog) []string {
	var own []string
	for _, scope := range supportedScopes(catalog) {
		if catalog.ResourceOf(scope) == "" {
			own = append(own, scope)
		}
	}
	return own
}

// resourceMetadata is the address of that description: between the host and the path of
// the issuer (RFC 9728 section 3.1).
func (p *Provider) resourceMetadata() string {
	u, err := url.Parse(p.cfg.Issuer)
	if err != nil {
		return "" // it was checked
	}
	u.Path = resourceMetadataPath + u.Path
	return u.String()
}
