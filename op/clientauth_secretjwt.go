package op

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
)

// clientSecretJWT is client_secret_jwt: an assertion under a secret of the client
// (OpenID Connect Core 9). Only clients that are registered for it have their secret
// kept as a key; no other's can be used so.
var clientSecretJWT = authMethod{
	name: client.AuthMethodSecretJWT, presented: presentedAssertion(true), proves: (*Provider).provesSecretJWT,
}

var secretAlgs = []jose.SignatureAlgorithm{jose.HS256}

// provesSecretJWT verifies an assertion. For an unknown client it does the same work
// with a key of nobody (enumeration of clients by time, requirement CL3).
func (p *Provider) provesSecretJWT(ctx context.Context, found *client.Client, c credentials) (bool, error) {
	signed, err := jose.ParseSignedCompact(c.Assertion, secretAlgs)
	if err != nil {
		return false, errInvalidClient(fmt.Errorf("read client assertion: %w", err))
	}
	if found == nil {
		_, _ = signed.Verify(make([]byte, 32)) // there is nothing to match
		return false, nil
	}
	if err := checkAssertionAlg(found, c.Assertion); err != nil {
		return false, err
	}
	now := p.cfg.Now()
	for _, s := range found.Secrets {
		if len(s.Key) == 0 || !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt) {
			continue
		}
		if payload, err := signed.Verify([]byte(s.Key)); err == nil {
			return true, p.acceptAssertion(ctx, found.ID, payload)
		}
	}
	return false, errInvalidClient(errors.New("no secret of the client fits the assertion"))
}
