package ui

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/ui/flash"
	"golang.org/x/net/html"
)

// TestOT3_NoSecretFieldIsKept: what is typed into a field for a secret, on any page, is
// among what a refused form forgets.
func TestOT3_NoSecretFieldIsKept(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, s := range samples(u, "en") {
		w := httptest.NewRecorder()
		if err := u.Render(w, http.StatusOK, s.screen); err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(strings.NewReader(w.Body.String()))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if name := attributeOf(n, "name"); n.Data == "input" && isSecret(n) {
				found[name] = true
				if !slices.Contains(flash.SecretFields(), name) {
					t.Errorf("%s: the field %q would be kept", s.name, name)
				}
			}
		}
	}
	for _, name := range []string{"password", "new_password", "current_password", "code", "csrf", "once"} {
		if !found[name] {
			t.Errorf("no page has the field %q: the test looks at nothing", name)
		}
	}
}

// isSecret reports whether a field is for a secret, by what it says of itself.
func isSecret(n *html.Node) bool {
	autocomplete := attributeOf(n, "autocomplete")
	return attributeOf(n, "type") == "password" || strings.HasSuffix(autocomplete, "password") || autocomplete == "one-time-code" ||
		slices.Contains([]string{"csrf", "once", "token", "credential"}, attributeOf(n, "name"))
}
