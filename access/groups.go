package access

import (
	"cmp"
	"fmt"
	"strings"
)

// Groups says how a client wants the groups of a person spelled.
type Groups struct {
	// Prefix names the groups that the client is told of, all others stay here; empty
	// is all. Strip cuts it off their names.
	Prefix string `json:"prefix,omitempty"`
	Strip  bool   `json:"strip,omitempty"`
	// Claim is the name of the claim, in place of groups.
	Claim string `json:"claim,omitempty"`
	// Format is list or string: one text, with commas between the names.
	Format string `json:"format,omitempty"`
}

// The formats of groups.
const (
	FormatList   = "list"
	FormatString = "string"
)

// Spell returns the claim of a person's groups as the client wants it.
func (g *Groups) Spell(groups []string) (claim string, value any) {
	if g == nil {
		return ScopeGroups, listed(groups)
	}
	named := []string{}
	for _, group := range groups {
		rest, ok := strings.CutPrefix(group, g.Prefix)
		switch {
		case !ok:
		case g.Strip && rest != "":
			named = append(named, rest)
		case !g.Strip:
			named = append(named, group)
		}
	}
	claim = cmp.Or(g.Claim, ScopeGroups)
	if g.Format == FormatString {
		return claim, strings.Join(named, ",")
	}
	return claim, named
}

// Check judges how a client wants groups spelled. taken are the claims that it gets
// otherwise.
func (g *Groups) Check(field string, taken func(claim string) bool) []Problem {
	if g == nil {
		return nil
	}
	var problems []Problem
	switch g.Format {
	case "", FormatList, FormatString:
	default:
		problems = append(problems, Problem{field + ".format", fmt.Sprintf("%q is neither %s nor %s", g.Format, FormatList, FormatString)})
	}
	switch {
	case g.Claim == "" || g.Claim == ScopeGroups:
	case claimName(g.Claim) != "":
		problems = append(problems, Problem{field + ".claim", claimName(g.Claim)})
	case taken(g.Claim):
		problems = append(problems, Problem{field + ".claim", fmt.Sprintf("%q already has another meaning; choose another name", g.Claim)})
	}
	if g.Strip && g.Prefix == "" {
		problems = append(problems, Problem{field + ".strip", "there is no prefix to strip"})
	}
	return problems
}
