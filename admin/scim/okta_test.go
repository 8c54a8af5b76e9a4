package scim_test

import (
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestOkta is a life as Okta writes it by "Okta and SCIM Version 2.0": one look for the
// name before, whole resources with PUT (with a password that nobody takes, and with
// texts in spellings of its own), PATCH for active alone, groups pushed with their id in
// the value, members added and removed in one request, and never a DELETE of a person.
func TestOkta(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	whole := func(active, more string) string {
		return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"test.user@okta.local","name":{"givenName":"Test","middleName":"","familyName":"User"},
			"emails":[{"primary":true,"value":"test.user@okta.local","type":"work","display":"test.user@okta.local"}],"displayName":"Test User","locale":"en_US","timezone":"Pacific Standard Time",
			"externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":` + active + more + `,"meta":{"resourceType":"User"}}`
	}
	other := s.user(okta, "bob@okta.local").id()
	var session storage.ID
	s.flow(okta, "user", []step{
		{what: "import people", method: "GET", path: "/Users?startIndex=1&count=100", status: 200, has: map[string]any{"totalResults": 1, "startIndex": 1, "itemsPerPage": 1}},
		{what: "import groups", method: "GET", path: "/Groups?startIndex=1&count=100", status: 200, has: map[string]any{"totalResults": 0, "startIndex": 1, "itemsPerPage": 0}},
		{what: "match", method: "GET", path: `/Users?filter=userName eq "test.user@okta.local"&startIndex=1&count=100`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "create", method: "POST", path: "/Users", status: 201, keep: "user", body: whole("true", ""), has: map[string]any{"externalId": "00ujl29u0le5T6Aj10h7", "active": true, "locale": "en_US"},
			then: func(s *site, u *storage.User) {
				if u.PasswordHash != "" || !u.EmailVerified || u.Profile.Locale != "en-US" || u.Profile.Zoneinfo != "" {
					t.Errorf("made %+v", u)
				}
			}},
		{what: "create once more", method: "POST", path: "/Users", status: 409, body: whole("true", ""), has: map[string]any{"status": "409"}},
		{what: "match, there", method: "GET", path: `/Users?filter=userName eq "test.user@okta.local"&startIndex=1&count=100`, status: 200, has: map[string]any{"totalResults": 1, "Resources/id": "{user}"}},
		{what: "read", method: "GET", path: "/Users/{user}", status: 200, has: map[string]any{"password": nil}},
		{what: "update", method: "PUT", path: "/Users/{user}", status: 200, body: whole("true", `,"title":"Engineer","id":"{user}","`+custom+`":{"office":"7b","sites":["oslo"]}`), has: map[string]any{"title": "Engineer", "password": nil, custom + "/office": "7b"},
			then: func(s *site, u *storage.User) {
				if u.Attributes["office"] != "7b" || u.PasswordHash != "" {
					t.Errorf("kept %+v", u)
				}
				session = s.SignedIn(u)
			}},
		{what: "update without what was there", method: "PUT", path: "/Users/{user}", status: 200, body: whole("true", ""), has: map[string]any{"title": nil, custom: nil}, then: func(s *site, u *storage.User) {
			if len(u.Attributes) != 0 || !s.holds(u, session) {
				t.Errorf("kept %+v", u)
			}
		}},
		{what: "deactivate", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"replace","value":{"active":false}}`), has: map[string]any{"active": false},
			then: func(s *site, u *storage.User) {
				if !u.Disabled() || s.holds(u, session) {
					t.Error("is let in")
				}
			}},
		{what: "reactivate", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"replace","value":{"active":true}}`), has: map[string]any{"active": true}},
		{what: "deactivate with PUT", method: "PUT", path: "/Users/{user}", status: 200, body: whole("false", ""), has: map[string]any{"active": false}},
		{what: "reactivate with PUT", method: "PUT", path: "/Users/{user}", status: 200, body: whole("true", ""), has: map[string]any{"active": true},
			then: func(s *site, u *storage.User) {
				if u.Disabled() {
					t.Error("is kept out")
				}
				logintest.Check(t, s.Accounts.Disable(t.Context(), account.Operator("root"), u.ID, "left"))
			}},
		{what: "open what an administrator shut", method: "PUT", path: "/Users/{user}", status: 200, body: whole("true", `,"title":"Engineer"`), has: map[string]any{"active": false},
			then: func(s *site, u *storage.User) {
				if !u.Disabled() {
					t.Error("is let in")
				}
				logintest.Check(t, s.Accounts.Enable(t.Context(), account.Operator("root"), u.ID))
			}},
		{what: "push a group", method: "POST", path: "/Groups", status: 201, keep: "group", body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Test SCIMv2","members":[]}`, has: map[string]any{"displayName": "Test SCIMv2"}},
		{what: "match a group", method: "GET", path: `/Groups?filter=displayName eq "Test SCIMv2"&startIndex=1&count=100`, status: 200, has: map[string]any{"totalResults": 1, "Resources/id": "{group}"}},
		{what: "rename it", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"replace","value":{"id":"{group}","displayName":"Test SCIMv20"}}`), has: map[string]any{"displayName": "Test SCIMv20"}},
		{what: "rename it with PUT", method: "PUT", path: "/Groups/{group}", status: 200, body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"{group}","displayName":"Test SCIMv2","members":[{"value":"` + other + `","display":"bob@okta.local"}]}`,
			has: map[string]any{"displayName": "Test SCIMv2", "members/value": other}},
		{what: "add and remove members", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"remove","path":"members[value eq \"` + other + `\"]"},{"op":"add","path":"members","value":[{"value":"{user}","display":"test.user@okta.local"}]}`),
			has: map[string]any{"members/value": "{user}"},
			then: func(s *site, u *storage.User) {
				if !slices.Equal(u.Groups, []string{"Test SCIMv2"}) || len(s.account(other).Groups) != 0 {
					t.Errorf("groups %v, of the other %v", u.Groups, s.account(other).Groups)
				}
			}},
		{what: "groups of the person", method: "GET", path: "/Users/{user}", status: 200, has: map[string]any{"groups/value": "{group}", "groups/display": "Test SCIMv2"}},
		{what: "replace all members", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"replace","path":"members","value":[{"value":"` + other + `","display":"bob@okta.local"}]}`),
			has: map[string]any{"members/value": other},
			then: func(s *site, u *storage.User) {
				if len(u.Groups) != 0 || len(s.account(other).Groups) != 1 {
					t.Errorf("groups %v, of the other %v", u.Groups, s.account(other).Groups)
				}
			}},
		{what: "remove all members", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"remove","path":"members"}`), has: map[string]any{"members": nil}},
		{what: "members with PUT", method: "PUT", path: "/Groups/{group}", status: 200, body: `{"displayName":"Test SCIMv2","members":[]}`, has: map[string]any{"members": nil}},
		{what: "unlink the group", method: "DELETE", path: "/Groups/{group}", status: 204},
		{what: "read the group", method: "GET", path: "/Groups/{group}", status: 404},
		{what: "delete, by hand", method: "DELETE", path: "/Users/{user}", status: 204},
	})
}
