package config

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// maxDefaultHashes bounds password.max_concurrent where nobody chose it: more
// hashes at once only take more memory.
const maxDefaultHashes = 8

// complete fills in the defaults that depend on other values.
func (c *Config) complete() {
	if c.Password.MaxConcurrent == 0 {
		c.Password.MaxConcurrent = min(runtime.GOMAXPROCS(0), maxDefaultHashes)
	}
	for i := range c.Clients {
		c.Clients[i].complete(c.Tokens)
	}
}

// presetClients lays what the default tags say under every client.
func (l *loader) presetClients() {
	defaults := root.field("clients").elem.defaults()
	clients := slices.Clone(asList(l.viper.Get("clients")))
	for i, c := range clients {
		written, _ := c.(map[string]any)
		client := maps.Clone(defaults)
		maps.Copy(client, written)
		clients[i] = client
	}
	l.viper.Set("clients", clients)
}

// complete fills in what depends on the client's type and on tokens. The result
// is documented in docs/configuration.md: change both.
func (c *Client) complete(t Tokens) {
	preset(&c.Name, c.ID)
	c.completeByType()
	presetPointer(&c.AccessTokenLifetime, t.AccessTokenLifetime)
	presetPointer(&c.IDTokenLifetime, t.IDTokenLifetime)
	presetPointer(&c.RefreshGrace, t.RefreshGrace)
	presetPointer(&c.RefreshLifetime, t.RefreshLifetime)
	// A client that only shortens its refresh lifetime means both.
	presetPointer(&c.RefreshIdleLifetime, min(t.RefreshIdleLifetime, *c.RefreshLifetime))
}

func (c *Client) completeByType() {
	method := client.AuthMethodBasic
	if c.keepsNoSecret() {
		method = client.AuthMethodNone
	}
	preset(&c.AuthMethod, method)
	if c.Type == client.TypeService {
		presetList(&c.GrantTypes, client.GrantClientCredentials)
		return
	}
	presetList(&c.Scopes, client.ScopeOpenID, client.ScopeProfile, client.ScopeEmail)
	if contains(c.Scopes, client.ScopeOfflineAccess) {
		presetList(&c.GrantTypes, client.GrantAuthorizationCode, client.GrantRefreshToken)
	}
	presetList(&c.GrantTypes, client.GrantAuthorizationCode)
	if contains(c.GrantTypes, client.GrantAuthorizationCode) {
		presetList(&c.ResponseTypes, "code")
		presetList(&c.ResponseModes, "query", "form_post")
	}
}

// keepsNoSecret reports whether the client's type rules out a secret.
func (c *Client) keepsNoSecret() bool {
	return c.Type == client.TypePublic || c.Type == client.TypeNative
}

func preset[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func presetPointer(field **time.Duration, value time.Duration) {
	if *field == nil {
		*field = &value
	}
}

func presetList(field *[]string, values ...string) {
	if *field == nil {
		*field = values
	}
}
