package login

import (
	"slices"

	"github.com/latchkey-id/latchkey/mfa"
)

// ACRValues are the authentication context classes that a sign-in can reach
// under the policy, the least first.
func (p *Pages) ACRValues() []string {
	values := []string{mfa.ACRPassword}
	for _, kind := range mfa.Kinds {
		_, configured := p.factors.Get(kind)
		if acr := p.policy.Reaches(kind); configured && acr != "" {
			values = append(values, acr)
		}
	}
	slices.SortFunc(values, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case mfa.AtLeast(b, a):
			return -1
		}
		return 1
	})
	return slices.Compact(values)
}
