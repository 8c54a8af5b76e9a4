package op

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// maxClaims bounds the claims of one member of a claims request.
const maxClaims = 64

// readClaims takes the claims parameter (Core 5.5). What it says of acr and sub
// becomes part of the request; of the rest only claims that we can make and the
// client may have are kept.
func (c *authorizationCheck) readClaims() error {
	claims, err := parseClaims(c.params.Get("claims"))
	if err != nil {
		return &Error{Code: codeInvalidRequest, Description: "the claims parameter cannot be read", Cause: err}
	}
	if err := c.readRequestedACR(claims.IDToken["acr"]); err != nil {
		return err
	}
	for _, member := range []map[string]*storage.ClaimRequest{claims.IDToken, claims.UserInfo} {
		if err := c.readRequestedSubject(member["sub"]); err != nil {
			return err
		}
	}
	c.request.Claims = storage.ClaimsRequest{UserInfo: c.keep(claims.UserInfo), IDToken: c.keep(c.addIDTokenClaims(claims.IDToken))}
	return nil
}

// parseClaims reads the JSON. Members and claims that are not understood are
// ignored, as Core 5.5 has it; values of a wrong kind are not.
func parseClaims(text string) (storage.ClaimsRequest, error) {
	var claims storage.ClaimsRequest
	if text == "" {
		return claims, nil
	}
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return claims, errors.New("claims is not a JSON object")
	}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		return claims, fmt.Errorf("parse claims: %w", err)
	}
	if len(claims.UserInfo) > maxClaims || len(claims.IDToken) > maxClaims {
		return claims, errors.New("too many claims")
	}
	return claims, nil
}

// keep drops the claims that the client cannot get by naming them: what no scope of
// its registration covers. It notes the scopes of the others, about which people are
// asked where they are asked at all.
func (c *authorizationCheck) keep(claims map[string]*storage.ClaimRequest) map[string]*storage.ClaimRequest {
	maps.DeleteFunc(claims, func(name string, _ *storage.ClaimRequest) bool { return !c.claims.mayName(c.client, name) })
	if len(claims) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if scope := c.claims.scopeOf(c.client, name); !slices.Contains(c.request.ConsentScopes(), scope) {
			c.request.ClaimScopes = append(c.request.ClaimScopes, scope)
		}
	}
	return claims
}

// addIDTokenClaims asks in the client's place for the claims that it is registered to
// find in each ID token (much software reads nothing else): people are asked about
// them as if the request had named them.
func (c *authorizationCheck) addIDTokenClaims(claims map[string]*storage.ClaimRequest) map[string]*storage.ClaimRequest {
	if len(c.client.IDTokenClaims) == 0 || !c.request.HasScope(client.ScopeOpenID) {
		return claims
	}
	all := maps.Clone(claims)
	if all == nil {
		all = make(map[string]*storage.ClaimRequest, len(c.client.IDTokenClaims))
	}
	for _, name := range c.client.IDTokenClaims {
		if _, named := all[name]; !named {
			all[name] = nil
		}
	}
	return all
}

// readACR takes the wanted authentication context classes, best first.
func (c *authorizationCheck) readACR() error {
	c.request.ACRValues = strings.Fields(c.params.Get("acr_values"))
	if len(c.request.ACRValues) > maxACRs {
		return badRequest("too many acr_values")
	}
	if len(c.request.ACRValues) == 0 {
		c.request.ACRValues = c.client.DefaultACR
	}
	return nil
}

// readRequestedACR takes acr as a claim: essential with values means one of
// them or failure (Core 5.5.1.1), otherwise it says the same as acr_values.
func (c *authorizationCheck) readRequestedACR(asked *storage.ClaimRequest) error {
	values, err := stringsOf(asked)
	switch {
	case err != nil:
		return &Error{Code: codeInvalidRequest, Description: "the acr claim requests a value that is not an acr", Cause: err}
	case len(values) > maxACRs:
		return badRequest("too many values of the acr claim")
	case len(values) == 0:
	case asked.Essential:
		c.request.EssentialACR = values
	case c.params.Get("acr_values") == "":
		c.request.ACRValues = values
	}
	return nil
}

// readRequestedSubject takes sub as a claim with a value: that person or
// nobody (Core 5.5.1).
func (c *authorizationCheck) readRequestedSubject(asked *storage.ClaimRequest) error {
	values, err := stringsOf(asked)
	switch {
	case err != nil || len(values) > 1:
		return &Error{Code: codeInvalidRequest, Description: "the sub claim requests a value that is not a sub", Cause: err}
	case len(values) == 0:
		return nil
	}
	return c.expectSubject(values[0])
}

// stringsOf returns the values that a claim is asked for with.
func stringsOf(asked *storage.ClaimRequest) ([]string, error) {
	if asked == nil {
		return nil, nil
	}
	wanted := asked.Values
	if asked.Value != nil {
		wanted = append([]any{asked.Value}, wanted...)
	}
	var values []string
	for _, w := range wanted {
		value, ok := w.(string)
		if !ok || value == "" {
			return nil, fmt.Errorf("a value of type %T where a string belongs", w)
		}
		values = append(values, value)
	}
	return values, nil
}
