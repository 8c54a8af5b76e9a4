package config

import (
	"errors"
	"regexp"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
)

var clientIDSyntax = regexp.MustCompile(`^[!-~]{1,256}$`)

func (l *loader) validateClients(c *Config) {
	ids := map[string]string{}
	secrets := map[string]string{}
	for i := range c.Clients {
		client, path := &c.Clients[i], indexPath("clients", i)
		switch first := ids[client.ID]; {
		case client.ID == "":
			l.add(joinPath(path, "id"), "required")
		case !clientIDSyntax.MatchString(client.ID):
			l.add(joinPath(path, "id"), "use 1 to 256 printable ASCII characters without spaces")
		case first != "":
			l.add(joinPath(path, "id"), "%q is the id of %s too; every client needs its own", client.ID, first)
		default:
			ids[client.ID] = path
		}
		if l.isBlamed(joinPath(path, "type")) {
			continue // what is right depends on it
		}
		l.validateAuthMethod(path, client)
		l.validateClientSecrets(path, client, secrets)
		l.validateGrants(path, client)
		l.validateAddresses(path, client)
		l.validateScopes(path, client)
		l.validateTokens(path, client, c.SigningKeys.Algs)
		l.validateClientPolicy(path, client, c.MFA)
	}
}

func (l *loader) validateAuthMethod(path string, c *Client) {
	none := c.AuthMethod == client.AuthMethodNone
	switch {
	case c.keepsNoSecret() && !none:
		l.add(joinPath(path, "auth_method"), "a %s client cannot keep a secret; use none, or type confidential if it runs on a server", c.Type)
		l.blame(joinPath(path, "secret"))
	case !c.keepsNoSecret() && none:
		l.add(joinPath(path, "auth_method"), "a %s client has to authenticate; use client_secret_basic or client_secret_post, or type public or native", c.Type)
	}
	if !c.RequirePKCE && none {
		l.add(joinPath(path, "require_pkce"), "a %s client has nothing but PKCE to prove itself with; remove it", c.Type)
	}
}

func (l *loader) validateGrants(path string, c *Client) {
	at := joinPath(path, "grant_types")
	code := c.allowsGrant(client.GrantAuthorizationCode)
	credentials := c.allowsGrant(client.GrantClientCredentials)
	l.noRepeats(at, c.GrantTypes)
	switch {
	case len(c.GrantTypes) == 0:
		l.add(at, "name at least one grant type")
	case c.Type == client.TypeService && (code || c.allowsGrant(client.GrantRefreshToken)):
		l.add(at, "a service client acts for no person: only client_credentials; use type confidential for more")
	case credentials && c.keepsNoSecret():
		l.add(at, "client_credentials needs a client that authenticates; a %s client cannot", c.Type)
	case c.allowsGrant(client.GrantRefreshToken) && !code:
		l.add(at, "refresh_token needs authorization_code, which issues the first one")
	}
	if code {
		l.requireSome(joinPath(path, "redirect_uris"), c.RedirectURIs, "required: where codes are sent, such as https://app.example.com/callback")
		l.requireSome(joinPath(path, "response_types"), c.ResponseTypes, "name at least one: code")
		l.requireSome(joinPath(path, "response_modes"), c.ResponseModes, "name at least one: query or form_post")
		return
	}
	const without = "of no use without the authorization_code grant; remove it"
	l.refuseAny(joinPath(path, "redirect_uris"), c.RedirectURIs, without)
	l.refuseAny(joinPath(path, "response_types"), c.ResponseTypes, without)
	l.refuseAny(joinPath(path, "response_modes"), c.ResponseModes, without)
	l.refuseAny(joinPath(path, "post_logout_redirect_uris"), c.PostLogoutRedirectURIs, without)
}

func (c *Client) allowsGrant(grantType string) bool { return contains(c.GrantTypes, grantType) }

func (l *loader) requireSome(path string, values []string, message string) {
	if len(values) == 0 {
		l.add(path, "%s", message)
	}
}

func (l *loader) refuseAny(path string, values []string, message string) {
	if len(values) > 0 {
		l.add(path, "%s", message)
	}
}

func (l *loader) validateAddresses(path string, c *Client) {
	redirect := func(text string) error { return checkRedirectURI(text, c.Type, l.Dev) }
	l.checkEach(joinPath(path, "redirect_uris"), c.RedirectURIs, redirect)
	l.checkEach(joinPath(path, "post_logout_redirect_uris"), c.PostLogoutRedirectURIs, redirect)
	l.checkEach(joinPath(path, "origins"), c.Origins, func(text string) error { return checkOrigin(text, l.Dev) })
	for _, page := range []struct{ key, text string }{
		{"logo_uri", c.LogoURI}, {"client_uri", c.ClientURI}, {"policy_uri", c.PolicyURI}, {"tos_uri", c.TOSURI},
	} {
		l.checkPageAt(joinPath(path, page.key), page.text)
	}
}

// checkEach reports the values of a list that check refuses, and repeats.
func (l *loader) checkEach(path string, values []string, check func(string) error) {
	l.noRepeats(path, values)
	for i, v := range values {
		if err := check(v); err != nil {
			l.add(indexPath(path, i), "%q: %v", v, err)
		}
	}
}

func (l *loader) validateScopes(path string, c *Client) {
	at := joinPath(path, "scopes")
	l.checkEach(at, c.Scopes, func(scope string) error {
		if ident.Scope(scope) != nil {
			return errors.New("a scope is printable ASCII without spaces, quotes and backslashes")
		}
		if aboutPeople(scope) && !c.allowsGrant(client.GrantAuthorizationCode) {
			return errors.New("this scope is about a person, so it needs the authorization_code grant")
		}
		return nil
	})
	if contains(c.Scopes, client.ScopeOfflineAccess) && c.allowsGrant(client.GrantAuthorizationCode) && !c.allowsGrant(client.GrantRefreshToken) {
		l.add(at, "offline_access needs refresh_token in grant_types")
	}
}

func aboutPeople(scope string) bool {
	switch scope {
	case client.ScopeOpenID, client.ScopeProfile, client.ScopeEmail, client.ScopeAddress, client.ScopePhone, client.ScopeOfflineAccess:
		return true
	}
	return false
}

func (l *loader) validateTokens(path string, c *Client, algs []string) {
	for _, a := range []struct{ key, alg string }{
		{"id_token_signing_alg", c.IDTokenSigningAlg}, {"access_token_signing_alg", c.AccessTokenSigningAlg},
	} {
		opaque := a.key == "access_token_signing_alg" && c.AccessTokenFormat == client.AccessTokenOpaque
		if !opaque && !contains(algs, a.alg) {
			l.add(joinPath(path, a.key), "no key of %s signs; add it to signing_keys.algs or use %s", a.alg, orList(algs))
		}
	}
	l.checkTokens(path, Tokens{
		AccessTokenLifetime: *c.AccessTokenLifetime,
		IDTokenLifetime:     *c.IDTokenLifetime,
		RefreshIdleLifetime: *c.RefreshIdleLifetime,
		RefreshLifetime:     *c.RefreshLifetime,
		RefreshGrace:        *c.RefreshGrace,
	})
	if c.DefaultMaxAge != nil && *c.DefaultMaxAge < time.Second {
		l.add(joinPath(path, "default_max_age"), "use at least 1s, or remove it")
	}
	if contains(c.DefaultACRValues, "") {
		l.add(joinPath(path, "default_acr_values"), "a value is empty; remove it")
	}
}
