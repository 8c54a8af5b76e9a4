package admin

import "slices"

// Role is a kind of administrator.
type Role string

// The roles. Whoever has several may do what any of them may.
const (
	Owner    Role = "owner"     // everything
	People   Role = "people"    // people and groups, but for administrators
	HelpDesk Role = "help_desk" // repairs accounts, and sees nothing private
	Auditor  Role = "auditor"   // reads
)

// Roles are all of them.
func Roles() []Role { return []Role{Owner, People, HelpDesk, Auditor} }

// Policy says which roles that people are given (see storage.User) make them which kind
// of administrator.
type Policy map[Role][]string

// Named are the roles that make anybody an administrator, in order and each once.
func (p Policy) Named() []string {
	var named []string
	for _, names := range p {
		named = append(named, names...)
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// held are the kinds of administrator that somebody with the roles is.
func (p Policy) held(roles []string) []Role {
	var held []Role
	for _, role := range Roles() {
		if slices.ContainsFunc(p[role], func(name string) bool { return slices.Contains(roles, name) }) {
			held = append(held, role)
		}
	}
	return held
}
