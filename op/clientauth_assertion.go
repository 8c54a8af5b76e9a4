package op

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

const (
	// assertionType is the only client_assertion_type (RFC 7523 section 2.2).
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionKind = "assertion"
	// maxAssertionLifetime is the longest that an assertion may be good for (CL1).
	maxAssertionLifetime = 5 * time.Minute
	// assertionLeeway is by how much a client's clock may be off.
	assertionLeeway = 10 * time.Second
	maxAssertionID  = 512
)

// assertionClaims are those of a client's assertion (RFC 7523 section 3).
type assertionClaims struct {
	Issuer    string        `json:"iss"`
	Subject   string        `json:"sub"`
	Audience  oidc.Audience `json:"aud"`
	ID        string        `json:"jti"`
	ExpiresAt float64       `json:"exp"`
	NotBefore float64       `json:"nbf"`
	IssuedAt  float64       `json:"iat"`
	// MayAct is of a subject token (RFC 8693 section 4.4).
	MayAct *actorClaim `json:"may_act"`
}

// assertionCredentials reads an assertion whose algorithm is of a method: nothing of it
// is relied on but whose it claims to be.
func assertionCredentials(form url.Values, symmetric bool) (credentials, bool, error) {
	assertion := form.Get("client_assertion")
	switch {
	case assertion == "" && form.Get("client_assertion_type") == "":
		return credentials{}, false, nil
	case form.Get("client_assertion_type") != assertionType:
		return credentials{}, false, errInvalidClient(errors.New("client_assertion_type is not " + assertionType))
	}
	var header struct {
		Alg string `json:"alg"`
	}
	var claims assertionClaims
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || decodePart(parts[0], &header) != nil || decodePart(parts[1], &claims) != nil {
		return credentials{}, false, errInvalidClient(errors.New("the client assertion cannot be read"))
	}
	if strings.HasPrefix(header.Alg, "HS") != symmetric {
		return credentials{}, false, nil
	}
	if claims.Subject == "" {
		return credentials{}, false, errInvalidClient(errors.New("the client assertion has no sub"))
	}
	id := claims.Subject
	if named := form.Get("client_id"); named != "" && claims.Issuer != claims.Subject { // a platform's: see client.Workload
		id = named
	}
	return credentials{ClientID: id, Assertion: assertion}, true, nil
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return decodeClaims(raw, into)
}

// checkAssertionAlg refuses an assertion that is signed by another algorithm than the one
// that the client is registered for (OpenID Connect Dynamic Client Registration 1.0 section 2).
func checkAssertionAlg(c *client.Client, assertion string) error {
	var header struct {
		Alg string `json:"alg"`
	}
	encoded, _, _ := strings.Cut(assertion, ".")
	if err := decodePart(encoded, &header); err != nil {
		return errInvalidClient(err)
	}
	if !sameAlg(c.AuthSigningAlg, header.Alg) {
		return errInvalidClient(fmt.Errorf("the client assertion is signed with %s, and the client is registered for %s", header.Alg, c.AuthSigningAlg))
	}
	return nil
}

// acceptAssertion judges the payload of an assertion whose signature is the client's,
// and spends its jti (replay, requirement PR1).
func (p *Provider) acceptAssertion(ctx context.Context, clientID string, payload []byte) error {
	var claims assertionClaims
	if err := decodeClaims(payload, &claims); err != nil {
		return errInvalidClient(fmt.Errorf("decode client assertion: %w", err))
	}
	now := p.cfg.Now()
	if err := claims.check(clientID, p.audiences, now); err != nil {
		return errInvalidClient(err)
	}
	left := timeOf(claims.ExpiresAt).Add(assertionLeeway).Sub(now)
	err := p.assertions.PutNew(ctx, clientID+" "+claims.ID, struct{}{}, left+clockTolerance)
	switch {
	case errors.Is(err, storage.ErrConflict):
		return errInvalidClient(errors.New("the client assertion was used before"))
	case err != nil:
		return unavailable("spend client assertion", err)
	}
	return nil
}

func (c *assertionClaims) check(clientID string, audiences []string, now time.Time) error {
	expires := timeOf(c.ExpiresAt)
	switch {
	case c.Issuer != clientID || c.Subject != clientID:
		return errors.New("iss and sub of the client assertion are not the client")
	case len(c.Audience) != 1 || !slices.Contains(audiences, c.Audience[0]):
		return errors.New("the client assertion is not for us alone")
	case c.ID == "" || len(c.ID) > maxAssertionID:
		return errors.New("the client assertion has no jti, or too long a one")
	case c.ExpiresAt == 0 || !now.Before(expires.Add(assertionLeeway)):
		return errors.New("the client assertion has expired, or has no exp")
	case expires.After(now.Add(maxAssertionLifetime + assertionLeeway)):
		return fmt.Errorf("the client assertion is good for more than %s", maxAssertionLifetime)
	case c.NotBefore != 0 && timeOf(c.NotBefore).After(now.Add(assertionLeeway)), c.IssuedAt != 0 && timeOf(c.IssuedAt).After(now.Add(assertionLeeway)):
		return errors.New("the client assertion is of the future")
	}
	return nil
}

// timeOf is a NumericDate (RFC 7519 section 2), within what times can be.
func timeOf(seconds float64) time.Time {
	const most = 1 << 40
	return time.Unix(int64(max(-most, min(seconds, most))), 0)
}

// presentedAssertion makes the reader of a method's assertions.
func presentedAssertion(symmetric bool) func(*http.Request, url.Values) (credentials, bool, error) {
	return func(_ *http.Request, form url.Values) (credentials, bool, error) {
		return assertionCredentials(form, symmetric)
	}
}
