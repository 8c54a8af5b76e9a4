package access

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reaches orders the classes of the tests.
func reaches(acr, wanted string) bool {
	order := map[string]int{"": 0, "aal1": 1, "aal2": 2, "phr": 3}
	return order[acr] >= order[wanted]
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

func TestAC1_TheFirstRuleThatFitsDecides(t *testing.T) {
	t.Parallel()
	ada := Subject{
		ID: "1", Username: "ada", Email: "Ada@Example.com", EmailVerified: true, Groups: []string{"hr", "staff"}, Roles: []string{"admin"},
		Attributes: map[string]any{"department": "people", "level": int64(3), "sites": []any{"berlin", "oslo"}, "contractor": false},
	}
	unproven := ada
	unproven.EmailVerified = false
	office, home := Request{Address: netip.MustParseAddr("10.1.2.3"), ACR: "aal1"}, Request{Address: netip.MustParseAddr("203.0.113.7"), ACR: "aal1"}
	strong := Request{Address: home.Address, ACR: "aal2"}
	mapped := Request{Address: netip.MustParseAddr("::ffff:10.1.2.3"), ACR: "aal1"}

	for _, c := range []struct {
		name    string
		policy  Policy
		subject Subject
		request Request
		want    Decision
	}{
		{"no rules", Policy{}, ada, home, Decision{Outcome: Allowed, Rule: NoRule}},
		{"no rules, nobody by default", Policy{Default: Deny}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"empty rules are rules", Policy{Rules: []Rule{}}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"the default is for clients without rules", Policy{Rules: []Rule{{Groups: []string{"it"}}}, Default: Allow}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"a group", Policy{Rules: []Rule{{Groups: []string{"it", "hr"}}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"a group in another case", Policy{Rules: []Rule{{Groups: []string{"HR"}}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"group and role", Policy{Rules: []Rule{{Groups: []string{"hr"}, Roles: []string{"auditor"}}}}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"the second rule", Policy{Rules: []Rule{{Groups: []string{"it"}}, {Roles: []string{"admin"}}}}, ada, home, Decision{Outcome: Allowed, Rule: 1}},
		{"deny before allow", Policy{Rules: []Rule{{Users: []string{"ada@example.com"}, Effect: Deny}, {Groups: []string{"hr"}}}}, ada, home, Decision{Outcome: Refused, Rule: 0}},
		{"allow before deny", Policy{Rules: []Rule{{Groups: []string{"hr"}}, {Users: []string{"ada"}, Effect: Deny}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"a user by id", Policy{Rules: []Rule{{Users: []string{"1"}}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"an address that is not proven names nobody", Policy{Rules: []Rule{{Users: []string{"ada@example.com"}}}}, unproven, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"a domain", Policy{Rules: []Rule{{EmailDomains: []string{"example.COM"}}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"a domain of an address that is not proven", Policy{Rules: []Rule{{EmailDomains: []string{"example.com"}}}}, unproven, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"a suffix is another domain", Policy{Rules: []Rule{{EmailDomains: []string{"ample.com"}}}}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"an attribute", Policy{Rules: []Rule{{Attributes: map[string][]string{"department": {"law", "people"}, "level": {"3"}}}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"an attribute that is a list", Policy{Rules: []Rule{{Attributes: map[string][]string{"sites": {"oslo"}}}}}, ada, home, Decision{Outcome: Allowed, Rule: 0}},
		{"an attribute that is false", Policy{Rules: []Rule{{Attributes: map[string][]string{"contractor": {"true"}}}}}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"an attribute that is not there", Policy{Rules: []Rule{{Attributes: map[string][]string{"badge": {""}}}}}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
		{"a network", Policy{Rules: []Rule{{Networks: prefixes("10.0.0.0/8")}}}, ada, office, Decision{Outcome: Allowed, Rule: 0}},
		{"an IPv4 address within IPv6", Policy{Rules: []Rule{{Networks: prefixes("10.0.0.0/8")}}}, ada, mapped, Decision{Outcome: Allowed, Rule: 0}},
		{"another network", Policy{Rules: []Rule{{Networks: prefixes("10.0.0.0/8")}}}, ada, home, Decision{Outcome: Refused, Rule: NoRule, Elsewhere: true}},
		{
			"another network would not help whom the rule does not fit", Policy{Rules: []Rule{{Groups: []string{"it"}, Networks: prefixes("10.0.0.0/8")}}}, ada, home,
			Decision{Outcome: Refused, Rule: NoRule},
		},
		{
			"elsewhere, a rule that denies does not fit", Policy{Rules: []Rule{{Networks: prefixes("10.0.0.0/8"), Effect: Deny}, {Groups: []string{"hr"}}}}, ada, home,
			Decision{Outcome: Allowed, Rule: 1},
		},
		{"no address is in no network", Policy{Rules: []Rule{{Networks: prefixes("0.0.0.0/0", "::/0")}}}, ada, Request{}, Decision{Outcome: Refused, Rule: NoRule, Elsewhere: true}},
		{"a class that is missing", Policy{Rules: []Rule{{Groups: []string{"hr"}, ACR: "aal2"}}}, ada, home, Decision{Outcome: StepUp, Rule: 0, ACR: "aal2"}},
		{"a class that was reached", Policy{Rules: []Rule{{Groups: []string{"hr"}, ACR: "aal2"}}}, ada, strong, Decision{Outcome: Allowed, Rule: 0}},
		{
			"a factor outside the office", Policy{Rules: []Rule{{Groups: []string{"hr"}, Networks: prefixes("10.0.0.0/8")}, {Groups: []string{"hr"}, ACR: "aal2"}}},
			ada, home, Decision{Outcome: StepUp, Rule: 1, ACR: "aal2"},
		},
		{"a step does not help whom no rule fits", Policy{Rules: []Rule{{Groups: []string{"it"}, ACR: "aal2"}}}, ada, home, Decision{Outcome: Refused, Rule: NoRule}},
	} {
		got := c.policy.Decide(&c.subject, c.request, reaches)
		if got.By == "" {
			t.Errorf("%s: it does not say what decided", c.name)
		}
		if got.By = ""; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestAC1_ADecisionNamesItsRuleAndWhereThatWasWritten(t *testing.T) {
	t.Parallel()
	policy := Policy{Rules: []Rule{
		{Groups: []string{"it"}, At: "clients.yaml line 3"},
		{Groups: []string{"hr"}, Networks: prefixes("10.0.0.0/8"), At: "clients.yaml line 4"},
		{Users: []string{"ada"}, Effect: Deny, At: "clients.yaml line 5"},
		{Groups: []string{"hr"}, ACR: "aal2", At: "clients.yaml line 6"},
	}}
	ada, home := &Subject{Username: "ada", Groups: []string{"hr"}}, Request{Address: netip.MustParseAddr("203.0.113.7")}
	if got := policy.Decide(ada, home, reaches); got.By != "access[2] (clients.yaml line 5)" {
		t.Errorf("decided by %q", got.By)
	}
	want := []Finding{
		{Name: "access[0] (clients.yaml line 3)", Effect: Allow, Unmet: "groups"},
		{Name: "access[1] (clients.yaml line 4)", Effect: Allow, Unmet: "networks"},
		{Name: "access[2] (clients.yaml line 5)", Effect: Deny},
		{Name: "access[3] (clients.yaml line 6)", Effect: Allow, ACR: "aal2"},
	}
	if diff := cmp.Diff(want, policy.Findings(ada, home)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestAC1_RulesThatCannotMeanAnythingAreFound(t *testing.T) {
	t.Parallel()
	rules := []Rule{
		{Groups: []string{"hr"}, ACR: "aal2", Effect: Allow},
		{Effect: "permit", ACR: "gold"},
		{Users: []string{"eve "}, EmailDomains: []string{"@example.com"}, ACR: "aal2", Effect: Deny, Attributes: map[string][]string{"x": {}}},
		{Effect: Deny},
		{Groups: []string{"hr"}},
	}
	found := map[string]bool{}
	for _, p := range Check("access", rules, func(acr string) bool { return acr == "aal2" }) {
		found[p.Field] = true
	}
	for _, want := range []string{"access[1].effect", "access[1].acr", "access[2].users[0]", "access[2].email_domains[0]", "access[2].acr", "access[2].attributes.x", "access[4]"} {
		if !found[want] {
			t.Errorf("nothing is said of %s; found %v", want, found)
		}
		delete(found, want)
	}
	for field := range found {
		t.Errorf("something is said of %s", field)
	}
}
