package conformance

import (
	"slices"
	"testing"
)

// TestBasicWithConsentRemembered runs the modules for clients whose people are asked
// once for what a client has not had before.
func TestBasicWithConsentRemembered(t *testing.T) {
	t.Parallel()
	startAsking(t, "remember", nil).run(t, "", without("oidcc-codereuse-30seconds")) // starts a provider of its own
	// What the modules above allow, which run at once, is remembered there for all.
	startAsking(t, "remember", nil).run(t, "", []named{{"claims-remembered", claimsRemembered}})
}

// TestBasicWithConsentAlways runs the modules for clients whose people are asked each
// time: all but those that want an answer without a page, which are refused.
func TestBasicWithConsentAlways(t *testing.T) {
	t.Parallel()
	modules := append(without("oidcc-codereuse-30seconds", "oidcc-prompt-none-logged-in", "oidcc-id-token-hint", "oidcc-max-age-10000"),
		named{"prompt-none-refused", promptNoneRefused})
	startAsking(t, "always", nil).run(t, "", modules)
}

// without are the basic modules without some.
func without(names ...string) []named {
	return slices.DeleteFunc(slices.Clone(basicModules), func(m named) bool { return slices.Contains(names, m.name) })
}

// claimsRemembered asks for a claim by name, for which consent is remembered as for
// its scope, and the token gets no wider.
func claimsRemembered(m *module) {
	m.login()
	const claims = `{"userinfo":{"email":{"essential":true},"given_name":null}}`
	request := m.request("claims", claims, "prompt", "none")
	m.mustFail(m.open(request), request, "consent_required")
	got := m.login("claims", claims)
	if told := m.userinfo(m.userinfoGet(got), got.subject); told["email"] == nil || told["given_name"] == nil || len(told) != 3 {
		m.Errorf("userinfo = %v, want the two claims and sub", told)
	}
	m.silently("claims", claims, "prompt", "none")
	m.silently("claims", `{"userinfo":{"email_verified":null}}`, "prompt", "none")
}

// promptNoneRefused: nobody who is asked each time can be signed in silently.
func promptNoneRefused(m *module) {
	m.login()
	request := m.request("prompt", "none")
	m.mustFail(m.open(request), request, "consent_required")
}
