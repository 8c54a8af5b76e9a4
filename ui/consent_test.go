package ui

import (
	"reflect"
	"testing"
)

// What a client asks for is grouped by where it may do it: first what it may know here,
// then by resource server, each by its name, with what that one learns whatever was asked.
func TestScopesAreGroupedByResource(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	const tasks, files = "https://tasks.example.com/api", "https://files.example.com"
	page, _ := begin(u, "en", "consent.title", nil)
	for name, c := range map[string]struct {
		scopes []string
		want   []ScopeGroup
	}{
		"none of a resource server": {
			[]string{"offline_access", "groups", "email", "openid"},
			[]ScopeGroup{{May: []string{"know who you are", "see your email address", "see which groups you belong to", "keep this access when you’re not using it"}}},
		},
		"some of one": {
			[]string{"openid", "tasks.write", "resource:" + tasks},
			[]ScopeGroup{
				{Name: "About you", May: []string{"know who you are"}},
				{Name: "Example Tasks", Host: "tasks.example.com", May: []string{"change your tasks", "see which groups you belong to", "see “department” from your account"}},
			},
		},
		"a resource server without a scope": {
			[]string{"resource:" + files}, []ScopeGroup{{Name: "files.example.com", May: []string{"use it on your behalf"}}},
		},
		"one that is gone": {
			[]string{"resource:urn:gone"}, []ScopeGroup{{Name: "urn:gone", May: []string{"use it on your behalf"}}},
		},
	} {
		if got := page.Asked(c.scopes).Groups; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Many applications are looked through by their names and descriptions, and a page stays
// bounded.
func TestALauncherOfManyIsSearched(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	var launched Launcher
	for _, s := range samples(u, "de") {
		if screen, ok := s.screen.(AccountApplications); ok && s.name == "account-launcher-many" {
			launched = screen.Launcher
		}
	}
	if !launched.Searchable || len(launched.Tiles) != maxTiles || launched.More != 135-maxTiles || launched.Tiles[0].Name != "Holidays" {
		t.Errorf("%d tiles and %d more, of which the first is %+v", len(launched.Tiles), launched.More, launched.Tiles[0])
	}
	page, _ := begin(u, "de", "account.applications", nil)
	first := launched.Tiles[len(launched.Tiles)-1]
	if first.About != "Was wir wissen, und wo es steht" {
		t.Errorf("described as %q", first.About)
	}
	clients := manyClients(sampleClient())
	for search, want := range map[string]int{"PROJECT 12": 12, "zoo": 1, "wiki.example.com zoo": 1, "nothing": 0, "": maxTiles} {
		if got := page.Launch(clients, "https://id.example.com", search); len(got.Tiles) != want || !got.Searchable {
			t.Errorf("%q finds %d, want %d", search, len(got.Tiles), want)
		}
	}
}
