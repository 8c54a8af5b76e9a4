package config

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProfileMCPSwitchesOnNothingElse: this is the whole of what the profile changes.
func TestProfileMCPSwitchesOnNothingElse(t *testing.T) {
	const resources = `
resources:
  - {identifier: https://tools.example.com/mcp}
scopes:
  - {name: tools.use, resource: https://tools.example.com/mcp}
  - {name: work}
`
	before := mustLoad(t, resources, serveEnv())
	got := wordsOfChanges(before, mustLoad(t, "profile: mcp\n"+resources, serveEnv()))
	slices.Sort(got)
	want := []string{
		"client_documents.hosts: (nothing) -> claude.ai, claude.com, vscode.dev, insiders.vscode.dev, chatgpt.com",
		"client_documents.mode: off -> hosts",
		"client_documents.resources: (nothing) -> https://tools.example.com/mcp",
		"client_documents.scopes: openid, profile, email, offline_access -> openid, profile, email, offline_access, tools.use",
		"profile: (nothing) -> mcp",
		"registration.mode: off -> open",
		"registration.public_only: false -> true",
		"registration.redirect_hosts: (nothing) -> localhost, claude.ai, claude.com, vscode.dev, insiders.vscode.dev, chatgpt.com",
		"registration.resources: (nothing) -> https://tools.example.com/mcp",
		"registration.scopes: openid, profile, email, offline_access -> openid, profile, email, offline_access, tools.use",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	own := mustLoad(t, "profile: mcp\nregistration: {mode: off}\nclient_documents: {hosts: [agents.example.com], scopes: [openid]}\n"+resources, serveEnv())
	if own.Registration.Mode != "off" || !slices.Equal(own.ClientDocuments.Hosts, []string{"agents.example.com"}) || !slices.Equal(own.ClientDocuments.Scopes, []string{"openid"}) {
		t.Errorf("what is written does not come first: %+v, %+v", own.Registration, own.ClientDocuments)
	}
	if none := mustLoad(t, "profile: mcp\n", serveEnv()); none.ClientDocuments.Resources == nil || len(none.ClientDocuments.Resources) != 0 {
		t.Errorf("without resource servers they may ask for %q", none.ClientDocuments.Resources)
	}
}

// TestClientDocumentsAreValidated by their places.
func TestClientDocumentsAreValidated(t *testing.T) {
	for yaml, path := range map[string]string{
		"client_documents: {mode: hosts}":                                                        "client_documents.hosts",
		"client_documents: {mode: hosts, hosts: ['https://x.example']}":                          "client_documents.hosts[0]",
		"client_documents: {mode: hosts, hosts: ['com.example.app:']}":                           "client_documents.hosts[0]",
		"client_documents: {mode: open, hosts: [a.example, a.example]}":                          "client_documents.hosts[1]",
		"client_documents: {mode: open, scopes: ['admin:users.read']}":                           "client_documents.scopes[0]",
		"client_documents: {mode: open, grant_types: [client_credentials]}":                      "client_documents.grant_types[0]",
		"client_documents: {mode: open, grant_types: [authorization_code]}":                      "client_documents.scopes",
		"client_documents: {mode: open, resources: ['https://nobody.example']}":                  "client_documents.resources[0]",
		"client_documents: {mode: open, min_age: 1s}":                                            "client_documents.min_age",
		"client_documents: {mode: open, stale_for: 1m}":                                          "client_documents.stale_for",
		"client_documents: {mode: open, per_hour: 0}":                                            "client_documents.per_hour",
		"client_documents: {mode: open, per_host_hour: 0}":                                       "client_documents.per_host_hour",
		"client_documents: {mode: open, access: [{groups: [a]}, {effect: allow}, {roles: [b]}]}": "client_documents.access[2]",
		"registration: {mode: open, resources: ['https://nobody.example']}":                      "registration.resources[0]",
	} {
		_, err := load(t, yaml+"\n", serveEnv())
		var problems []Problem
		if refused := (*Error)(nil); errors.As(err, &refused) {
			problems = refused.Problems
		}
		if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Path == path }) {
			t.Errorf("%s: %v, want one at %s", yaml, problems, path)
		}
	}
}
