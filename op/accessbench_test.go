package op

import (
	"net/url"
	"testing"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

// withClaims is a node whose tokens carry three groups and one expression, and whose
// client has a rule.
func withClaims(b *testing.B) *node {
	b.Helper()
	n := resourceNode(b, func(c *client.Client) {
		c.IDTokenClaims, c.AccessTokenClaims = []string{"groups", "is_admin"}, []string{"groups", "is_admin"}
		c.Access = []access.Rule{{Groups: []string{"hr"}}, {Groups: []string{"admins"}}}
	})
	n.store.group("staff", true)
	n.store.group("wiki", true)
	return n
}

func BenchmarkRefreshWithGroupsAndAnExpression(b *testing.B) {
	n := withClaims(b)
	benchmarkPost(b, n, tokenPath, always(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {n.signedIn().RefreshToken},
	}), true)
}

func BenchmarkCodeExchangeWithGroupsAndAnExpression(b *testing.B) {
	n := withClaims(b)
	benchmarkPost(b, n, tokenPath, func() url.Values {
		return url.Values{
			"grant_type": {"authorization_code"}, "code": {n.code("wiki")}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier},
		}
	}, true)
}
