package ui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

// Consent asks whether a client may have what it asks for.
type Consent struct {
	Page
	Person string
	// Scopes are what the client asks for; the page says them in plain words.
	Scopes []string
}

// Screen implements [Screen].
func (Consent) Screen() string { return "consent" }

// ScopeList is what a client may do, as people read it.
type ScopeList struct {
	Groups []ScopeGroup
	// Small has it stand beside other things.
	Small bool
}

// ScopeGroup is what a client may do at one place.
type ScopeGroup struct {
	// Name is the resource server's, and Host where it is where the name does not say.
	// What the client may know here has a name where there is more than that.
	Name, Host string
	// May is what it may do, in the page's language.
	May []string
}

// Asked says scopes in full, and Allowed in small print.
func (p Page) Asked(scopes []string) ScopeList { return ScopeList{Groups: p.byResource(scopes)} }

// Allowed is [Page.Asked] in small print.
func (p Page) Allowed(scopes []string) ScopeList { return ScopeList{p.byResource(scopes), true} }

// byResource says scopes in an order that people can read: who somebody is, what is known
// of them and other things, and access without them; then what may be done at each
// resource server, and what that one learns of them besides.
func (p Page) byResource(scopes []string) []ScopeGroup {
	here, elsewhere := []string{}, map[string][]string{}
	for _, scope := range scopes {
		identifier, plain := client.ConsentedResource(scope)
		if !plain {
			identifier = p.catalog.ResourceOf(scope)
		}
		if identifier == "" {
			here = append(here, scope)
		} else {
			elsewhere[identifier] = append(elsewhere[identifier], scope)
		}
	}
	slices.SortStableFunc(here, func(a, b string) int { return placeOf(a) - placeOf(b) })
	var groups []ScopeGroup
	for identifier, scopes := range elsewhere {
		groups = append(groups, p.groupOf(identifier, scopes))
	}
	slices.SortFunc(groups, func(a, b ScopeGroup) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Host, b.Host))
	})
	if len(here) == 0 {
		return groups
	}
	first := ScopeGroup{May: p.inWords(here)}
	if len(groups) > 0 {
		first.Name = p.T("consent.here")
	}
	return append([]ScopeGroup{first}, groups...)
}

// groupOf is what may be done at a resource server. One that is not in the configuration
// any more has its identifier for a name.
func (p Page) groupOf(identifier string, scopes []string) ScopeGroup {
	of := p.catalog.Resource(identifier)
	if of == nil {
		of = &access.Resource{Identifier: identifier}
	}
	group := ScopeGroup{Name: of.Called(), Host: of.Host()}
	if group.Host == group.Name {
		group.Host = ""
	}
	if len(scopes) > 1 { // using it goes without saying
		scopes = slices.DeleteFunc(scopes, func(scope string) bool { return scope == client.ConsentTo(identifier) })
	}
	group.May = p.inWords(scopes)
	for _, claim := range of.Claims {
		if line := p.claim(claim); !slices.Contains(group.May, line) {
			group.May = append(group.May, line)
		}
	}
	return group
}

func (p Page) inWords(scopes []string) []string {
	words := make([]string, len(scopes))
	for i, scope := range scopes {
		words[i] = p.Scope(scope)
	}
	return words
}

// claim says that a claim is told: as the scope says it that asks for it, where one has
// words for people.
func (p Page) claim(name string) string {
	for _, s := range p.catalog.Scopes() {
		if words := p.Scope(s.Name); words != s.Name && slices.Contains(s.Claims, name) {
			return words
		}
	}
	switch name {
	case "email", "email_verified":
		return p.Scope(client.ScopeEmail)
	case "phone_number", "phone_number_verified":
		return p.Scope(client.ScopePhone)
	case "address":
		return p.Scope(client.ScopeAddress)
	}
	if slices.Contains(client.PersonClaims(), name) {
		return p.Scope(client.ScopeProfile)
	}
	return p.T("consent.claim", "Claim", name)
}

// placeOf is where a scope stands among those that are of no resource server.
func placeOf(scope string) int {
	order := []string{client.ScopeOpenID, client.ScopeProfile, client.ScopeEmail, client.ScopePhone, client.ScopeAddress}
	switch i := slices.Index(order, scope); {
	case scope == client.ScopeOfflineAccess:
		return len(order) + 1
	case i < 0:
		return len(order)
	default:
		return i
	}
}
