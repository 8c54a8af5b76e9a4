package op

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// jwtBearer is the grant by which a client gets a token about somebody whom a trusted
// issuer vouches for (RFC 7523 section 2.1).
var jwtBearer = grantType{
	name:       client.GrantJWTBearer,
	parameters: []string{"assertion", "scope", "resource"},
	required:   []string{"assertion"},
	issue:      (*Provider).issueToBearer,
	offered:    func(c *Config) bool { return len(c.TrustedIssuers) > 0 },
}

// errBadAssertion is what a client is told of an assertion that does not work, whatever
// the reason (RFC 7523 section 3.1).
func errBadAssertion(cause error) error {
	return invalidGrant("the assertion is invalid, expired, already used or not for this client", cause)
}

func (p *Provider) issueToBearer(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	if r.Client.IsPublic() {
		return nil, &Error{Code: codeUnauthorizedClient, Description: "the client has no credentials"}
	}
	token, err := p.readTrusted(ctx, r, r.Form.Get("assertion"), errBadAssertion)
	if err != nil {
		return nil, err
	}
	if _, err := token.scopes(ctx, p, r); err != nil { // before it costs the assertion its life
		return nil, err
	}
	if err := p.spendTrusted(ctx, r, token); err != nil {
		return nil, err
	}
	return p.issueTrusted(ctx, r, token, nil, storage.EventTokenByAssertion)
}

// exchangeTrusted trades a JWT of a trusted issuer for an access token of the client's own
// (RFC 8693 section 2.1). Such a JWT serves for as long as it is good: it is not spent.
func (p *Provider) exchangeTrusted(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	refuse := func(cause error) error { return errUnacceptable("subject_token", cause) }
	if r.Form.Get("actor_token") != "" {
		return nil, refuse(errors.New("no actor but the client may act for somebody of another issuer"))
	}
	token, err := p.readTrusted(ctx, r, r.Form.Get("subject_token"), refuse)
	if err != nil {
		return nil, err
	}
	if may := token.claims.MayAct; may != nil && may.Subject != r.Client.ID {
		return nil, refuse(errors.New("may_act names another actor"))
	}
	response, err := p.issueTrusted(ctx, r, token, &actorClaim{Subject: r.Client.ID}, storage.EventTokenExchanged)
	if err != nil {
		return nil, err
	}
	response.IssuedType = accessTokenURN
	return response, nil
}
