package access

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAC3_ClaimsAreAttributesAndExpressions(t *testing.T) {
	t.Parallel()
	catalog, problems := New(Config{
		Claims:    []Claim{{Name: "department", Attribute: "department"}, {Name: "is_admin", Expression: `"admins" in user.groups`}},
		Scopes:    []Scope{{Name: "work", Claims: []string{"department", "is_admin"}}, {Name: "reports.read", Resource: "https://api.example.com"}},
		Resources: []Resource{{Identifier: "https://api.example.com", Claims: []string{"groups", "is_admin"}}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for claim, want := range map[string]any{"department": "people", "is_admin": true, "groups": []string{"admins", "hr"}, "roles": []string{"owner"}, "unknown": nil} {
		got, err := catalog.Value(claim, &somebody)
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: %v, %v, want %v", claim, got, err, want)
		}
	}
	if got, err := catalog.Value("department", &Subject{}); got != nil || err != nil {
		t.Errorf("an attribute that nobody set: %v, %v", got, err)
	}
	if got, err := catalog.Value("groups", &Subject{}); err != nil || !cmp.Equal([]string{}, got) {
		t.Errorf("the groups of somebody in none: %#v, %v, want an empty list", got, err)
	}
	if !catalog.Asks([]string{"openid", "work"}, "is_admin") || catalog.Asks([]string{"openid", "groups"}, "is_admin") {
		t.Error("a claim is asked for by another scope than its own")
	}
	if got := catalog.ResourcesOf([]string{"openid", "reports.read", "work"}); !slices.Equal(got, []string{"https://api.example.com"}) {
		t.Errorf("resources of the scopes: %v", got)
	}
	described := Scope{Description: map[string]string{"en": "Read", "de": "Lesen", "pt-BR": "Ler", "zh-Hant": "讀"}}
	for language, want := range map[string]string{"de": "Lesen", "de-CH": "Lesen", "pt": "Ler", "PT-br": "Ler", "zh-Hant": "讀", "fr": "Read"} {
		if got := described.Describe(language); got != want {
			t.Errorf("in %s: %q, want %q", language, got, want)
		}
	}
	if (*Catalog)(nil).Scope("groups") == nil || !(*Catalog)(nil).Asks([]string{"roles"}, "roles") {
		t.Error("groups and roles do not exist by themselves")
	}
}

func TestAC3_WhatCannotMeanAnythingInACatalogIsFound(t *testing.T) {
	t.Parallel()
	cfg := Config{
		Standard: []string{"email"}, Protocol: []string{"sub"}, SigningAlgs: []string{"ES256"},
		Claims: []Claim{
			{Name: "sub", Attribute: "x"}, {Name: "email", Attribute: "x"}, {Name: "two words", Attribute: "x"}, {Name: "a"}, {Name: "b", Expression: "user."},
			{Name: "c", Attribute: "x", Expression: "true"}, {Name: "d", Attribute: "x"}, {Name: "d", Attribute: "x"},
		},
		Scopes: []Scope{{Name: "openid"}, {Name: "groups"}, {Name: `"`}, {Name: "s", Claims: []string{"email", "nothing"}, Resource: "https://elsewhere.example"}, {Name: "s"}},
		Resources: []Resource{
			{Identifier: "api"}, {Identifier: "https://a.example/#x"}, {Identifier: "https://b.example", Format: "saml", Lifetime: 1, SigningAlg: "RS256", Claims: []string{"nothing"}},
			{Identifier: "https://b.example"}, {Identifier: "urn:example:api"},
		},
	}
	_, problems := New(cfg)
	var found []string
	for _, p := range problems {
		found = append(found, p.Field)
	}
	slices.Sort(found)
	want := []string{
		"claims[0].name", "claims[1].name", "claims[2].name", "claims[3].name", "claims[4].expression", "claims[5].expression", "claims[7].name",
		"resources[0].identifier", "resources[1].identifier", "resources[2].access_token.claims[0]", "resources[2].access_token.format",
		"resources[2].access_token.lifetime", "resources[2].access_token.signing_alg", "resources[3].identifier",
		"scopes[0].name", "scopes[1].name", "scopes[2].name", "scopes[3].claims[1]", "scopes[3].resource", "scopes[4].name",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestAC3_GroupsAsAClientWantsThem(t *testing.T) {
	t.Parallel()
	groups := []string{"hr", "wiki-admins", "wiki-", "wiki-users"}
	for _, c := range []struct {
		spelling *Groups
		claim    string
		value    any
	}{
		{nil, "groups", groups},
		{&Groups{Prefix: "wiki-"}, "groups", []string{"wiki-admins", "wiki-", "wiki-users"}},
		{&Groups{Prefix: "wiki-", Strip: true, Claim: "roles"}, "roles", []string{"admins", "users"}},
		{&Groups{Prefix: "wiki-", Format: FormatString}, "groups", "wiki-admins,wiki-,wiki-users"},
		{&Groups{Prefix: "board-"}, "groups", []string{}},
	} {
		claim, value := c.spelling.Spell(groups)
		if claim != c.claim || !cmp.Equal(value, c.value) {
			t.Errorf("%+v: %s %#v, want %s %#v", c.spelling, claim, value, c.claim, c.value)
		}
	}
}
