package op

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/access"
)

// resourceMetadataPath is where protected resources are described (RFC 9728 section 3):
// userinfo, whose tokens are for the issuer, and below it those that the provider serves
// besides, each at its own path.
const resourceMetadataPath = "/.well-known/oauth-protected-resource"

var resourceMetadataEndpoint = endpoint{
	path: resourceMetadataPath,
	mount: func(p *Provider, to routes, path string) {
		for at, described := range p.resources {
			to.documentAt(path+at, described.serve)
		}
	},
}

// protectedResource is what a client has to know of a protected resource (RFC 9728
// section 2).
type protectedResource struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	JWKSURI              string   `json:"jwks_uri,omitempty"`
	Scopes               []string `json:"scopes_supported"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	SigningAlgs          []string `json:"resource_signing_alg_values_supported,omitempty"`
	DPoPAlgs             []string `json:"dpop_signing_alg_values_supported"`
	RequireDPoP          bool     `json:"dpop_bound_access_tokens_required"`
	CertificateBound     bool     `json:"tls_client_certificate_bound_access_tokens"`
}

// newResourceMetadata prepares the descriptions, by the paths of what they are about.
func newResourceMetadata(cfg Config) (map[string]*document, error) {
	common := protectedResource{
		AuthorizationServers: []string{cfg.Issuer}, DPoPAlgs: algNames(clientAlgs),
		// Where certificates are known, a token may be bound to one instead.
		RequireDPoP: cfg.RequireDPoP && cfg.MutualTLS == nil, CertificateBound: cfg.MutualTLS != nil,
	}
	userinfo := common
	userinfo.Resource, userinfo.Scopes, userinfo.BearerMethods = cfg.Issuer, scopesAt(cfg.Access, ""), []string{"header", "body"}
	// Userinfo may be signed.
	userinfo.JWKSURI, userinfo.SigningAlgs = cfg.Issuer+jwksPath, cfg.Keys.Algs()
	all := map[string]protectedResource{"": userinfo}
	for _, r := range cfg.Access.Resources() {
		if r.Path == "" {
			continue
		}
		// A resource is called by its address here, whatever its identifier is: section 2
		// wants a URL, and a client that checks compares it with what it called.
		own := common
		own.Resource, own.Scopes, own.BearerMethods = cfg.Issuer+r.Path, scopesAt(cfg.Access, r.Identifier), []string{"header"}
		all[r.Path] = own
	}
	documents := map[string]*document{}
	for at, described := range all {
		body, err := json.Marshal(described)
		if err != nil {
			return nil, fmt.Errorf("encode protected resource metadata: %w", err)
		}
		documents[at] = newDocument(body, etagOf(body), discoveryMaxAge)
	}
	return documents, nil
}

// scopesAt are the scopes of a resource server; those of none, where it is empty.
func scopesAt(catalog *access.Catalog, identifier string) []string {
	var own []string
	for _, scope := range supportedScopes(catalog) {
		if catalog.ResourceOf(scope) == identifier {
			own = append(own, scope)
		}
	}
	return own
}

// ResourceMetadata is the address of the description of a resource server of ours: the
// path of the document is between the host and the resource's own path (RFC 9728 section
// 3.1). It is empty where the identifier is of another.
func (p *Provider) ResourceMetadata(identifier string) string {
	u, err := url.Parse(p.cfg.Issuer)
	if err != nil {
		return "" // it was checked
	}
	u.Path = resourceMetadataPath + u.Path
	if identifier == p.cfg.Issuer {
		return u.String()
	}
	r := p.cfg.Access.Resource(identifier)
	if r == nil || r.Path == "" {
		return ""
	}
	u.Path += r.Path
	return u.String()
}
