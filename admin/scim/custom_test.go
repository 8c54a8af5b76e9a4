package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestRE4_CustomAttributesAreAnExtension: those that are declared and no others, in their
// types, each found by filters; a source reads what it said, and not what others set.
func TestRE4_CustomAttributesAreAnExtension(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	types := map[string]string{}
	for _, a := range s.want(s.call(entra, http.MethodGet, "/Schemas/"+custom, ""), http.StatusOK).JSON["attributes"].([]any) {
		one := a.(map[string]any)
		types[one["name"].(string)] = fmt.Sprint(one["type"], one["multiValued"])
	}
	if want := map[string]string{"office": "stringfalse", "badge": "decimalfalse", "contractor": "booleanfalse", "sites": "stringtrue", "since": "stringfalse"}; fmt.Sprint(types) != fmt.Sprint(want) {
		t.Errorf("attributes %v", types)
	}
	if listed := s.call(entra, http.MethodGet, "/ResourceTypes/User", "").Text; !strings.Contains(listed, custom) {
		t.Errorf("resource type %s", listed)
	}
	made := s.want(s.call(entra, http.MethodPost, "/Users", `{"userName":"ada@example.com","`+strings.ToUpper(custom)+`":{"OFFICE":"7b","badge":"42","sites":"oslo","entitlements":["root"]}}`), http.StatusCreated)
	path := "/Users/" + made.id()
	if u := s.account(made.id()); u.Attributes["office"] != "7b" || u.Attributes["badge"] != 42.0 || fmt.Sprint(u.Attributes["sites"]) != "[oslo]" || u.Attributes[attribute.Entitlements] != nil || !strings.Contains(fmt.Sprint(made.JSON["schemas"]), custom) {
		t.Errorf("made %v: %s", u.Attributes, made.Text)
	}
	for filter, n := range map[string]int{
		custom + `:office eq "7b"`: 1, custom + `:office eq "7B"`: 0, custom + `:badge ge 42`: 1, custom + `:badge gt 42`: 0, custom + `:badge eq 42`: 1, custom + `:badge lt 42.5`: 1, custom + `:sites eq "oslo"`: 1, custom + `:contractor pr`: 0,
	} {
		if found := s.want(s.call(entra, http.MethodPost, "/Users/.search", fmt.Sprintf(`{"filter":%q}`, filter)), http.StatusOK).resources(); len(found) != n {
			t.Errorf("%s finds %d", filter, len(found))
		}
	}
	// What others set is theirs to see, until the source says something new of it.
	logintest.Check(t, s.Accounts.SetAttributes(t.Context(), account.Operator("root"), storage.ID(made.id()), map[string]any{"contractor": true, "office": "9"}))
	read := s.want(s.call(entra, http.MethodPatch, path, patched(`{"op":"add","path":"`+custom+`:sites","value":["bonn"]}`)), http.StatusOK)
	if u := s.account(made.id()); u.Attributes["office"] != "9" || u.Attributes["contractor"] != true || field(read.JSON, custom, "contractor") != nil || field(read.JSON, custom, "office") != "7b" || fmt.Sprint(u.Attributes["sites"]) != "[oslo bonn]" {
		t.Errorf("kept %v, read %s", u.Attributes, read.Text)
	}
	s.want(s.call(entra, http.MethodPatch, path, patched(`{"op":"remove","path":"`+custom+`:badge"},{"op":"replace","path":"`+custom+`:office","value":"10"}`)), http.StatusOK)
	if u := s.account(made.id()); u.Attributes["badge"] != nil || u.Attributes["office"] != "10" {
		t.Errorf("kept %v", u.Attributes)
	}
	for _, wrong := range []string{`"sites","value":["paris"]`, `"sites","value":["a,b"]`, `"since","value":"yesterday"`, `"badge","value":"high"`, `"badge","value":{}`, `"contractor","value":"perhaps"`, `"roles","value":"x"`, `"entitlements","value":["x"]`, `"office","value":7`} {
		before := s.account(made.id()).UpdatedAt
		if a := s.want(s.call(entra, http.MethodPatch, path, patched(`{"op":"add","path":"`+custom+`:`+wrong+`}`)), http.StatusBadRequest); s.account(made.id()).UpdatedAt != before {
			t.Errorf("%s changed something: %s", wrong, a.Text)
		}
	}
	s.want(s.call(entra, http.MethodPatch, path, patched(`{"op":"remove","path":"`+custom+`"}`)), http.StatusOK)
	if u := s.account(made.id()); u.Attributes["office"] != nil || u.Attributes["sites"] != nil || u.Attributes["contractor"] != true {
		t.Errorf("kept %v", u.Attributes)
	}
}

// TestActiveIsUnassigned: a source that takes active away says no more of whether somebody
// may sign in (RFC 7644 section 3.5.2.2). That opens nothing and shuts nothing, and active
// is not shown until it is said again.
func TestActiveIsUnassigned(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.user(entra, "ada@example.com").id()
	path := "/Users/" + id
	for _, active := range []bool{true, false} {
		s.want(s.call(entra, http.MethodPatch, path, patched(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, active))), http.StatusOK)
		for _, way := range []string{`{"op":"remove","path":"active"}`, `{"op":"replace","path":"active","value":null}`, `{"op":"Replace","value":{"active":null}}`} {
			if a := s.want(s.call(entra, http.MethodPatch, path, patched(way)), http.StatusOK); a.JSON["active"] != nil || s.account(id).Disabled() == active {
				t.Errorf("%s of %t: %s, kept out %t", way, active, a.Text, s.account(id).Disabled())
			}
		}
		if a := s.want(s.call(entra, http.MethodPut, path, `{"userName":"ada@example.com","title":"x"}`), http.StatusOK); a.JSON["active"] != nil || s.account(id).Disabled() == active {
			t.Errorf("PUT without active after %t: %s", active, a.Text)
		}
	}
	if a := s.want(s.call(entra, http.MethodPatch, path, patched(`{"op":"add","path":"active","value":true}`)), http.StatusOK); a.JSON["active"] != true || s.account(id).Disabled() {
		t.Errorf("said again: %s", a.Text)
	}
	for _, body := range []string{patched(`{"op":"remove","path":"userName"}`), patched(`{"op":"replace","path":"userName","value":null}`)} {
		if a := s.want(s.call(entra, http.MethodPatch, path, body), http.StatusBadRequest); a.JSON["scimType"] != "mutability" {
			t.Errorf("%s: %s", body, a.Text)
		}
	}
}
