package main

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
)

// A reload that would let somebody in who is expected not to get in does not take place.
func TestAC1_AnExpectationThatIsNotMetKeepsTheConfiguration(t *testing.T) {
	r := newReloadable(t)
	guest := map[string]any{"groups": []any{"guests"}}
	payroll := func(onFailure string, rules ...config.AccessRule) func(*config.Config) {
		return func(c *config.Config) {
			c.Clients = append(c.Clients, config.Client{
				ID: "payroll", Type: client.TypePublic, RedirectURIs: []string{"https://payroll.example.com/cb"}, Access: rules,
				Expect: []config.Expectation{{User: guest, Allow: new(false), OnFailure: onFailure}},
			})
		}
	}
	r.file(payroll(""))
	r.reload(t.Context())
	if r.knows(t, "payroll") || !strings.Contains(r.logged(), "gets in, expected is that whoever it is is refused") {
		t.Error("everyone gets in, and the configuration serves")
	}
	r.file(payroll("warn"))
	r.reload(t.Context())
	if !r.knows(t, "payroll") || !strings.Contains(r.logged(), "an expectation is not met") {
		t.Error("one that only warns kept the configuration back, or did not warn")
	}
	r.file(payroll("", config.AccessRule{Groups: []string{"hr"}}))
	r.reload(t.Context())
	if got := r.logged(); !strings.Contains(got, "reloaded") {
		t.Errorf("an expectation that is met kept the configuration back: %s", got)
	}
}
