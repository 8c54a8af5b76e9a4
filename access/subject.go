package access

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
)

// Subject is a person as rules and claims see them.
type Subject struct {
	// ID never changes and is never given to somebody else.
	ID       string
	Username string
	Email    string
	// EmailVerified says that the address is known to be theirs. One that is not
	// counts as none: anybody could claim it.
	EmailVerified bool
	Groups        []string
	// Roles are those given to the person and those given to their groups.
	Roles []string
	// Attributes are what the installation keeps of people besides the standard
	// claims: strings, numbers, booleans, or lists of strings.
	Attributes map[string]any
}

// SubjectOf is a person as the store read them.
func SubjectOf(u *storage.User) *Subject {
	return &Subject{
		ID: string(u.ID), Username: u.Username, Email: u.Email, EmailVerified: u.EmailVerified,
		Groups: u.Groups, Roles: u.Roles, Attributes: u.Attributes,
	}
}

// Request is what a decision depends on besides the person.
type Request struct {
	// Address is where the person's browser is, or was when they allowed the client.
	Address netip.Addr
	// ACR is the authentication context class that was reached; empty is none.
	ACR string
}

// domain is the part of a verified address after its @, in lower case.
func (s *Subject) domain() string {
	if !s.EmailVerified {
		return ""
	}
	return strings.ToLower(s.Email[strings.LastIndexByte(s.Email, '@')+1:])
}

// in reports whether the person is in a group, whose name is the same in any case.
func (s *Subject) in(group string) bool {
	return slices.ContainsFunc(s.Groups, func(name string) bool { return strings.EqualFold(name, group) })
}

// is reports whether a name is the person's: id, username or verified address.
func (s *Subject) is(name string) bool {
	return name != "" && (name == s.ID || strings.EqualFold(name, s.Username) || s.EmailVerified && strings.EqualFold(name, s.Email))
}
