package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// maxWorkloadLifetime is the longest that a platform's JWT may still be good for:
// Kubernetes gives an hour by default.
const maxWorkloadLifetime = 2 * time.Hour

// acceptWorkload judges the payload of a JWT of the platform that a client runs on, whose
// signature is the platform's (RFC 7523 section 3). A platform gives one JWT for as long
// as it is good, and not one for each request, so that none is spent: what bounds it is
// its end, and that it is for us alone.
func (p *Provider) acceptWorkload(c *client.Client, payload []byte) error {
	var claims assertionClaims
	var all map[string]any
	if err := errors.Join(decodeClaims(payload, &claims), json.Unmarshal(payload, &all)); err != nil {
		return errInvalidClient(fmt.Errorf("decode the platform's JWT: %w", err))
	}
	now, expires := p.cfg.Now(), timeOf(claims.ExpiresAt)
	switch why := c.Workload.Fits(all); {
	case why != "":
		return errInvalidClient(errors.New("the platform's JWT is not the client's: " + why))
	case len(claims.Audience) != 1 || !slices.Contains(p.audiences, claims.Audience[0]):
		return errInvalidClient(errors.New("the platform's JWT is not for us alone"))
	case claims.ExpiresAt == 0 || !now.Before(expires.Add(assertionLeeway)):
		return errInvalidClient(errors.New("the platform's JWT has expired, or has no exp"))
	case expires.After(now.Add(maxWorkloadLifetime + assertionLeeway)):
		return errInvalidClient(fmt.Errorf("the platform's JWT is good for more than %s", maxWorkloadLifetime))
	case claims.NotBefore != 0 && timeOf(claims.NotBefore).After(now.Add(assertionLeeway)), claims.IssuedAt != 0 && timeOf(claims.IssuedAt).After(now.Add(assertionLeeway)):
		return errInvalidClient(errors.New("the platform's JWT is of the future"))
	}
	return nil
}

// provesWorkload verifies a JWT of the platform.
func (p *Provider) provesWorkload(ctx context.Context, c *client.Client, assertion string) (bool, error) {
	payload, err := p.verifyByClient(ctx, c, assertion)
	if unjudged := (*Error)(nil); errors.As(err, &unjudged) {
		return false, err
	}
	if err != nil {
		return false, errInvalidClient(err)
	}
	return true, p.acceptWorkload(c, payload)
}
