package op

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// endpoint is an address of the provider. Its routes, its member of the metadata, its
// alias for mutual TLS and whether assertions may be for it are made of this one row,
// which stands in the file of what answers there.
type endpoint struct {
	// path is below the issuer.
	path string
	// member names the address in the metadata (RFC 8414 section 2); empty: it is not there.
	member string
	// metadata returns what the metadata say of it besides; nil: nothing.
	metadata func(*Config) map[string]any
	// authenticates says that clients authenticate here, so that their assertions may be
	// for this address (OpenID Connect Core 9, RFC 9126 section 2).
	authenticates bool
	// takesCertificates says that TLS certificates of clients count here, so that it has an
	// alias where another address asks for them (RFC 8705 section 5).
	takesCertificates bool
	// offered reports whether the installation has it; nil: each does.
	offered func(*Config) bool
	// mount adds the routes of path, and of what is below it.
	mount func(p *Provider, to routes, path string)
}

// endpoints is the one list of addresses.
var endpoints = []endpoint{
	authorizeEndpoint, resumeEndpoint, pushEndpoint.row(), deviceEndpoint.row(),
	tokenEndpoint.row(), introspectionEndpoint.row(), revocationEndpoint.row(), userinfoEndpoint,
	endSessionEndpoint, signedOutEndpoint, checkSessionEndpoint,
	jwksEndpoint, openIDConfigurationEndpoint, oauthMetadataEndpoint, resourceMetadataEndpoint,
	registrationEndpoint, logoEndpoint, errorPageEndpoint,
}

// Paths returns the paths of the provider's endpoints, for whoever counts requests.
func Paths() []string {
	paths := make([]string, len(endpoints))
	for i, e := range endpoints {
		paths[i] = e.path
	}
	return paths
}

// Handler answers every endpoint of the protocol at its path below the issuer,
// and any other path with a page that says there is nothing.
func (p *Provider) Handler() http.Handler {
	to := routes{ServeMux: http.NewServeMux(), page: p.cfg.Errors.Handle}
	for _, e := range p.cfg.endpoints() {
		e.mount(p, to, e.path)
	}
	to.Handle("/", to.page(notFound))
	return to.ServeMux
}

// endpoints are those that the installation has.
func (c *Config) endpoints() []endpoint {
	var offered []endpoint
	for _, e := range endpoints {
		if e.offered == nil || e.offered(c) {
			offered = append(offered, e)
		}
	}
	return offered
}

// assertionAudiences are whom an assertion may be for: us, or one of the endpoints that
// clients authenticate at.
func (c *Config) assertionAudiences() []string {
	audiences := []string{c.Issuer}
	for _, e := range c.endpoints() {
		if !e.authenticates {
			continue
		}
		audiences = append(audiences, c.Issuer+e.path)
		if c.MutualTLS != nil && c.MutualTLS.Alias != "" {
			audiences = append(audiences, c.MutualTLS.Alias+e.path)
		}
	}
	return audiences
}

// aliases are the endpoints that ask for a TLS certificate, where those are at another
// address (RFC 8705 section 5); nil where they are not.
func (c *Config) aliases() map[string]string {
	if c.MutualTLS == nil || c.MutualTLS.Alias == "" {
		return nil
	}
	aliases := map[string]string{}
	for _, e := range c.endpoints() {
		if e.takesCertificates {
			aliases[e.member] = c.MutualTLS.Alias + e.path
		}
	}
	return aliases
}

// withEndpoints adds to the metadata what belongs to one endpoint: its address, and what
// else they say of it.
func (c *Config) withEndpoints(m metadata) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	for _, e := range c.endpoints() {
		own := map[string]any{}
		if e.metadata != nil {
			own = e.metadata(c)
		}
		if e.member != "" {
			own[e.member] = c.Issuer + e.path
		}
		for name, value := range own {
			if members[name], err = json.Marshal(value); err != nil {
				return nil, fmt.Errorf("encode %s: %w", name, err)
			}
		}
	}
	return members, nil
}
