package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// trustedKind names what spends assertions of trusted issuers.
const trustedKind = "trusted-assertion"

// maxTrustedSubject bounds a sub of a trusted issuer, in bytes.
const maxTrustedSubject = 512

// trustedToken is a JWT of a trusted issuer that is in order, and what it is good for.
type trustedToken struct {
	claims   assertionClaims
	rule     *client.TrustedSubject
	resource string
}

// subject is whom tokens are about that a trusted issuer vouches for: its own name for
// them below its address, which no person here, nor any client, is called by.
func (t *trustedToken) subject() string { return t.claims.Issuer + "#" + t.claims.Subject }

// readTrusted judges a JWT of a trusted issuer that a client shows (RFC 7523 section 3):
// signed by a key of the issuer, for us alone, good now and not for long, and about
// somebody of whom a rule of the client speaks. refuse makes the error of what is wrong
// with it, whatever that is: the client is told no more.
func (p *Provider) readTrusted(ctx context.Context, r *tokenRequest, text string, refuse func(error) error) (*trustedToken, error) {
	issuer := issuerOf(text)
	address, trusted := p.cfg.TrustedIssuers[issuer]
	if !trusted || issuer == "" {
		return nil, refuse(errors.New("its iss is not a trusted issuer"))
	}
	payload, err := p.verifyByClient(ctx, &client.Client{ID: issuer, Metadata: client.Metadata{JWKSURI: address}}, text)
	if unjudged := (*Error)(nil); errors.As(err, &unjudged) {
		return nil, err
	}
	if err != nil {
		return nil, refuse(err)
	}
	token := &trustedToken{}
	var all map[string]any
	if err := errors.Join(decodeClaims(payload, &token.claims), json.Unmarshal(payload, &all)); err != nil {
		return nil, refuse(fmt.Errorf("decode: %w", err))
	}
	if err := token.claims.checkTrusted(issuer, p.audiences, r.Now); err != nil {
		return nil, refuse(err)
	}
	return token, token.choose(r, all, refuse)
}

// issuerOf reads the iss of a JWT before anything of it is relied on; empty where it is
// no JWT.
func issuerOf(text string) string {
	var claims struct {
		Issuer string `json:"iss"`
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || decodePart(parts[1], &claims) != nil {
		return ""
	}
	return claims.Issuer
}

func (c *assertionClaims) checkTrusted(issuer string, audiences []string, now time.Time) error {
	expires := timeOf(c.ExpiresAt)
	future := now.Add(assertionLeeway)
	switch {
	case c.Issuer != issuer:
		return errors.New("its iss is another")
	case c.Subject == "" || len(c.Subject) > maxTrustedSubject:
		return errors.New("it has no sub, or too long a one")
	case len(c.Audience) != 1 || !slices.Contains(audiences, c.Audience[0]):
		return errors.New("it is not for us alone")
	case c.ExpiresAt == 0 || !now.Before(expires): // what it gets ends with it
		return errors.New("it has expired, or has no exp")
	case expires.After(future.Add(maxWorkloadLifetime)):
		return fmt.Errorf("it is good for more than %s", maxWorkloadLifetime)
	case c.NotBefore != 0 && timeOf(c.NotBefore).After(future), c.IssuedAt != 0 && timeOf(c.IssuedAt).After(future):
		return errors.New("it is of the future")
	}
	return nil
}

// choose finds the first rule of the client that fits, and the one resource server that
// the token is for (RFC 8693 section 2.2.2: invalid_target).
func (t *trustedToken) choose(r *tokenRequest, claims map[string]any, refuse func(error) error) error {
	asked := slices.Concat(r.Form["resource"], r.Form["audience"])
	fits := false
	for i := range r.Client.TrustedSubjects {
		rule := &r.Client.TrustedSubjects[i]
		if len(rule.Resources) == 0 || !rule.Fits(claims, rule.Resources[0]) {
			continue
		}
		fits = true
		switch wanted := slices.Compact(slices.Sorted(slices.Values(asked))); {
		case len(wanted) > 1 || len(wanted) == 0 && len(rule.Resources) != 1:
			return errInvalidTarget("name one resource: each token is for one")
		case len(wanted) == 0:
			t.rule, t.resource = rule, rule.Resources[0]
			return nil
		case rule.Fits(claims, wanted[0]):
			t.rule, t.resource = rule, wanted[0]
			return nil
		}
	}
	if fits {
		return errInvalidTarget("the client may not get tokens about this subject for the resource")
	}
	return refuse(errors.New("no rule of the client is about its subject"))
}

// scopes are those of the rule that the client is registered for, and asks for.
func (t *trustedToken) scopes(ctx context.Context, p *Provider, r *tokenRequest) ([]string, error) {
	allowed := slices.DeleteFunc(slices.Clone(t.rule.Scopes), func(scope string) bool { return !r.Client.AllowsScope(scope) })
	requested := strings.Fields(r.Form.Get("scope"))
	if len(requested) == 0 {
		return allowed, nil
	}
	asked, err := p.knownScopes(ctx, r.Client, requested)
	if err != nil {
		return nil, err
	}
	for _, scope := range asked {
		if !slices.Contains(allowed, scope) {
			return nil, invalidScope("the rule of this client does not allow the scope " + scope)
		}
	}
	if len(asked) == 0 {
		return nil, errNoScope()
	}
	return asked, nil
}

// issueTrusted makes an access token about somebody whom a trusted issuer vouches for. It
// never lives longer than what vouches, has no grant and no refresh token, and says
// nothing of a person here.
func (p *Provider) issueTrusted(ctx context.Context, r *tokenRequest, t *trustedToken, act *actorClaim, typ storage.EventType) (*tokenResponse, error) {
	scopes, err := t.scopes(ctx, p, r)
	if err != nil {
		return nil, err
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	to := p.make.target(r.Client, scopes, t.resource)
	expires := r.Now.Add(to.lifetime)
	if end := timeOf(t.claims.ExpiresAt); end.Before(expires) {
		expires = end
	}
	response, err := p.accessToken(r, &accessTokenClaims{Subject: t.subject(), Act: act}, to, nil, r.Now, expires)
	if err != nil {
		return nil, err
	}
	return response, p.recordTokens(ctx, r, typ, nil, t.subject()+" for "+t.resource)
}

// spendTrusted lets an assertion be used once (replay, requirement PR1).
func (p *Provider) spendTrusted(ctx context.Context, r *tokenRequest, t *trustedToken) error {
	if t.claims.ID == "" || len(t.claims.ID) > maxAssertionID {
		return errBadAssertion(errors.New("it has no jti, or too long a one"))
	}
	left := timeOf(t.claims.ExpiresAt).Sub(r.Now)
	err := p.trusted.PutNew(ctx, t.claims.Issuer+" "+t.claims.ID, struct{}{}, left+clockTolerance)
	switch {
	case errors.Is(err, storage.ErrConflict):
		return errBadAssertion(errors.New("it was used before"))
	case err != nil:
		return unavailable("spend assertion", err)
	}
	return nil
}

// recordTokens writes the event of tokens that no new grant tells of. Nothing is issued
// that is not on record. The event names the grant that they come from, if any, and not its
// person: whoever looks at their own account is not shown each call of a service.
func (p *Provider) recordTokens(ctx context.Context, r *tokenRequest, typ storage.EventType, g *storage.Grant, detail string) error {
	e, err := p.event(ctx, r, typ, g)
	if err != nil {
		return err
	}
	e.UserID, e.Outcome, e.Detail = "", storage.Success, detail
	if err := p.cfg.Events.Append(ctx, e); err != nil {
		return unavailable("record tokens", err)
	}
	return nil
}
