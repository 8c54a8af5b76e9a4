package admin

import (
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
)

// The scopes. A client is configured for those that it may ask for.
const (
	ScopePeopleRead   = "admin:people.read"
	ScopePeopleWrite  = "admin:people.write"
	ScopeHelpDesk     = "admin:helpdesk"
	ScopeGroupsRead   = "admin:groups.read"
	ScopeGroupsWrite  = "admin:groups.write"
	ScopeClientsRead  = "admin:clients.read"
	ScopeClientsWrite = "admin:clients.write"
	ScopeAuditRead    = "admin:audit.read"
	ScopeSystemRead   = "admin:system.read"
	ScopeSystemWrite  = "admin:system.write"
	ScopeOwner        = "admin:owner"
)

// ProvisioningResource is the identifier of the resource server (RFC 8707) that SCIM is
// for the access tokens of clients that are sources, and ProvisioningScope the scope that
// they need; ProvisioningPath is where SCIM is, below the issuer.
const (
	ProvisioningResource = "urn:latchkey:scim"
	ProvisioningScope    = "scim"
	ProvisioningPath     = "/scim/v2"
)

// Grants reports whether whoever has a token for the scope or the resource may change the
// accounts of others by it.
func Grants(scopeOrResource string) bool {
	return strings.HasPrefix(scopeOrResource, "admin:") || slices.Contains([]string{Resource, ProvisioningResource, ProvisioningScope}, scopeOrResource)
}

// Scope is a scope of administration.
type Scope struct {
	Name string
	// Roles are those of the people for whom it is good.
	Roles []Role
	// Duty is what it lets do to the accounts of others.
	Duty account.Duty
	// Description says in plain English what a client may do with it.
	Description string
}

// scopes is the one table of what role and scope come to.
var scopes = []Scope{
	{ScopePeopleRead, []Role{Owner, People, HelpDesk, Auditor}, 0, "See the accounts of all people."},
	{ScopePeopleWrite, []Role{Owner, People}, account.DutyPeople, "Make, change and delete the accounts of people."},
	{ScopeHelpDesk, []Role{Owner, People, HelpDesk}, account.DutyHelpDesk, "Unlock and reset people’s second factors, and end their sessions."},
	{ScopeGroupsRead, []Role{Owner, People, HelpDesk, Auditor}, 0, "See all groups and who is in them."},
	{ScopeGroupsWrite, []Role{Owner, People}, account.DutyGroups, "Make, change and delete groups, and say who is in them."},
	{ScopeClientsRead, []Role{Owner, People, HelpDesk, Auditor}, 0, "See the applications."},
	{ScopeClientsWrite, []Role{Owner}, account.DutyClients, "Make, change and delete applications that no configuration file has."},
	{ScopeAuditRead, []Role{Owner, Auditor}, 0, "Read the record of security events."},
	{ScopeSystemRead, []Role{Owner, Auditor}, 0, "See the state of this service: nodes, keys, messages, jobs and numbers."},
	{ScopeSystemWrite, []Role{Owner}, account.DutySystem, "Try messages and bring events again, and rotate and revoke signing keys."},
	{ScopeOwner, []Role{Owner}, account.DutyOwner, "Change the accounts of administrators, and say who is one."},
}

// Scopes are all scopes, in the order of the documentation.
func Scopes() []Scope { return slices.Clone(scopes) }

// Authority is what a caller may do.
type Authority struct {
	scopes []string
	duties account.Duty
	// sees is as whom the caller sees people's custom attributes.
	sees attribute.Audience
}

// ForPerson is what a token with the scopes lets somebody with the roles do.
func (p Policy) ForPerson(granted, roles []string) Authority {
	held, sees := p.held(roles), attribute.Person
	if slices.ContainsFunc(held, func(r Role) bool { return r != HelpDesk }) {
		sees = attribute.Administrator
	}
	return authority(granted, func(s Scope) bool {
		return slices.ContainsFunc(s.Roles, func(r Role) bool { return slices.Contains(held, r) })
	}, sees)
}

// ForService is what a token with the scopes lets a client do that acts for itself.
func ForService(granted []string) Authority {
	return authority(granted, func(Scope) bool { return true }, attribute.Nobody)
}

func authority(granted []string, may func(Scope) bool, sees attribute.Audience) Authority {
	a := Authority{sees: sees}
	for _, s := range scopes {
		if slices.Contains(granted, s.Name) && may(s) {
			a.scopes, a.duties = append(a.scopes, s.Name), a.duties|s.Duty
		}
	}
	return a
}

// Themselves is what somebody with the roles may do by themselves, on pages where no client
// stands between.
func (p Policy) Themselves(roles []string) Authority {
	var all []string
	for _, s := range scopes {
		all = append(all, s.Name)
	}
	return p.ForPerson(all, roles)
}

// May reports whether there is anything that the caller may do.
func (a Authority) May() bool { return len(a.scopes) > 0 }

// Has reports whether the caller may do what takes the scope.
func (a Authority) Has(scope string) bool { return slices.Contains(a.scopes, scope) }

// Duties are what the caller may do to the accounts of others.
func (a Authority) Duties() account.Duty { return a.duties }

// Sees is as whom the caller sees people's custom attributes: a service all of them, since
// such values come from one; administrators those that are for them; and the help desk
// those that people see themselves.
func (a Authority) Sees() attribute.Audience { return a.sees }
