package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/client"
)

// Whom issuers vouch for gets to the clients as it was written, and slips are refused.
func TestTrustedIssuers(t *testing.T) {
	rule := []string{
		"issuer: https://builds.example.com", "subject: 'repo:acme/*'", "claims: {owner: ['1']}", "resources: [https://api.example]", "scopes: [read]",
	}
	with := func(rule []string, more string) string {
		return clientYAML("id: a", "type: service", "secret: env:STRONG", "scopes: [read]", "grant_types: ['"+client.GrantJWTBearer+"']",
			"trusted_subjects: [{"+strings.Join(rule, ", ")+"}]") + "resources: [{identifier: https://api.example}]\n" + more
	}
	const issuers = "trusted_issuers: [{issuer: https://builds.example.com, jwks_uri: https://builds.example.com/keys}]\n"
	c := mustLoad(t, with(rule, issuers), serveEnv())
	want := []client.TrustedSubject{{
		Issuer: "https://builds.example.com", Subject: "repo:acme/*", Claims: map[string][]string{"owner": {"1"}}, Resources: []string{"https://api.example"}, Scopes: []string{"read"},
	}}
	if diff := cmp.Diff(want, clientsOf(t, c)[0].TrustedSubjects); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"https://builds.example.com": "https://builds.example.com/keys"}, c.Trusted()); diff != "" {
		t.Error(diff)
	}
	for i, wrong := range []string{"issuer: https://evil.example.com", "subject: '*'", "claims: {owner: []}", "resources: [https://elsewhere.example]", "scopes: [openid]"} {
		changed := append([]string(nil), rule...)
		changed[i] = wrong
		_, err := load(t, with(changed, issuers), serveEnv())
		key, _, _ := strings.Cut(wrong, ":")
		checkProblems(t, problemsOf(t, err), []string{"clients[0].trusted_subjects[0]." + key})
	}
	for text, want := range map[string]string{
		"{issuer: http://builds.example.com, jwks_uri: https://a.example/k}":  "trusted_issuers[1].issuer",
		"{issuer: https://id.example.com, jwks_uri: https://a.example/k}":     "trusted_issuers[1].issuer",
		"{issuer: https://builds.example.com, jwks_uri: https://a.example/k}": "trusted_issuers[1].issuer",
		"{issuer: https://b.example.com}":                                     "trusted_issuers[1].jwks_uri",
	} {
		_, err := load(t, with(rule, strings.Replace(issuers, "}]", "}, "+text+"]", 1)), serveEnv())
		checkProblems(t, problemsOf(t, err), []string{want})
	}
}
