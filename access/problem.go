package access

import (
	"fmt"
	"regexp"
	"strings"
)

// Problem is something wrong with rules or claims, and where: a path such as
// "access[2].effect".
type Problem struct{ Field, Message string }

func (p Problem) Error() string { return p.Field + ": " + p.Message }

func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// Check judges rules; known says which classes there are.
func Check(field string, rules []Rule, known func(acr string) bool) []Problem {
	var problems []Problem
	open := -1
	for i := range rules {
		if open >= 0 {
			problems = append(problems, Problem{indexed(field, i), fmt.Sprintf("%s matches everyone, so this one never decides; move it up or remove it", indexed(field, open))})
		}
		for _, p := range rules[i].check(known) {
			problems = append(problems, Problem{indexed(field, i) + p.Field, p.Message})
		}
		if open < 0 && rules[i].fitsAll() {
			open = i
		}
	}
	return problems
}

// fitsAll reports whether the rule has an effect and no condition.
func (r *Rule) fitsAll() bool {
	return (r.Effect == "" || r.Effect == Allow || r.Effect == Deny) && len(r.Groups)+len(r.Roles)+len(r.Users)+len(r.EmailDomains)+len(r.Attributes)+len(r.Networks) == 0
}

var domainSyntax = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

func (r *Rule) check(known func(acr string) bool) []Problem {
	var problems []Problem
	add := func(field, format string, args ...any) {
		problems = append(problems, Problem{field, fmt.Sprintf(format, args...)})
	}
	switch r.Effect {
	case "", Allow, Deny:
	default:
		add(".effect", "%q is neither %s nor %s", r.Effect, Allow, Deny)
	}
	if r.ACR != "" && !known(r.ACR) {
		add(".acr", "%q is not an authentication context class of this provider", r.ACR)
	}
	if r.ACR != "" && r.Effect == Deny {
		add(".acr", "a rule that denies cannot ask for a stronger sign-in: anyone it matches is refused anyway")
	}
	for i, domain := range r.EmailDomains {
		if !domainSyntax.MatchString(domain) {
			add(indexed(".email_domains", i), "%q is not a domain, such as example.com", domain)
		}
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"groups", r.Groups}, {"roles", r.Roles}, {"users", r.Users}} {
		for i, value := range list.values {
			if strings.TrimSpace(value) != value || value == "" {
				add(indexed("."+list.name, i), "%q is empty or has space around it", value)
			}
		}
	}
	for name, values := range r.Attributes {
		if len(values) == 0 {
			add(".attributes."+name, "it lists no value, so it matches nobody")
		}
	}
	return problems
}
