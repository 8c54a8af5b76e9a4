package op

import (
	"context"
	"slices"
)

// grantType is one kind of grant that the token endpoint takes (RFC 6749 section
// 1.3): one file each.
type grantType struct {
	name string
	// parameters are those of the form that it reads.
	parameters []string
	// required are those of them that must be there.
	required []string
	// issue answers with tokens. It spends the request's proof as soon as it has found
	// what it exchanges in order: see [Provider.spendProof].
	issue func(*Provider, context.Context, *tokenRequest) (*tokenResponse, error)
	// offered reports whether the installation has it; nil: each does.
	offered func(*Config) bool
}

// grantTypes is the one list of grants: the token endpoint, discovery and the
// rules for clients read it.
var grantTypes = []grantType{authorizationCode, refreshTokenGrant, clientCredentials, deviceCode, tokenExchange, jwtBearer}

func grantParameters() []string {
	parameters := []string{"grant_type"}
	for _, g := range grantTypes {
		parameters = append(parameters, g.parameters...)
	}
	return parameters
}

const tokenPath = "/token"

var tokenEndpoint = clientEndpoint{
	path: tokenPath, member: "token_endpoint",
	parameters: grantParameters(), required: "grant_type", authMethods: authMethods,
	proves: true, answer: (*Provider).token, conclude: (*Provider).concludeToken,
}

// token is the token endpoint (RFC 6749 section 3.2).
func (p *Provider) token(ctx context.Context, r *tokenRequest) (any, error) {
	grant, err := p.grantFor(r)
	if err != nil {
		return nil, err
	}
	if err := p.requireProof(r); err != nil {
		return nil, err
	}
	if err := p.bindCertificate(r); err != nil {
		return nil, err
	}
	if err := p.readyToEncrypt(ctx, r.Client); err != nil {
		return nil, err
	}
	return grant.issue(p, ctx, r)
}

// grantFor is the grant that a request is for, where its client may use it and its
// parameters are there.
func (p *Provider) grantFor(r *tokenRequest) (*grantType, error) {
	asked := r.Form.Get("grant_type")
	i := slices.IndexFunc(grantTypes, func(g grantType) bool { return g.name == asked })
	if i < 0 || grantTypes[i].offered != nil && !grantTypes[i].offered(&p.cfg) {
		return nil, &Error{Code: codeUnsupportedGrantType, Description: "the grant type is not supported"}
	}
	grant := &grantTypes[i]
	if !r.Client.AllowsGrant(grant.name) {
		return nil, &Error{Code: codeUnauthorizedClient, Description: "the client is not registered for this grant type"}
	}
	for _, parameter := range grant.required {
		if r.Form.Get(parameter) == "" {
			return nil, missing(parameter)
		}
	}
	return grant, nil
}
