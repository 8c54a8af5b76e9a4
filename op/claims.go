package op

import (
	"slices"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// personClaim is a standard claim about a person (OpenID Connect Core 5.1):
// the scope that asks for it (Core 5.4) and where its value comes from. A value
// of nil means that nothing is known, and the claim is left out.
type personClaim struct {
	name  string
	scope string
	value func(*storage.User) any
}

// personClaims are all the claims about a person that we can make.
var personClaims = []personClaim{
	{"name", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Name) }},
	{"given_name", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.GivenName) }},
	{"family_name", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.FamilyName) }},
	{"middle_name", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.MiddleName) }},
	{"nickname", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Nickname) }},
	{"preferred_username", client.ScopeProfile, func(u *storage.User) any { return known(u.Username) }},
	{"profile", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Profile) }},
	{"picture", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Picture) }},
	{"website", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Website) }},
	{"gender", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Gender) }},
	{"birthdate", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Birthdate) }},
	{"zoneinfo", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Zoneinfo) }},
	{"locale", client.ScopeProfile, func(u *storage.User) any { return known(u.Profile.Locale) }},
	{"updated_at", client.ScopeProfile, updatedAt},
	{"email", client.ScopeEmail, func(u *storage.User) any { return known(u.Email) }},
	{"email_verified", client.ScopeEmail, func(u *storage.User) any { return verified(u.Email, u.EmailVerified) }},
	{"address", client.ScopeAddress, address},
	{"phone_number", client.ScopePhone, func(u *storage.User) any { return known(u.Phone) }},
	{"phone_number_verified", client.ScopePhone, func(u *storage.User) any { return verified(u.Phone, u.PhoneVerified) }},
}

func known(value string) any {
	if value == "" {
		return nil
	}
	return value
}

// verified says whether a value was proven; without a value there is nothing to say.
func verified(value string, proven bool) any {
	if value == "" {
		return nil
	}
	return proven
}

// updatedAt is in seconds since 1970.
func updatedAt(u *storage.User) any {
	if u.UpdatedAt.IsZero() {
		return nil
	}
	return u.UpdatedAt.Unix()
}

func address(u *storage.User) any {
	if u.Profile.Address == nil || *u.Profile.Address == (storage.Address{}) {
		return nil
	}
	return u.Profile.Address
}

// userClaims returns what is known of u and asked for, by scope or by name. The
// sub claim is not among them: whoever needs it always needs it.
func userClaims(u *storage.User, scopes []string, requested map[string]*storage.ClaimRequest) map[string]any {
	claims := make(map[string]any, len(personClaims)+1)
	for _, c := range personClaims {
		_, named := requested[c.name]
		if !named && !slices.Contains(scopes, c.scope) {
			continue
		}
		if value := c.value(u); value != nil {
			claims[c.name] = value
		}
	}
	return claims
}

// claimScope returns the scope that a claim about a person belongs to; empty
// for every other claim.
func claimScope(name string) string {
	for _, c := range personClaims {
		if c.name == name {
			return c.scope
		}
	}
	return ""
}
