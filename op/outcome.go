package op

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// tokenIssued is the outcome of a request for tokens that got some; the others are
// error codes.
const tokenIssued = "issued"

// otherGrant stands for every grant type that there is not: no request makes
// labels up.
const otherGrant = "other"

// issuedTo is whom tokens were issued about, for the log.
type issuedTo struct {
	UserID, GrantID storage.ID
	ACR             string
}

// GrantTypes are the grants of the token endpoint, and what all others are counted as.
func GrantTypes() []string {
	types := make([]string, 0, len(grantTypes)+1)
	for _, g := range grantTypes {
		types = append(types, g.name)
	}
	return append(types, otherGrant)
}

// TokenOutcomes are how requests for tokens end: issued, or with an error code of
// RFC 6749 section 5.2 or RFC 8628 section 3.5.
func TokenOutcomes() []string {
	return []string{
		tokenIssued, codeInvalidRequest, codeInvalidClient, codeInvalidGrant, codeUnauthorizedClient, codeUnsupportedGrantType,
		codeInvalidScope, codeInvalidTarget, codeInvalidDPoPProof, codeUseDPoPNonce, codeServerError, codeTemporarilyUnavailable,
		codeAuthorizationPending, codeSlowDown, codeExpiredToken, codeAccessDenied,
	}
}

// concludeToken counts how a request for tokens ended, and writes the line that an
// operator looks for when somebody says that an application does not let them in:
// who got tokens, for which client, at which class. A refusal has its own line, with
// the reason. Neither holds a token or a code. One whose client hung up has no outcome.
func (p *Provider) concludeToken(ctx context.Context, asked, clientID string, answer any, err error) {
	if !slices.ContainsFunc(grantTypes, func(g grantType) bool { return g.name == asked }) {
		asked = otherGrant
	}
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			p.cfg.Counter.TokensAsked(asked, errorOf(err).Code)
		}
		return
	}
	p.cfg.Counter.TokensAsked(asked, tokenIssued)
	response, ok := answer.(*tokenResponse)
	if !ok {
		return
	}
	attributes := make([]slog.Attr, 0, 7)
	attributes = append(attributes, slog.String("grant_type", asked), slog.String("client_id", clientID))
	if response.about.UserID != "" {
		attributes = append(attributes, slog.String("user_id", string(response.about.UserID)),
			slog.String("grant_id", string(response.about.GrantID)), slog.String("acr", response.about.ACR))
	}
	attributes = append(attributes, slog.String("scope", response.Scope), slog.String("address", web.ClientAddress(ctx).String()))
	p.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "tokens issued", attributes...)
}
