package op

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// maxResources bounds the resource parameters of a request.
const maxResources = 16

// errInvalidTarget refuses a resource parameter (RFC 8707 section 2).
func errInvalidTarget(description string) error {
	return &Error{Code: codeInvalidTarget, Description: description}
}

// readResources takes the resource servers that access tokens may be asked for later;
// each request for a token then names one.
func (c *authorizationCheck) readResources() error {
	asked := c.params["resource"]
	if len(asked) > maxResources {
		return errInvalidTarget("too many resources")
	}
	for _, identifier := range c.claims.asConfigured(asked) {
		if err := c.claims.mayAskFor(c.client, identifier); err != nil {
			return err
		}
		if !slices.Contains(c.request.Resources, identifier) {
			c.request.Resources = append(c.request.Resources, identifier)
		}
	}
	return nil
}

// asConfigured spells resource servers as they are configured: with or without a slash at
// their end, since software that parses addresses adds one to those without a path, and
// some takes away what it finds. Where both are configured each is itself. The provider's
// own are called by their addresses too, as their metadata have them (RFC 9728 section 2):
// tokens are for the identifier (RFC 8707 section 2.2).
func (m *maker) asConfigured(asked []string) []string {
	spelled := slices.Clone(asked)
	for i, identifier := range asked {
		other, cut := strings.CutSuffix(identifier, "/")
		if !cut {
			other = identifier + "/"
		}
		switch {
		case m.knows(identifier):
		case m.knows(other):
			spelled[i] = other
		case m.servedAt(identifier) != "":
			spelled[i] = m.servedAt(identifier)
		}
	}
	return spelled
}

// servedAt is the identifier of the provider's own resource server at an address; empty
// where there is none.
func (m *maker) servedAt(address string) string {
	for _, r := range m.catalog.Resources() {
		if r.Path != "" && strings.TrimSuffix(address, "/") == m.issuer+r.Path {
			return r.Identifier
		}
	}
	return ""
}

// knows reports whether something is called so that access tokens may be for.
func (m *maker) knows(identifier string) bool {
	return identifier == m.issuer || m.catalog.Resource(identifier) != nil
}

// notePlainResources notes the resource servers that no scope of the request is of:
// people who are asked about scopes are asked about those by themselves.
func (c *authorizationCheck) notePlainResources() error {
	c.request.PlainResources = c.claims.plainResources(c.request.Scopes, c.request.Resources)
	return nil
}

// plainResources are those of the resource servers that none of the scopes is of.
func (m *maker) plainResources(scopes, resources []string) []string {
	var plain []string
	of := m.catalog.ResourcesOf(scopes)
	for _, identifier := range resources {
		if identifier != m.issuer && !slices.Contains(of, identifier) {
			plain = append(plain, identifier)
		}
	}
	return plain
}

// mayAskFor answers invalid_target unless the client may have access tokens for the
// resource server. The issuer stands for our own endpoints.
func (m *maker) mayAskFor(c *client.Client, identifier string) error {
	switch u, err := url.Parse(identifier); {
	case err != nil || !u.IsAbs() || u.Fragment != "":
		return errInvalidTarget("resource must be an absolute URI without a fragment")
	case identifier == m.issuer:
		return nil
	case m.catalog.Resource(identifier) == nil:
		return errInvalidTarget("the resource is not known here")
	case !c.MayAskFor(identifier, m.catalog):
		return errInvalidTarget("the client is not registered for the resource")
	}
	return nil
}

// allowed is what a person allowed a client. Its zero value is of no person.
type allowed struct {
	scopes, resources []string
	redirectURI       string
	// onDevice says that they were asked though there is no redirect URI (RFC 8628).
	onDevice bool
}

func allowedBy(g *storage.Grant) allowed {
	return allowed{g.Scopes, g.Resource, g.RedirectURI, g.Origin == storage.OriginDevice}
}

// askedPeople reports whether the person was asked, or had been before.
func (a allowed) askedPeople(c *client.Client) bool {
	return a.onDevice || a.redirectURI != "" && c.ConsentFor(a.redirectURI) != client.ConsentImplied
}

// chooseResource says which resource server a token is for: the one that the request
// names, of those that were granted, where any were. Where it names none it is the
// one that was granted, or, of several, none but ourselves: each access token is for
// one. Empty is a token for whatever the client is registered for.
func (m *maker) chooseResource(r *tokenRequest, by allowed) (string, error) {
	asked, granted := m.asConfigured(r.Form["resource"]), by.resources
	switch {
	case len(asked) > 1:
		return "", errInvalidTarget("name one resource: each access token is for one")
	case len(asked) == 1 && len(granted) > 0 && asked[0] != m.issuer && !slices.Contains(granted, asked[0]):
		return "", errInvalidTarget("a resource was not granted")
	case len(asked) == 1 && by.askedPeople(r.Client) && len(m.plainResources(by.scopes, asked)) > 0 && len(granted) == 0:
		return "", errInvalidTarget("nobody was asked to allow the resource: name it at the authorization endpoint")
	case len(asked) == 1:
		return asked[0], m.mayAskFor(r.Client, asked[0])
	case len(granted) == 0:
		return "", nil
	case len(granted) == 1 && m.mayAskFor(r.Client, granted[0]) == nil:
		return granted[0], nil
	}
	return m.issuer, nil
}

// target is whom an access token is for, and what that makes of it.
type target struct {
	audience []string
	// scopes are those of the granted ones that concern the audience.
	scopes   []string
	format   client.AccessTokenFormat
	alg, typ string
	lifetime time.Duration
}

// target says what a token of the client is like that is for a resource server, for
// ourselves (the issuer), or, where that is empty, for whatever the client is registered
// for and the scopes are of.
func (m *maker) target(c *client.Client, scopes []string, resource string) target {
	t := target{
		scopes: scopes, format: c.AccessTokenFormat, lifetime: c.Lifetimes.AccessToken,
		alg: cmp.Or(c.AccessTokenAlg, defaultAccessTokenAlg), typ: cmp.Or(c.AccessTokenTypeHeader, accessTokenType),
	}
	switch of := m.catalog.Resource(resource); {
	case resource == "":
		t.audience = m.audience(c, scopes)
		for _, identifier := range m.catalog.ResourcesOf(scopes) {
			if r := m.catalog.Resource(identifier); r != nil && r.Lifetime > 0 {
				t.lifetime = min(t.lifetime, r.Lifetime)
			}
		}
	case of == nil:
		t.audience = []string{m.issuer}
		t.scopes = m.scopesFor(scopes, "")
	default:
		t.audience = []string{of.Identifier}
		t.scopes = m.scopesFor(scopes, of.Identifier)
		t.format = cmp.Or(client.AccessTokenFormat(of.Format), t.format)
		t.alg = cmp.Or(of.SigningAlg, t.alg)
		t.lifetime = cmp.Or(of.Lifetime, t.lifetime)
	}
	return t
}

// scopesFor narrows scopes to those of a resource server, and such as are of none and
// not about a person; or, for ourselves, to those that are of none.
func (m *maker) scopesFor(scopes []string, resource string) []string {
	narrowed := make([]string, 0, len(scopes))
	for _, scope := range scopes {
		of := m.catalog.ResourceOf(scope)
		ours := slices.Contains(standardScopes, scope) || isBuiltIn(scope)
		if of == resource && of != "" || of == "" && (resource == "" || !ours) {
			narrowed = append(narrowed, scope)
		}
	}
	return narrowed
}

// audience is who may rely on the client's access tokens: the resource servers
// it is registered for, those that the scopes are of, and we ourselves, for userinfo.
func (m *maker) audience(c *client.Client, scopes []string) []string {
	audience := make([]string, 0, len(c.Audience)+1)
	audience = append(audience, c.Audience...)
	for _, identifier := range append(m.catalog.ResourcesOf(scopes), m.issuer) {
		if !slices.Contains(audience, identifier) {
			audience = append(audience, identifier)
		}
	}
	return audience
}

// claimsAdder adds claims about a person to what a token says.
type claimsAdder func(payload []byte) ([]byte, error)

// accessTokenExtras are the claims that resource servers find in their tokens, and, in
// those that are for us too, what the client is registered to find there.
func (m *maker) accessTokenExtras(c *client.Client, g *storage.GrantUser, to target) claimsAdder {
	claims := m.accessTokenClaims(c, g, to.audience)
	return func(payload []byte) ([]byte, error) { return m.addClaims(payload, c.ID, &g.User, claims) }
}

func (m *maker) accessTokenClaims(c *client.Client, g *storage.GrantUser, audience []string) claimList {
	var names []string
	for _, identifier := range audience {
		if r := m.catalog.Resource(identifier); r != nil {
			names = append(names, r.Claims...)
		}
	}
	own := len(c.AccessTokenClaims) > 0 && slices.Contains(audience, m.issuer)
	if len(names) == 0 && !own {
		return nil
	}
	var claims claimList
	m.addNamed(&claims, nil, &g.User, names)
	if own {
		m.addNamed(&claims, c, &g.User, m.configured(c, &g.Grant, c.AccessTokenClaims))
	}
	return claims
}

// concerns reports whether a resource server that asks by the client has a token of
// the audience for itself.
func concerns(catalog *access.Catalog, audience []string, caller string) bool {
	return slices.ContainsFunc(audience, func(identifier string) bool {
		r := catalog.Resource(identifier)
		return identifier == caller || r != nil && slices.Contains(r.IntrospectedBy, caller)
	})
}
