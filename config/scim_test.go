package config

import "testing"

// TestAD2_SourcesOfProvisioning: what is refused of a source, and where.
func TestAD2_SourcesOfProvisioning(t *testing.T) {
	for source, want := range map[string]string{
		"name: hr, token: env:SCIM": "",
		"name: hr, token: env:SCIM, email_verified: true, adopt: [email, username]": "",
		"name: hr, token: env:SCIM, adopt: [username]":                              "",
		"name: hr, token: env:SCIM, adopt: [email]":                                 "scim.sources[0].adopt",
		"name: hr, token: env:SCIM, email_verified: true, adopt: [externalId]":      "scim.sources[0].adopt[0]",
		"name: hr":                   "scim.sources[0].token",
		"name: hr, token: env:WEAK":  "scim.sources[0].token",
		"name: h r, token: env:SCIM": "scim.sources[0].name",
	} {
		vars := serveEnv()
		vars["SCIM"], vars["WEAK"] = "9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		_, err := load(t, "scim: {sources: [{"+source+"}]}\n", vars)
		if want == "" && err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if want != "" {
			checkProblems(t, problemsOf(t, err), []string{want})
		}
	}
}
