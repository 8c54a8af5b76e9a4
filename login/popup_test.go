package login

import (
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// TestCS2_PopUpsKeepTheirOpener: a flow of a client with web origins may run in a
// pop-up, whose opener the policy must not cut off at any step; other flows' does.
func TestCS2_PopUpsKeepTheirOpener(t *testing.T) {
	for want, origins := range map[string][]string{"unsafe-none": {"https://app.example.com"}, "same-origin": nil} {
		s := newSite(t, siteOptions{client: func(c *client.Client) { c.Origins, c.RequireMFA = origins, true }})
		s.person("ada@example.com")
		b := s.browser()
		for step, page := range map[string]string{
			"sign in":      b.start("").Header.Get("Cross-Origin-Opener-Policy"),
			"wrong":        b.signIn("ada@example.com", "not the password at all").Header.Get("Cross-Origin-Opener-Policy"),
			"what is next": b.signIn("ada@example.com", goodPassword).Header.Get("Cross-Origin-Opener-Policy"),
		} {
			if page != want {
				t.Errorf("%s: policy is %q, want %q", step, page, want)
			}
		}
		if got := b.Get("/forgot-password").Header.Get("Cross-Origin-Opener-Policy"); got != "same-origin" {
			t.Errorf("outside of a flow: policy is %q", got)
		}
	}
}
