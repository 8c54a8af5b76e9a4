package op

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/client"
)

// privateKeyJWT is private_key_jwt: an assertion that a key of the client signed
// (OpenID Connect Core 9, RFC 7523).
var privateKeyJWT = authMethod{
	name: client.AuthMethodPrivateKeyJWT, presented: presentedAssertion(false), proves: (*Provider).provesPrivateKey,
}

// provesPrivateKey verifies an assertion. There is nothing to compute for an unknown
// client: a signature is checked against published keys, which are no secret.
func (p *Provider) provesPrivateKey(ctx context.Context, found *client.Client, c credentials) (bool, error) {
	if found == nil {
		return false, nil
	}
	if found.Workload != nil {
		return p.provesWorkload(ctx, found, c.Assertion)
	}
	if err := checkAssertionAlg(found, c.Assertion); err != nil {
		return false, err
	}
	payload, err := p.verifyByClient(ctx, found, c.Assertion)
	if unjudged := (*Error)(nil); errors.As(err, &unjudged) {
		return false, err
	}
	if err != nil {
		return false, errInvalidClient(err)
	}
	return true, p.acceptAssertion(ctx, found.ID, payload)
}
