package client

import (
	"errors"
	"slices"
	"strings"
)

// GrantJWTBearer is of assertions about somebody whom a trusted issuer knows (RFC 7523
// section 2.1).
const GrantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// TrustedSubject is whom of a trusted issuer a client may get tokens about: by the JWT
// bearer grant, and by token exchange with such a JWT as subject token.
type TrustedSubject struct {
	// Issuer is the iss of the JWTs, one that the installation trusts.
	Issuer string `json:"issuer"`
	// Subject is the sub; one that ends with * is of all that begin so.
	Subject string `json:"subject"`
	// Claims are further claims that have to be one of the values each, as text.
	Claims map[string][]string `json:"claims,omitempty"`
	// Resources are the resource servers that the tokens may be for, each for one.
	Resources []string `json:"resources"`
	// Scopes may be in the tokens, of those of the client.
	Scopes []string `json:"scopes,omitempty"`
}

// Fits reports whether the rule is about a JWT with the claims, and a resource server.
func (t *TrustedSubject) Fits(claims map[string]any, resource string) bool {
	w := Workload{Issuer: t.Issuer, Subject: t.Subject, Claims: t.Claims}
	return slices.Contains(t.Resources, resource) && w.Fits(claims) == ""
}

// trusted checks about whom of other issuers the client may get tokens.
func (v *validation) trusted() {
	const field = "trusted_subjects"
	bearer := v.AllowsGrant(GrantJWTBearer)
	switch {
	case bearer && v.Type.KeepsNoSecret():
		v.add("grant_types", "%s needs a client that authenticates; a %s client cannot", GrantJWTBearer, v.Type)
	case bearer && len(v.TrustedSubjects) == 0:
		v.add(field, "add a rule that says about whom it may get tokens; without one it gets none")
	case !bearer && !v.AllowsGrant(GrantTokenExchange) && len(v.TrustedSubjects) > 0:
		v.add(field, "it has no effect without %s or %s in %s; add one or remove this", GrantJWTBearer, GrantTokenExchange, v.spell("grant_types"))
	}
	for i, rule := range v.TrustedSubjects {
		at := indexed(field, i)
		prefix := strings.TrimSuffix(rule.Subject, "*")
		switch {
		case rule.Subject == "":
			v.add(at+".subject", "required: the sub of the JWTs")
		case strings.Contains(prefix, "*"):
			v.add(at+".subject", "a * works only at the end")
		case len(prefix) < minSubjectPrefix && prefix != rule.Subject:
			v.add(at+".subject", "the part before the * is so short that it would match anyone; make it longer")
		}
		if !slices.Contains(v.policy.TrustedIssuers, rule.Issuer) {
			v.add(at+".issuer", "%q is not trusted; add it to trusted_issuers", rule.Issuer)
		}
		for name, values := range rule.Claims {
			if name == "" || len(values) == 0 || slices.Contains(values, "") {
				v.add(at+".claims", "name claims with one value or more each")
				break
			}
		}
		if len(rule.Resources) == 0 {
			v.add(at+".resources", "name the resource servers that the tokens may be for")
		}
		v.each(at+".resources", rule.Resources, func(identifier string) error {
			if v.policy.Catalog.Resource(identifier) == nil {
				return errors.New("no resource server has this identifier; add it to resources")
			}
			return nil
		})
		v.each(at+".scopes", rule.Scopes, func(scope string) error {
			if !v.AllowsScope(scope) || aboutPeople(scope) {
				return errors.New("the client is not registered for this scope, or it is about people here")
			}
			return nil
		})
	}
}
