package access

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Effect is what a rule does to whom it fits.
type Effect string

// The effects. A rule that names none allows.
const (
	Allow Effect = "allow"
	Deny  Effect = "deny"
)

// Rule fits a person who meets each of its conditions that is there; within one
// condition, any of its values will do.
type Rule struct {
	Groups []string `json:"groups,omitempty"`
	Roles  []string `json:"roles,omitempty"`
	// Users are ids, usernames or verified addresses.
	Users []string `json:"users,omitempty"`
	// EmailDomains are the domains of verified addresses.
	EmailDomains []string `json:"email_domains,omitempty"`
	// Attributes are names with the values that fit.
	Attributes map[string][]string `json:"attributes,omitempty"`
	// Networks are where the person's browser is. Somebody who is elsewhere is not
	// met by the rule; where nothing else was missing, [Decision.Elsewhere] says so.
	Networks []netip.Prefix `json:"networks,omitempty"`
	// ACR is the class that has to be reached. It is no condition: a person who
	// fits otherwise is asked for what is missing.
	ACR    string `json:"acr,omitempty"`
	Effect Effect `json:"effect,omitempty"`
	// At says where the rule was written, such as "latchkey.yaml line 12".
	At string `json:"-"`
}

// Policy is the rules of a client. Nil rules leave the decision to the default.
type Policy struct {
	Rules []Rule
	// Default is for a client without any rule of its own; empty allows.
	Default Effect
}

// Outcome is how a decision came out.
type Outcome string

// The outcomes.
const (
	Allowed Outcome = "allowed"
	// StepUp means that the person may, once [Decision.ACR] is reached.
	StepUp  Outcome = "step_up"
	Refused Outcome = "refused"
)

// NoRule is the [Decision.Rule] of a decision that no rule made.
const NoRule = -1

// Decision is the answer of [Policy.Decide], with its reason.
type Decision struct {
	Outcome Outcome
	// Rule is the index of the rule that decided, or [NoRule].
	Rule int
	// ACR is the class that the deciding rule wants, where the outcome is [StepUp].
	ACR string
	// Elsewhere says of a refusal that a rule would have fitted from another network.
	Elsewhere bool
	// By names what decided, for events, logs and operators: a rule by its index and
	// where it was written.
	By string
}

// Reaches reports whether a class is at least another; the classes and their
// order are the installation's.
type Reaches func(acr, wanted string) bool

// Decide follows the first rule that fits. Where there are rules and none fits,
// the answer is no.
func (p *Policy) Decide(s *Subject, r Request, reaches Reaches) Decision {
	if p.Rules == nil {
		if p.Default == Deny {
			return Decision{Outcome: Refused, Rule: NoRule, By: "access.default: nobody"}
		}
		return Decision{Outcome: Allowed, Rule: NoRule, By: "access.default: everyone"}
	}
	elsewhere := false
	for i := range p.Rules {
		rule := &p.Rules[i]
		switch unmet := rule.unmet(s, r); {
		case unmet == networks && rule.Effect != Deny:
			elsewhere = true
		case unmet != "":
		case rule.Effect == Deny:
			return Decision{Outcome: Refused, Rule: i, By: p.name(i)}
		case rule.ACR != "" && !reaches(r.ACR, rule.ACR):
			return Decision{Outcome: StepUp, Rule: i, ACR: rule.ACR, By: p.name(i)}
		default:
			return Decision{Outcome: Allowed, Rule: i, By: p.name(i)}
		}
	}
	return Decision{Outcome: Refused, Rule: NoRule, Elsewhere: elsewhere, By: "no access rule matches"}
}

// name tells people which rule it is.
func (p *Policy) name(i int) string {
	name := "access[" + strconv.Itoa(i) + "]"
	if at := p.Rules[i].At; at != "" {
		name += " (" + at + ")"
	}
	return name
}

// Finding is how one rule stood to a person, for `latchkey explain`.
type Finding struct {
	// Name is the rule's index and where it was written, Effect what it does.
	Name   string `json:"name"`
	Effect Effect `json:"effect"`
	// Unmet is the condition that is not met, such as "groups"; empty where the rule fits.
	Unmet string `json:"unmet,omitempty"`
	// ACR is the class that a rule that fits wants besides; empty is none.
	ACR string `json:"acr,omitempty"`
}

// Findings goes through all rules, those after the one that decided too.
func (p *Policy) Findings(s *Subject, r Request) []Finding {
	findings := make([]Finding, len(p.Rules))
	for i := range p.Rules {
		rule := &p.Rules[i]
		findings[i] = Finding{Name: p.name(i), Effect: Allow, Unmet: rule.unmet(s, r), ACR: rule.ACR}
		if rule.Effect == Deny {
			findings[i].Effect = Deny
		}
	}
	return findings
}

// networks is the condition that is looked at last: where it alone is not met, going
// elsewhere would help.
const networks = "networks"

// unmet names the first condition that the person, or where they are, does not meet;
// empty where the rule fits.
func (r *Rule) unmet(s *Subject, at Request) string {
	switch {
	case !meets(r.Groups, func(group string) bool { return s.in(group) }):
		return "groups"
	case !meets(r.Roles, func(role string) bool { return slices.Contains(s.Roles, role) }):
		return "roles"
	case !meets(r.Users, s.is):
		return "users"
	case !meets(r.EmailDomains, func(domain string) bool { return domain != "" && strings.EqualFold(domain, s.domain()) }):
		return "email_domains"
	case !r.fitsAttributes(s):
		return "attributes"
	case !meets(r.Networks, func(network netip.Prefix) bool { return network.Contains(at.Address.Unmap()) }):
		return networks
	}
	return ""
}

func (r *Rule) fitsAttributes(s *Subject) bool {
	for name, values := range r.Attributes {
		has := texts(s.Attributes[name])
		if !slices.ContainsFunc(values, func(value string) bool { return slices.Contains(has, value) }) {
			return false
		}
	}
	return true
}

// meets reports whether any of the values does, or there is none to meet.
func meets[T any](values []T, does func(T) bool) bool {
	return len(values) == 0 || slices.ContainsFunc(values, does)
}
