package config

import (
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

// Policies are who may use which clients, by id: those that people sign in to.
type Policies map[string]access.Policy

// Policies are those of the configuration.
func (c *Config) Policies() Policies {
	of := Policies{}
	for i := range c.Clients {
		m := c.Clients[i].completed(c.Tokens)
		if m.AllowsGrant(client.GrantAuthorizationCode) {
			of[c.Clients[i].ID] = *c.Catalog.Policy(m.Access)
		}
	}
	return of
}
