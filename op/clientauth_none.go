package op

import (
	"context"

	"github.com/latchkey-id/latchkey/client"
)

// publicClient is the method none: a client that has nothing to prove itself by
// only names itself (RFC 6749 section 3.2.1).
var publicClient = authMethod{
	name: client.AuthMethodNone, alone: true,
	presented: namedClient,
	proves: func(_ *Provider, _ context.Context, c *client.Client, _ credentials) (bool, error) {
		return c != nil && c.IsPublic(), nil
	},
}
