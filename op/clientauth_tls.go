package op

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/client"
)

// tlsClientAuth is tls_client_auth: a TLS certificate of an authority that the
// installation trusts, whose subject or alternative name is the client's (RFC 8705
// section 2.1).
var tlsClientAuth = authMethod{
	name: client.AuthMethodTLS, alone: true, presented: namedClient,
	offered: func(c *Config) bool { return c.MutualTLS != nil && c.MutualTLS.Authorities != nil },
	proves: func(p *Provider, _ context.Context, c *client.Client, shown credentials) (bool, error) {
		if c == nil {
			return false, nil
		}
		chain, err := shown.chain()
		if err != nil || len(chain) == 0 || !c.FitsCertificate(chain[0]) {
			return false, err
		}
		if err := p.cfg.MutualTLS.vouched(chain, p.cfg.Now()); err != nil {
			return false, errInvalidClient(fmt.Errorf("nobody vouches for the client's certificate: %w", err))
		}
		return true, nil
	},
}
