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

// userinfo answers what a client may know of the person whose access token it
// holds (OpenID Connect Core 5.3). It costs one round trip to the store.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	privately(w)
	claims, clientID, err := p.userinfoClaims(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, claims)
		return
	}
	if shown := errorOf(err); shown.status() < http.StatusInternalServerError {
		w.Header().Set("WWW-Authenticate", p.challenge(shown))
	}
	p.refuse(w, r, clientID, err)
}

func (p *Provider) userinfoClaims(w http.ResponseWriter, r *http.Request) (claims map[string]any, clientID string, err error) {
	token, err := bearerToken(w, r)
	if err != nil {
		return nil, "", err
	}
	active, err := p.checkAccessToken(r.Context(), token)
	if errors.Is(err, errInvalidToken) {
		return nil, "", &Error{
			Code: codeInvalidToken, Description: "the access token is not valid here, expired or revoked", Cause: err,
		}
	}
	if err != nil {
		return nil, "", err
	}
	clientID = active.Client.ID
	answersTo(w, clientID)
	scopes := active.Claims.Scopes()
	if active.Grant == nil || !slices.Contains(scopes, client.ScopeOpenID) {
		return nil, clientID, &Error{Code: codeInsufficientScope, Description: "the access token is not for a person's claims"}
	}
	return p.make.userinfo(active.Client, active.Grant, scopes), clientID, nil
}

// userinfo is what userinfo answers for a token with the scopes.
func (m *maker) userinfo(c *client.Client, g *storage.GrantUser, scopes []string) map[string]any {
	requested := m.withConfigured(c, &g.Grant, m.stillAllowed(c, g.Grant.Claims.UserInfo), c.UserInfoClaims)
	claims := m.userClaims(c, &g.User, scopes, requested)
	claims["sub"] = client.Subject(c, g.Grant.UserID)
	return claims
}

// bearerToken returns the access token of a request from its header or the body
// of a POST, in exactly one of them. One in the query is refused: it has been
// written to logs (RFC 6750 section 2.3, security.md L8).
func bearerToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if strings.Contains(r.URL.RawQuery, "access_token") {
		return "", invalidRequest("an access token does not belong in the query", nil)
	}
	posted, err := postedToken(w, r)
	if err != nil {
		return "", err
	}
	switch headers := r.Header.Values("Authorization"); {
	case len(headers) > 1 || len(headers) == 1 && posted != "":
		return "", invalidRequest("more than one access token", nil)
	case len(headers) == 0 && posted != "":
		return posted, nil
	case len(headers) == 1:
		scheme, token, _ := strings.Cut(headers[0], " ")
		if token = strings.TrimLeft(token, " "); token != "" && strings.EqualFold(scheme, oidc.BearerToken) {
			return token, nil
		}
	}
	return "", &Error{Status: http.StatusUnauthorized, Description: "no access token"}
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

// challenge spells the WWW-Authenticate header, which tells a client what to do
// about a refusal (RFC 6750 section 3). Every text in it is ours.
func (p *Provider) challenge(e *Error) string {
	challenge := fmt.Sprintf("Bearer realm=%q", p.cfg.Issuer)
	if e.Code != "" {
		challenge += fmt.Sprintf(", error=%q, error_description=%q", e.Code, e.Description)
	}
	if e.Code == codeInsufficientScope {
		challenge += fmt.Sprintf(", scope=%q", client.ScopeOpenID)
	}
	return challenge
}
