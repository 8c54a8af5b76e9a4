package op

import (
	"context"

	"github.com/latchkey-id/latchkey/client"
)

// selfSignedTLS is self_signed_tls_client_auth: a TLS certificate that is among the keys
// of the client. Nobody vouches for it, and its own dates are not looked at: it counts
// for as long as it is registered (RFC 8705 section 2.2).
var selfSignedTLS = authMethod{
	name: client.AuthMethodSelfSignedTLS, alone: true, presented: namedClient,
	offered: func(c *Config) bool { return c.MutualTLS != nil },
	proves: func(p *Provider, ctx context.Context, c *client.Client, shown credentials) (bool, error) {
		if c == nil {
			return false, nil
		}
		chain, err := shown.chain()
		if err != nil || len(chain) == 0 {
			return false, err
		}
		return p.findKeys(ctx, c, registeredCertificate(chain[0]))
	},
}
