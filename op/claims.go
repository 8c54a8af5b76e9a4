package op

import (
	"log/slog"
	"slices"

	"github.com/latchkey-id/latchkey/access"
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

// maker makes what tokens and userinfo say. It is all that this takes: issuing them and
// explaining what would be issued are the same code.
type maker struct {
	issuer string
	// catalog has the claims, scopes and resource servers besides the standard ones.
	catalog *access.Catalog
	log     *slog.Logger
	// made is what was made already for one person, of whom several tokens tell the same;
	// nil: it makes each claim anew.
	made *madeClaims
}

// madeClaims are the claims of one person.
type madeClaims struct {
	person *access.Subject
	values claimList
}

// forOne is a maker for what is issued to one person together: each claim is made once.
// It is of that answer alone.
func (m *maker) forOne() *maker {
	one := *m
	one.made = &madeClaims{}
	return &one
}

// subject is the person as rules and expressions know them.
func (m *maker) subject(u *storage.User) *access.Subject {
	if m.made == nil {
		return access.SubjectOf(u)
	}
	if m.made.person == nil {
		m.made.person = access.SubjectOf(u)
	}
	return m.made.person
}

// value makes a claim of the installation's own.
func (m *maker) value(name string, person *access.Subject) (any, error) {
	if m.made == nil {
		return m.catalog.Value(name, person)
	}
	if made := m.made.values.find(name); made != nil {
		return made.value, nil
	}
	value, err := m.catalog.Value(name, person)
	if err == nil {
		m.made.values.set(name, value)
	}
	return value, err
}

// userClaims returns what is known of u and asked for, by scope or by name. The
// sub claim is not among them: whoever needs it always needs it.
func (m *maker) userClaims(c *client.Client, u *storage.User, scopes, requested []string) claimList {
	var claims claimList
	asked := func(name string) bool { return slices.Contains(requested, name) || m.catalog.Asks(scopes, name) }
	for _, p := range personClaims {
		if !slices.Contains(scopes, p.scope) && !asked(p.name) {
			continue
		}
		if value := p.value(u); value != nil {
			claims.set(p.name, value)
		}
	}
	m.addOwn(&claims, c, u, func(name string) bool { return asked(name) || name == access.ScopeGroups && asked(groupsClaim(c)) })
	return claims
}

// addOwn adds the claims of the installation's own that are wanted. c is nil where the
// client's spelling of groups is none of the reader's business.
func (m *maker) addOwn(claims *claimList, c *client.Client, u *storage.User, wanted func(name string) bool) {
	var person *access.Subject
	for _, name := range m.catalog.Claims() {
		if !wanted(name) || name != access.ScopeGroups && name == groupsClaim(c) { // the client's groups take its place
			continue
		}
		if person == nil {
			person = m.subject(u)
		}
		if name == access.ScopeGroups && c != nil {
			spelled, value := c.Groups.Spell(person.Groups)
			claims.set(spelled, value)
			continue
		}
		value, err := m.value(name, person)
		switch {
		case err != nil: // for a person that the expression did not expect: they have not got it
			m.log.Warn("a claim could not be made", "claim", name, "user_id", u.ID, "reason", err.Error())
		case value != nil:
			claims.set(name, value)
		}
	}
}

// addNamed adds the claims of a list, standard ones and others.
func (m *maker) addNamed(claims *claimList, c *client.Client, u *storage.User, names []string) {
	if len(names) == 0 {
		return
	}
	for _, p := range personClaims {
		if slices.Contains(names, p.name) {
			if value := p.value(u); value != nil {
				claims.set(p.name, value)
			}
		}
	}
	m.addOwn(claims, c, u, func(name string) bool {
		return slices.Contains(names, name) || name == access.ScopeGroups && slices.Contains(names, groupsClaim(c))
	})
}

// groupsClaim is the client's name for groups, where it has one.
func groupsClaim(c *client.Client) string {
	if c == nil || c.Groups == nil {
		return ""
	}
	return c.Groups.Claim
}

// scopeOf returns the scope by which a client gets a claim: of those that ask for it,
// one that it is registered for. It is empty for a claim that the client does not get,
// and for those that no scope asks for.
func (m *maker) scopeOf(c *client.Client, name string) string {
	if name != "" && name == groupsClaim(c) {
		name = access.ScopeGroups
	}
	for _, p := range personClaims {
		if p.name == name && c.AllowsScope(p.scope) {
			return p.scope
		}
	}
	for _, s := range m.catalog.Scopes() {
		if slices.Contains(s.Claims, name) && c.AllowsScope(s.Name) {
			return s.Name
		}
	}
	return ""
}

// mayName reports whether the client gets a claim by naming it: it could have asked for
// the claim's scope.
func (m *maker) mayName(c *client.Client, name string) bool { return m.scopeOf(c, name) != "" }

// requested are the names of the claims that are told somewhere beside those of scopes:
// what a grant asked for by name, as far as its client may still name it, whose
// registration may have changed (requirement RF5), and what configuration puts there.
func (m *maker) requested(c *client.Client, g *storage.Grant, named map[string]*storage.ClaimRequest, configured []string) []string {
	if len(named)+len(configured) == 0 {
		return nil
	}
	names := make([]string, 0, len(named)+len(configured))
	for name := range named {
		if m.mayName(c, name) {
			names = append(names, name)
		}
	}
	return append(names, m.configured(c, g, configured)...)
}

// configured are those of the claims that configuration has a client find somewhere
// that it may: the claim's scope was granted, or the administrator consents for people.
// A claim that is in no scope nobody can be asked about: it goes where it was put.
func (m *maker) configured(c *client.Client, g *storage.Grant, names []string) []string {
	if len(names) == 0 {
		return nil
	}
	implied := c.ConsentFor(g.RedirectURI) == client.ConsentImplied
	allowed := make([]string, 0, len(names))
	for _, name := range names {
		scope := m.scopeOf(c, name)
		switch {
		case scope != "" && (implied || slices.Contains(g.Scopes, scope)),
			scope == "" && slices.Contains(m.catalog.Claims(), name) && !m.catalog.InScopes(name):
			allowed = append(allowed, name)
		}
	}
	return allowed
}
