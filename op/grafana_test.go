package op

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/jmespath/go-jmespath"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

// grafanasRole is the role that Grafana tells by a rule: it asks the ID token first, and
// userinfo only where that told none. What says nothing of groups counts as a person
// without any, so that a rule that has a role for everybody never comes to userinfo.
func grafanasRole(rule *jmespath.JMESPath, idToken, userinfo any) any {
	for _, source := range []any{idToken, userinfo} {
		for _, claims := range []any{source, map[string]any{"groups": []any{}}} {
			if role, err := rule.Search(claims); err == nil && role != nil && role != "" {
				return role
			}
		}
	}
	return nil
}

// The rule by which the recipe has Grafana tell roles is evaluated by Grafana's own
// language (JMESPath) over what the ID token and userinfo say, in Grafana's order.
func TestGrafanasRoleFollowsTheGroups(t *testing.T) {
	t.Parallel()
	recipe, err := os.ReadFile("../docs/recipes/grafana.md")
	if err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile(`(?m)^\s*role_attribute_path = (.*)$`).FindSubmatch(recipe)
	if path == nil {
		t.Fatal("the recipe says nothing of roles")
	}
	rule, err := jmespath.Compile(string(path[1]))
	if err != nil {
		t.Fatal(err)
	}
	inIDToken := regexp.MustCompile(`(?m)^\s*id_token_claims: \[(\w+)\]`).FindSubmatch(recipe)
	if inIDToken == nil {
		t.Fatal("the recipe has no claim in the ID token, which Grafana asks first")
	}
	n := newNode(t)
	c := wikiClient()
	c.IDTokenClaims = []string{string(inIDToken[1])}
	c.Scopes = append(slices.Clone(c.Scopes), client.ScopeOpenID, access.ScopeGroups)
	c.Groups = &access.Groups{Prefix: "grafana-"}
	n.reload(c)
	want := "Viewer"
	for _, group := range []string{"staff", "grafana-editors", "grafana-admins"} {
		n.store.group(group, true)
		switch group {
		case "grafana-editors":
			want = "Editor"
		case "grafana-admins":
			want = "Admin"
		}
		tokens := n.exchange(asWiki, n.code("wiki", asking("openid groups")))
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+tokens.AccessToken))
		var claims any
		if err := json.Unmarshal(w.Body.Bytes(), &claims); err != nil {
			t.Fatal(err)
		}
		if role := grafanasRole(rule, claimsOf(t, tokens.IDToken), claims); role != want {
			t.Errorf("in %s: role %v, want %s; userinfo %s", group, role, want, w.Body)
		}
		// The rule itself holds for userinfo too.
		if role, err := rule.Search(claims); err != nil || role != want {
			t.Errorf("in %s, by userinfo: role %v, %v, want %s", group, role, err, want)
		}
	}
}
