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

// The rule by which the recipe has Grafana tell roles is evaluated by Grafana's own
// language (JMESPath) over what userinfo says.
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
	n := newNode(t)
	c := wikiClient()
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
		token := n.exchange(asWiki, n.code("wiki", asking("openid groups"))).AccessToken
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+token))
		var claims any
		if err := json.Unmarshal(w.Body.Bytes(), &claims); err != nil {
			t.Fatal(err)
		}
		if role, err := rule.Search(claims); err != nil || role != want {
			t.Errorf("in %s: role %v, %v, want %s; userinfo %s", group, role, err, want, w.Body)
		}
	}
}
