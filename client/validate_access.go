package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
)

// claims checks which claims about people go where.
func (v *validation) claims() {
	for _, list := range []struct {
		field string
		names []string
	}{
		{"id_token_claims", v.IDTokenClaims}, {"userinfo_claims", v.UserInfoClaims}, {"access_token_claims", v.AccessTokenClaims},
	} {
		v.each(list.field, list.names, func(name string) error {
			if !v.knowsClaim(name) {
				return fmt.Errorf("there is no such claim; known claims are %s", strings.Join(slices.Concat(PersonClaims(), v.policy.Catalog.Claims()), ", "))
			}
			return nil
		})
	}
	for _, list := range []struct {
		field, what string
		names       []string
	}{{"id_token_claims", "no ID token", v.IDTokenClaims}, {"userinfo_claims", "no userinfo", v.UserInfoClaims}} {
		if len(list.names) > 0 && !v.AllowsScope(ScopeOpenID) {
			v.add(list.field, "there is %s without the scope openid; add it to %s or remove this", list.what, v.spell("scope"))
		}
	}
	if len(v.AccessTokenClaims) > 0 && !v.ActsForPeople() {
		v.add("access_token_claims", "they are about a person, so they need the authorization_code grant; remove them")
	}
}

func (v *validation) knowsClaim(name string) bool {
	return slices.Contains(PersonClaims(), name) || slices.Contains(v.policy.Catalog.Claims(), name) || v.Groups != nil && v.Groups.Claim == name && name != ""
}

// access checks who may use the client, how it wants groups spelled, and which
// resource servers it may ask for.
func (v *validation) access() {
	for _, p := range access.Check("access", v.Access, func(acr string) bool { return slices.Contains(ACRs(), acr) }) {
		v.add(p.Field, "%s", p.Message)
	}
	taken := func(claim string) bool {
		return slices.Contains(ProtocolClaims(), claim) || slices.Contains(PersonClaims(), claim) ||
			slices.Contains(v.policy.Catalog.Claims(), claim) && (!slices.Contains(access.BuiltIn(), claim) || v.AllowsScope(claim))
	}
	for _, p := range v.Groups.Check("groups", taken) {
		v.add(p.Field, "%s", p.Message)
	}
	v.each("resources", v.Resources, func(identifier string) error {
		if v.policy.Catalog.Resource(identifier) == nil {
			return errors.New("no resource server has this identifier; add it to resources")
		}
		return nil
	})
	if v.Type != TypeService {
		return
	}
	for _, p := range []struct {
		field string
		set   bool
	}{{"access", v.Access != nil}, {"groups", v.Groups != nil}} {
		if p.set {
			v.add(p.field, "it has no effect for a service client, which acts for no person; remove it")
		}
	}
}

// MayAskFor reports whether the client may have access tokens for a resource server.
func (m *Metadata) MayAskFor(resource string, catalog *access.Catalog) bool {
	if m.Resources != nil {
		return slices.Contains(m.Resources, resource)
	}
	return slices.Contains(catalog.ResourcesOf(m.Scopes), resource)
}
