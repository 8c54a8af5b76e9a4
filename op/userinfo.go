package op

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

const userinfoPath = "/userinfo"

var userinfoEndpoint = endpoint{
	path: userinfoPath, member: "userinfo_endpoint", takesCertificates: true,
	mount: func(p *Provider, to routes, path string) {
		h := p.cors(http.HandlerFunc(p.userinfo), http.MethodGet, http.MethodPost)
		to.only(path, h, http.MethodGet, http.MethodPost, http.MethodOptions)
	},
}

// userinfo answers what a client may know of the person whose access token it
// holds (OpenID Connect Core 5.3). It costs one round trip to the store.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	privately(w)
	claims, c, err := p.userinfoClaims(w, r)
	if err == nil {
		err = p.writeUserinfo(w, r, c, claims)
	}
	if err == nil {
		return
	}
	clientID := ""
	if c != nil {
		clientID = c.ID
	}
	if shown := errorOf(err); shown.status() < http.StatusInternalServerError {
		w.Header()["Www-Authenticate"] = p.challenges(shown, usesDPoP(r), p.ResourceMetadata(p.cfg.Issuer))
		err = shown
	}
	p.refuse(w, r, clientID, err)
}

// userinfoClaims returns the claims, and the client as soon as it is known.
func (p *Provider) userinfoClaims(w http.ResponseWriter, r *http.Request) (claims claimList, c *client.Client, err error) {
	shown, err := accessTokenOf(w, r)
	if err != nil {
		return nil, nil, err
	}
	active, err := p.checkAccessToken(r.Context(), shown.Text)
	if err == nil {
		answersTo(w, active.Client.ID)
		c = active.Client
		err = p.checkPossession(w, r, shown, &active.Claims)
	}
	if errors.Is(err, errInvalidToken) {
		return nil, c, &Error{
			Code: codeInvalidToken, Description: "the access token is not valid here, expired or revoked", Cause: err,
		}
	}
	if err != nil {
		return nil, c, atResource(err)
	}
	scopes := active.Claims.Scopes()
	if active.Grant == nil || !slices.Contains(scopes, client.ScopeOpenID) {
		return nil, c, &Error{Code: codeInsufficientScope, Description: "the access token is not for a person's claims"}
	}
	return p.make.userinfo(active.Client, active.Grant, scopes), c, nil
}

// userinfo is what userinfo answers for a token with the scopes.
func (m *maker) userinfo(c *client.Client, g *storage.GrantUser, scopes []string) claimList {
	claims := m.userClaims(c, &g.User, scopes, m.requested(c, &g.Grant, g.Grant.Claims.UserInfo, c.UserInfoClaims))
	claims.set("sub", client.Subject(c, g.Grant.UserID))
	return claims
}

// presentedToken is an access token as a request shows it.
type presentedToken struct {
	Text string
	// DPoP says that it came by that scheme, to be proven.
	DPoP bool
}

// accessTokenOf returns the access token of a request from its header or the body
// of a POST, in exactly one of them. One in the query is refused: it has been
// written to logs (RFC 6750 section 2.3, security.md L8).
func accessTokenOf(w http.ResponseWriter, r *http.Request) (presentedToken, error) {
	if strings.Contains(r.URL.RawQuery, "access_token") {
		return presentedToken{}, invalidRequest("send the access token in the Authorization header, not in the query", nil)
	}
	posted, err := postedToken(w, r)
	if err != nil {
		return presentedToken{}, err
	}
	switch headers := r.Header.Values("Authorization"); {
	case len(headers) > 1 || len(headers) == 1 && posted != "":
		return presentedToken{}, invalidRequest("more than one access token", nil)
	case len(headers) == 0 && posted != "":
		return presentedToken{Text: posted}, nil
	case len(headers) == 1:
		scheme, token, _ := strings.Cut(headers[0], " ")
		if token = strings.TrimLeft(token, " "); token != "" && (strings.EqualFold(scheme, bearerScheme) || usesDPoP(r)) {
			return presentedToken{Text: token, DPoP: usesDPoP(r)}, nil
		}
	}
	return presentedToken{}, &Error{Status: http.StatusUnauthorized, Description: "no access token"}
}

const bearerScheme = oidc.BearerToken

// usesDPoP reports whether a request authorizes itself by that scheme.
func usesDPoP(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, dpopScheme)
}

// atResource gives a refused proof the status that it has at a protected resource (RFC
// 9449 sections 7.1 and 9).
func atResource(err error) error {
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != codeInvalidDPoPProof && refused.Code != codeUseDPoPNonce {
		return err
	}
	there := *refused
	there.Status = http.StatusUnauthorized
	return &there
}

// postedToken returns the access token in the body of a POST; empty where there is none.
func postedToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost || !isForm(r) {
		return "", nil
	}
	body, err := readBody(w, r)
	if err != nil {
		return "", invalidRequest("the body cannot be read", err)
	}
	form, faulty, err := parseParameters(body, userinfoParameters)
	if err != nil || len(faulty) > 0 {
		return "", invalidRequest("access_token is repeated or malformed", err)
	}
	return form.Get("access_token"), nil
}

var userinfoParameters = parameterSet([]string{"access_token"})

// challenges spell the WWW-Authenticate headers, which tell a client what to do
// about a refusal (RFC 6750 section 3, RFC 9449 section 7.1): the scheme that it used
// with the error and where it is explained, and, where that was not DPoP, DPoP as well.
// Metadata is where the resource is described (RFC 9728 section 5.1); empty where that is
// nowhere. Every text is ours.
func (p *Provider) challenges(e *Error, dpop bool, metadata string) []string {
	detail := p.challengeDetail(e)
	if metadata != "" {
		detail += fmt.Sprintf(", resource_metadata=%q", metadata)
	}
	if e.Code == codeInsufficientScope {
		detail += fmt.Sprintf(", scope=%q", client.ScopeOpenID)
	}
	proven := fmt.Sprintf("DPoP realm=%q, algs=%q", p.cfg.Issuer, strings.Join(algNames(clientAlgs), " "))
	if dpop {
		return []string{proven + detail}
	}
	return []string{fmt.Sprintf("Bearer realm=%q", p.cfg.Issuer) + detail, proven}
}

// challengeDetail is what a challenge says of an error: its code, what helps, and our page
// about it. One without a code says nothing (RFC 6750 section 3.1).
func (p *Provider) challengeDetail(e *Error) string {
	if e.Code == "" {
		return ""
	}
	return fmt.Sprintf(", error=%q, error_description=%q, error_uri=%q", e.Code, e.Description, p.errorURI(e.Code))
}

// bearerChallenge is the challenge of an address that takes bearer tokens alone.
func (p *Provider) bearerChallenge(e *Error) string {
	return fmt.Sprintf("Bearer realm=%q", p.cfg.Issuer) + p.challengeDetail(e)
}
