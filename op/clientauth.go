package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
)

// authMethod is one way for a client to say who it is, and to prove it (OpenID
// Connect Core 9): one file each.
type authMethod struct {
	name string
	// presented reads the credentials of a request, which it finds absent, sound
	// or malformed.
	presented func(*http.Request, url.Values) (c credentials, present bool, err error)
	// proves reports whether the credentials are those of the client, which is
	// nil where the registry knows none: then it does the same work for nothing
	// (enumeration of clients by time, requirement CL3).
	proves func(*Provider, context.Context, *client.Client, credentials) (bool, error)
	// alone says that it counts only where no other method was used: nothing in the
	// request but the client's id tells of it, so that of several such methods that of
	// the client's registration is meant.
	alone bool
	// offered reports whether the installation has it; nil: each does.
	offered func(*Config) bool
}

// authMethods is the one list of methods: the endpoints, discovery and the rules
// for clients read it.
var authMethods = []authMethod{clientSecretBasic, clientSecretPost, clientSecretJWT, privateKeyJWT, tlsClientAuth, selfSignedTLS, publicClient}

func methodNames(methods []authMethod) []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	return names
}

// secretMethods are those by which a client proves who it is.
func secretMethods() []authMethod {
	return slices.DeleteFunc(slices.Clone(authMethods), func(m authMethod) bool { return m.name == client.AuthMethodNone })
}

// offered are those of the methods that the installation has.
func (c *Config) offered(methods []authMethod) []authMethod {
	return slices.DeleteFunc(slices.Clone(methods), func(m authMethod) bool { return m.offered != nil && !m.offered(c) })
}

// clientParameters are those of client authentication, at every endpoint.
var clientParameters = []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"}

// credentials is how a client presented itself.
type credentials struct {
	ClientID string
	Secret   string
	// RawClientID and RawSecret are the halves of a Basic header as they came,
	// where that is something else: not every client form-encodes them (RFC 6749
	// section 2.3.1).
	RawClientID, RawSecret string
	// Assertion is a signed JWT (RFC 7523).
	Assertion string

	method *authMethod
	// others are further methods of which nothing but the client's id tells.
	others []*authMethod
	// chain reads the TLS certificate of the request.
	chain chainOf
}

// namedClient reads the credentials of methods of which nothing but the client's id tells.
func namedClient(_ *http.Request, form url.Values) (credentials, bool, error) {
	id := form.Get("client_id")
	return credentials{ClientID: id}, id != "", nil
}

// presentedCredentials returns the credentials of a request, which must be of
// exactly one of the methods (RFC 6749 section 2.3). Where it answers an error,
// the credentials say at most whose they claim to be.
func presentedCredentials(r *http.Request, form url.Values, methods []authMethod) (credentials, error) {
	claimed := credentials{ClientID: form.Get("client_id")}
	var found credentials
	for i := range methods {
		m := &methods[i]
		if m.alone && found.method != nil && !found.method.alone {
			continue
		}
		c, present, err := m.presented(r, form)
		switch {
		case err != nil:
			return claimed, err
		case !present:
			continue
		case m.alone && found.method != nil:
			found.others = append(found.others, m)
			continue
		case found.method != nil:
			return claimed, invalidRequest("client authentication must not use more than one method", nil)
		}
		found, found.method = c, m
	}
	switch {
	case found.method == nil && claimed.ClientID != "":
		return claimed, errInvalidClient(errors.New("the caller does not authenticate"))
	case found.method == nil:
		return claimed, errInvalidClient(errors.New("no client is named"))
	case claimed.ClientID != "" && claimed.ClientID != found.ClientID && claimed.ClientID != found.RawClientID:
		return claimed, invalidRequest("client_id does not match the client that authenticates", nil)
	}
	return found, nil
}

// authenticate returns the client that the credentials are of, unless there were
// too many failures for it from the address of the request.
func (p *Provider) authenticate(ctx context.Context, c credentials) (*client.Client, error) {
	key, now := failureKeyOf(c.ClientID, web.ClientAddress(ctx)), p.cfg.Now()
	if wait := p.failures.wait(key, now); wait > 0 {
		return nil, errTooManyFailures(wait)
	}
	found, err := p.proveClient(ctx, c)
	if refused := (*Error)(nil); errors.As(err, &refused) && refused.Code == codeInvalidClient {
		p.failures.fail(key, now)
	}
	return found, err
}

// proveClient returns the client that the credentials are of.
func (p *Provider) proveClient(ctx context.Context, c credentials) (*client.Client, error) {
	found, unknown := p.clientOf(ctx, c)
	if unknown != nil && !errors.Is(unknown, client.ErrUnknown) {
		return nil, unavailable("look up client", unknown)
	}
	c.method = c.methodOf(found)
	candidate := found
	if found != nil && !found.AllowsAuthMethod(c.method.name) {
		candidate = nil
	}
	proven, err := c.method.proves(p, ctx, candidate, c)
	switch {
	case err != nil:
		return nil, err
	case !proven || candidate == nil:
		return nil, errInvalidClient(whyRefused(found, c, unknown))
	}
	return found, nil
}

// methodOf is the method of the credentials, which where nothing but the client's id
// tells of it is the one that the client is registered for.
func (c *credentials) methodOf(found *client.Client) *authMethod {
	for _, m := range c.others {
		if found != nil && !found.AllowsAuthMethod(c.method.name) && found.AllowsAuthMethod(m.name) {
			return m
		}
	}
	return c.method
}

// clientOf returns the client that the credentials name, in either spelling of a
// Basic header.
func (p *Provider) clientOf(ctx context.Context, c credentials) (*client.Client, error) {
	found, err := p.cfg.Clients.Client(ctx, c.ClientID)
	if errors.Is(err, client.ErrUnknown) && c.RawClientID != "" {
		return p.cfg.Clients.Client(ctx, c.RawClientID)
	}
	return found, err
}

// whyRefused tells the operator what was wrong; the client is never told. A nil
// client is unknown, for the reason given.
func whyRefused(found *client.Client, c credentials, unknown error) error {
	switch {
	case found == nil:
		return fmt.Errorf("no client has this id: %w", unknown)
	case !found.AllowsAuthMethod(c.method.name):
		return fmt.Errorf("the client is registered for %s, and %s was used", strings.Join(found.AuthMethods(), " and "), c.method.name)
	}
	if c.method.offered != nil {
		return errors.New("there is no TLS certificate, or it is not the client's")
	}
	if c.Assertion != "" {
		return errors.New("the client assertion is not signed by the client")
	}
	return errors.New("the secret is not one of the client's, or has expired")
}
