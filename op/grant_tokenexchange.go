package op

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// tokenExchange is the grant by which a service that was sent a token gets one for the
// next service (RFC 8693).
var tokenExchange = grantType{
	name: client.GrantTokenExchange,
	parameters: []string{
		"subject_token", "subject_token_type", "actor_token", "actor_token_type", "requested_token_type", "audience", "resource", "scope",
	},
	required: []string{"subject_token", "subject_token_type"},
	issue:    (*Provider).exchangeToken,
}

// The types of tokens that are taken and given (RFC 8693 section 3).
const (
	accessTokenURN = "urn:ietf:params:oauth:token-type:access_token"
	jwtURN         = "urn:ietf:params:oauth:token-type:jwt"
)

// maxActors bounds through how many hands a token may have gone.
const maxActors = 8

// actorClaim is the act claim, and may_act without what is nested in it (RFC 8693
// sections 4.1 and 4.4).
type actorClaim struct {
	Subject string      `json:"sub"`
	Act     *actorClaim `json:"act,omitempty"`
}

// depth is how many actors there are.
func (a *actorClaim) depth() int {
	if a == nil {
		return 0
	}
	return 1 + a.Act.depth()
}

// exchangeToken trades an access token that the client was sent for one of its own, for
// one resource server, by a rule of its configuration. It never says more than the old
// one: not of who it is about, how they signed in, or when it ends; its scopes are those
// of the old one and of the rule (authorization, requirement TX1). It works only for as
// long as the grant that the old one came from.
func (p *Provider) exchangeToken(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	if err := checkExchangeTypes(r); err != nil {
		return nil, err
	}
	if _, foreign := p.cfg.TrustedIssuers[issuerOf(r.Form.Get("subject_token"))]; foreign && r.Form.Get("subject_token_type") == jwtURN {
		return p.exchangeTrusted(ctx, r)
	}
	subject, err := p.sentToken(ctx, r)
	if err != nil {
		return nil, err
	}
	rule, resource, err := p.make.exchangeRule(r, &subject.Claims)
	if err != nil {
		return nil, err
	}
	act, err := p.actorOf(ctx, r, &subject.Claims, rule)
	if err != nil {
		return nil, err
	}
	scopes, err := p.exchangedScopes(ctx, r, &subject.Claims, rule)
	if err != nil {
		return nil, err
	}
	to := p.make.target(r.Client, scopes, resource)
	if r.Form.Get("requested_token_type") == jwtURN && to.format == client.AccessTokenOpaque {
		return nil, invalidRequest("access tokens for this resource are opaque: requested_token_type must not be jwt", nil)
	}
	expires := r.Now.Add(to.lifetime)
	if end := time.Unix(subject.Claims.ExpiresAt, 0); end.Before(expires) {
		expires = end
	}
	claims := exchangedClaims(r.Client, subject, act)
	var about claimsAdder
	if subject.Grant != nil {
		about = p.make.accessTokenExtras(r.Client, subject.Grant, to)
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	response, err := p.accessToken(r, &claims, to, about, r.Now, expires)
	if err != nil {
		return nil, err
	}
	response.IssuedType = cmp.Or(r.Form.Get("requested_token_type"), accessTokenURN)
	if subject.Grant != nil {
		response.about = issuedTo{UserID: subject.Grant.Grant.UserID, GrantID: claims.GrantID, ACR: claims.ACR}
	}
	return response, p.recordTokens(ctx, r, storage.EventTokenExchanged, subject.grant(), "a token of "+subject.Claims.ClientID+" for "+resource)
}

// checkExchangeTypes refuses kinds of tokens that are not taken or given (sections 2.1
// and 2.2.2), and public clients, who could be anybody.
func checkExchangeTypes(r *tokenRequest) error {
	kind := func(name string) bool { return r.Form.Get(name) == accessTokenURN || r.Form.Get(name) == jwtURN }
	switch {
	case r.Client.IsPublic():
		return &Error{Code: codeUnauthorizedClient, Description: "the client has no credentials"}
	case !kind("subject_token_type"):
		return invalidRequest("subject_token_type must be "+accessTokenURN, nil)
	case r.Form.Get("actor_token") != "" && !kind("actor_token_type"):
		return invalidRequest("actor_token_type must be "+accessTokenURN, nil)
	case r.Form.Get("actor_token") == "" && r.Form.Get("actor_token_type") != "":
		return invalidRequest("actor_token_type was sent without actor_token", nil)
	case r.Form.Get("requested_token_type") != "" && !kind("requested_token_type"):
		return invalidRequest("requested_token_type is not supported: only access tokens are issued", nil)
	}
	return nil
}

// sentToken returns the subject token, if it works, and is the client's business: it is
// for the client, or was issued to it. Its person may use the client (requirement AC1).
func (p *Provider) sentToken(ctx context.Context, r *tokenRequest) (*activeToken, error) {
	token, err := p.workingToken(ctx, r, "subject_token")
	if err != nil {
		return nil, err
	}
	if token.Claims.ClientID != r.Client.ID && !concerns(p.cfg.Access, token.Claims.Audience, r.Client.ID) {
		return nil, errUnacceptable("subject_token", errors.New("it is neither for the client nor of it"))
	}
	if token.Grant == nil {
		return token, nil
	}
	if d := p.decideAccess(r.Client, token.Grant); d.Outcome != access.Allowed {
		return nil, errUnacceptable("subject_token", errors.New("its person may not use the client: "+d.By))
	}
	return token, nil
}

// workingToken returns a token of ours that a parameter holds.
func (p *Provider) workingToken(ctx context.Context, r *tokenRequest, parameter string) (*activeToken, error) {
	claims, err := p.access.decode(ctx, r.Form.Get(parameter), r.Now)
	if err == nil {
		var token *activeToken
		if token, err = p.checkAccessTokenState(ctx, claims, r.Now); err == nil {
			return token, nil
		}
	}
	if errors.Is(err, errInvalidToken) {
		return nil, errUnacceptable(parameter, err)
	}
	return nil, err
}

// errUnacceptable refuses a token whatever the reason: what is wrong with somebody
// else's token is none of the client's business (section 2.2.2).
func errUnacceptable(parameter string, cause error) error {
	return invalidRequest(parameter+" is invalid, expired, revoked or not exchangeable by this client", cause)
}

// exchangeRule returns the first rule of the client that fits, and the one resource
// server that the new token is for (section 2.2.2: invalid_target).
func (m *maker) exchangeRule(r *tokenRequest, subject *accessTokenClaims) (*client.ExchangeRule, string, error) {
	asked := m.asConfigured(slices.Concat(r.Form["resource"], r.Form["audience"]))
	slices.Sort(asked)
	asked = slices.Compact(asked)
	if len(asked) == 0 { // where there is no choice
		for _, rule := range r.Client.TokenExchange {
			asked = append(asked, rule.Resources...)
		}
		slices.Sort(asked)
		asked = slices.Compact(asked)
	}
	if len(asked) != 1 {
		return nil, "", errInvalidTarget("name one resource or audience: each token is for one")
	}
	for i := range r.Client.TokenExchange {
		if rule := &r.Client.TokenExchange[i]; rule.Fits(subject.ClientID, asked[0]) {
			return rule, asked[0], nil
		}
	}
	return nil, "", errInvalidTarget("the client may not exchange this token for one for the resource")
}

// actorOf returns who acts with the new token: the client, and before it whoever acted
// with the old one (section 4.1). A token that says who may act is for nobody else
// (section 4.4).
func (p *Provider) actorOf(ctx context.Context, r *tokenRequest, subject *accessTokenClaims, rule *client.ExchangeRule) (*actorClaim, error) {
	if subject.MayAct != nil && subject.MayAct.Subject != r.Client.ID {
		return nil, errUnacceptable("subject_token", errors.New("may_act names another actor: "+subject.MayAct.Subject))
	}
	if r.Form.Get("actor_token") != "" {
		actor, err := p.workingToken(ctx, r, "actor_token")
		switch {
		case err != nil:
			return nil, err
		case actor.Grant != nil || actor.Claims.ClientID != r.Client.ID || actor.Claims.Subject != r.Client.ID || actor.Claims.Act != nil:
			return nil, errUnacceptable("actor_token", errors.New("it is not one that the client got for itself"))
		case !rule.Delegates():
			return nil, invalidRequest("actor_token must not be sent by a client that impersonates", nil)
		}
	}
	if !rule.Delegates() {
		return subject.Act, nil
	}
	if subject.Act.depth() >= maxActors {
		return nil, errUnacceptable("subject_token", errors.New("it has been exchanged too often"))
	}
	return &actorClaim{Subject: r.Client.ID, Act: subject.Act}, nil
}

// exchangedScopes are those of the old token and of the rule that the client is
// registered for, and asks for. Nobody signed in for the new token, nor is absent.
func (p *Provider) exchangedScopes(ctx context.Context, r *tokenRequest, subject *accessTokenClaims, rule *client.ExchangeRule) ([]string, error) {
	var allowed []string
	for _, scope := range slices.Concat(subject.Scopes(), rule.Scopes) {
		if r.Client.AllowsScope(scope) && !slices.Contains(allowed, scope) && scope != client.ScopeOpenID && scope != client.ScopeOfflineAccess {
			allowed = append(allowed, scope)
		}
	}
	requested := strings.Fields(r.Form.Get("scope"))
	if len(requested) == 0 {
		return allowed, nil
	}
	asked, err := p.knownScopes(ctx, r.Client, requested)
	if err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		return nil, errNoScope()
	}
	for _, scope := range asked {
		if !slices.Contains(allowed, scope) {
			return nil, invalidScope("the token that was sent and this client's rule do not allow the scope " + scope)
		}
	}
	return asked, nil
}

// exchangedClaims are what the new token says: whom it is about and how they signed in,
// as the old one does, in the client's own words for people.
func exchangedClaims(c *client.Client, subject *activeToken, act *actorClaim) accessTokenClaims {
	old := &subject.Claims
	claims := accessTokenClaims{
		Subject: old.Subject, AuthTime: old.AuthTime, ACR: old.ACR, AMR: old.AMR, SID: old.SID, Act: act,
		GrantID: old.GrantID, GrantClient: cmp.Or(old.GrantClient, old.ClientID),
	}
	if subject.Grant == nil {
		claims.GrantID, claims.GrantClient = storage.ID(""), ""
		return claims
	}
	claims.Subject = client.Subject(c, subject.Grant.Grant.UserID)
	return claims
}
