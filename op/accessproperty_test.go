package op

import (
	"net/http"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"pgregory.net/rapid"
)

// policies are rules that a reload may bring; the names are those of groups.
var policies = [][]access.Rule{
	nil, {}, {{Groups: []string{"red"}}}, {{Groups: []string{"red", "blue"}}}, {{Groups: []string{"blue"}, Effect: access.Deny}, {Groups: []string{"red"}}},
	{{Groups: []string{"red"}}, {Groups: []string{"blue"}, Effect: access.Deny}, {}}, {{Users: []string{"ada"}, Groups: []string{"blue"}}},
	{{Groups: []string{"red"}, ACR: "aal2"}, {Groups: []string{"blue"}}},
}

// mayUse is the decision in other words, for testUser at aal1.
func mayUse(rules []access.Rule, groups map[string]bool) bool {
	if rules == nil {
		return true
	}
	for _, r := range rules {
		in := len(r.Groups) == 0 || slices.ContainsFunc(r.Groups, func(g string) bool { return groups[g] })
		if in {
			return r.Effect != access.Deny && r.ACR == ""
		}
	}
	return false
}

// TestAC1_NoSequenceOfChangesGivesATokenThatWouldBeRefused changes groups and rules in
// any order between exchanges, refreshes and questions to userinfo.
func TestAC1_NoSequenceOfChangesGivesATokenThatWouldBeRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ids := map[string]storage.ID{"red": n.store.group("red", false), "blue": n.store.group("blue", false)}
	in, rules := map[string]bool{}, policies[0]
	reload := func(next []access.Rule) {
		c := wikiClient()
		c.Access, rules = next, next
		n.reload([]client.Client{c}...)
	}
	rapid.Check(t, func(t *rapid.T) {
		var held *answer // the tokens of a grant that lives
		name := rapid.SampledFrom([]string{"red", "blue"})
		t.Repeat(map[string]func(*rapid.T){
			"join or leave": func(t *rapid.T) {
				group := name.Draw(t, "group")
				if in[group] {
					n.store.leave(ids[group])
				} else {
					n.store.join(ids[group])
				}
				in[group] = !in[group]
			},
			"reload": func(t *rapid.T) { reload(rapid.SampledFrom(policies).Draw(t, "rules")) },
			"exchange": func(t *rapid.T) {
				got := n.exchange(asWiki, n.code("wiki"))
				if (got.Code == http.StatusOK) != mayUse(rules, in) {
					t.Fatalf("exchange: %d, in %v under %+v", got.Code, in, rules)
				}
				held = nil
				if got.Code == http.StatusOK {
					held = got
				}
			},
			"refresh": func(t *rapid.T) {
				if held == nil {
					return // nothing to refresh
				}
				got := n.refresh(asWiki, held.RefreshToken)
				if (got.Code == http.StatusOK) != mayUse(rules, in) {
					t.Fatalf("refresh: %d, in %v under %+v", got.Code, in, rules)
				}
				if got.Code == http.StatusOK {
					held = got
					return
				}
				old := held
				held = nil
				if status := n.userinfoStatus(old.AccessToken); status != http.StatusUnauthorized {
					t.Fatalf("userinfo after a refusal: %d", status)
				}
			},
			"userinfo": func(t *rapid.T) {
				if held == nil {
					return // nothing to show
				}
				if status := n.userinfoStatus(held.AccessToken); (status == http.StatusOK) != mayUse(rules, in) {
					t.Fatalf("userinfo: %d, in %v under %+v", status, in, rules)
				}
			},
			"": func(*rapid.T) {},
		})
	})
	if len(n.revoked.Reasons) > 0 {
		t.Errorf("somebody was taken for a thief: %v", n.revoked.Reasons)
	}
}
