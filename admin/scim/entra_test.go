package scim_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// TestEntraID is a life as the provisioning service of Microsoft Entra ID writes it, by
// "Develop and plan provisioning for a SCIM endpoint" and "Known issues with SCIM 2.0
// protocol compliance": operations with capitals, texts for booleans and numbers, filters
// in paths, null for what has no value, members taken away in two spellings, and no
// members asked for. Its validator makes somebody twice, and changes what is so already.
func TestEntraID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var session storage.ID
	other := s.user(entra, "bob@contoso.com").id()
	s.flow(entra, "user", []step{
		{what: "test the connection", method: "GET", path: `/Users?filter=userName+eq+%22a1b2c3d4-0000-4f8e%22`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "match by userName", method: "GET", path: `/Users?filter=userName eq "Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee"`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "match by externalId", method: "GET", path: `/Users?filter=externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "match by address", method: "GET", path: `/Users?filter=emails[type eq "work"].value eq "ada@contoso.com"`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "create", method: "POST", path: "/Users", status: 201, keep: "user", body: `{
			"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","` + enterprise + `","` + custom + `"],"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
			"userName":"Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee","active":true,"emails":[{"primary":true,"type":"work","value":"ada@contoso.com"}],
			"meta":{"resourceType":"User"},"name":{"formatted":"givenName familyName","familyName":"familyName","givenName":"givenName"},"roles":[],
			"` + enterprise + `":{"manager":"123456"},"` + custom + `":{"office":"701984"}}`,
			has: map[string]any{"meta/resourceType": "User", enterprise + "/manager/value": "123456", custom + "/office": "701984", "roles": nil},
			then: func(s *site, u *storage.User) {
				if u.Email != "ada@contoso.com" || u.EmailVerified || u.PasswordHash != "" || u.Username != "Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee" || u.Profile.GivenName != "givenName" || u.Attributes["office"] != "701984" {
					t.Errorf("made %+v", u)
				}
			}},
		{what: "create once more", method: "POST", path: "/Users", status: 409, body: `{"userName":"TEST_USER_00aa00aa-bb11-cc22-dd33-44ee44ee44ee","emails":[{"value":"other@contoso.com"}]}`, has: map[string]any{"scimType": "uniqueness"}},
		{what: "match in any case", method: "GET", path: `/Users?filter=userName eq "test_user_00AA00aa-bb11-cc22-dd33-44ee44ee44ee"`, status: 200, has: map[string]any{"totalResults": 1, "Resources/id": "{user}"}},
		{what: "match by address, there", method: "GET", path: `/Users?filter=emails[type eq "work"].value eq "ADA@contoso.com"`, status: 200, has: map[string]any{"totalResults": 1}},
		{what: "match by two", method: "GET", path: `/Users?filter=externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef" and active eq "True"`, status: 200, has: map[string]any{"totalResults": 1}},
		{what: "update values of a list", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`
			{"op":"Replace","path":"emails[type eq \"work\"].value","value":"updated@contoso.com"},{"op":"Replace","path":"name.familyName","value":"updatedFamilyName"}`),
			has: map[string]any{"emails/value": "updated@contoso.com", "emails/primary": true, "name/familyName": "updatedFamilyName", "name/givenName": "givenName"},
			then: func(s *site, u *storage.User) {
				if u.Email != "updated@contoso.com" || u.Profile.FamilyName != "updatedFamilyName" {
					t.Errorf("kept %+v", u)
				}
			}},
		{what: "add what was not there", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`
			{"op":"Add","path":"nickName","value":"Babs"},{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"55555555555"},{"op":"Add","path":"phoneNumbers[type eq \"fax\"].Value","value":"7"},
			{"op":"Add","path":"addresses[type eq \"other\"].Formatted","value":"Room 7"},{"op":"Add","path":"` + enterprise + `:department","value":"Analysis"},
			{"op":"Add","path":"` + enterprise + `:manager","value":"26118915"},{"op":"Add","path":"` + custom + `:badge","value":"42"},{"op":"Add","path":"` + custom + `:contractor","value":"True"}`),
			has: map[string]any{
				"nickName": "Babs", "phoneNumbers/value": "55555555555", "addresses/formatted": "Room 7", enterprise + "/department": "Analysis",
				enterprise + "/manager/value": "26118915", custom + "/badge": 42, custom + "/contractor": true, custom + "/office": "701984",
			}},
		{what: "update several at once", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`
			{"op":"replace","path":"emails[type eq \"work\"].value","value":"again@contoso.com"},{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom","name.familyName":"Unua","` + enterprise + `:employeeNumber":"Aklq"}}`),
			has: map[string]any{"displayName": "Bjfe", "name/givenName": "Kkom", enterprise + "/employeeNumber": "Aklq", "emails/value": "again@contoso.com"}},
		{what: "update userName", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"Replace","path":"userName","value":"5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.com"}`),
			has: map[string]any{"userName": "5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.com", "emails/value": "again@contoso.com"}},
		{what: "take away", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"Remove","path":"nickName"},{"op":"Remove","path":"phoneNumbers[type eq \"fax\"]"},{"op":"Remove","path":"` + enterprise + `:manager"},{"op":"Replace","path":"displayName","value":null}`),
			has: map[string]any{"nickName": nil, enterprise + "/manager": nil, "displayName": nil}},
		{what: "update to what is so", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"Replace","path":"active","value":"True"},{"op":"Replace","path":"name.givenName","value":"Kkom"}`),
			then: func(s *site, u *storage.User) {
				before := len(s.events(string(u.ID)))
				version := s.call(entra, http.MethodGet, "/Users/"+string(u.ID), "").Header.Get("ETag")
				again := s.want(s.call(entra, http.MethodPatch, "/Users/"+string(u.ID), patched(`{"op":"Replace","path":"name.givenName","value":"Kkom"}`)), http.StatusOK)
				if again.Header.Get("ETag") != version || len(s.events(string(u.ID))) != before {
					t.Errorf("what changes nothing is version %s after %s, and %d events after %d", again.Header.Get("ETag"), version, len(s.events(string(u.ID))), before)
				}
			}},
		{what: "create a group", method: "POST", path: "/Groups", status: 201, keep: "group", body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
			"externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"displayName","meta":{"resourceType":"Group"}}`, has: map[string]any{"displayName": "displayName"}},
		{what: "create it once more", method: "POST", path: "/Groups", status: 409, body: `{"displayName":"displayName"}`},
		{what: "match the group", method: "GET", path: `/Groups?excludedAttributes=members&filter=displayName eq "displayName"`, status: 200, has: map[string]any{"totalResults": 1, "Resources/id": "{group}"}},
		{what: "match the group by externalId", method: "GET", path: `/Groups?excludedAttributes=members&filter=externalId eq "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"`, status: 200, has: map[string]any{"totalResults": 1}},
		{what: "rename the group", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"Replace","path":"displayName","value":"1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"}`)},
		{what: "add members", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"{user}"},{"$ref":null,"value":"` + other + `"}]}`),
			then: func(s *site, u *storage.User) {
				if !slices.Equal(u.Groups, []string{"1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"}) {
					t.Errorf("groups %v", u.Groups)
				}
			}},
		{what: "is it a member", method: "GET", path: `/Groups?excludedAttributes=members&filter=id eq "{group}" and members eq "{user}"`, status: 200, has: map[string]any{"totalResults": 1, "Resources/members": nil}},
		{what: "no members are asked for", method: "GET", path: `/Groups/{group}?excludedAttributes=members`, status: 200, has: map[string]any{"members": nil}},
		{what: "remove a member by value", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"{user}"}]}`),
			then: func(s *site, u *storage.User) {
				if len(u.Groups) != 0 || len(s.account(other).Groups) != 1 {
					t.Errorf("groups %v, of the other %v", u.Groups, s.account(other).Groups)
				}
			}},
		{what: "is it a member still", method: "GET", path: `/Groups?excludedAttributes=members&filter=id eq "{group}" and members eq "{user}"`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "add a member by a value alone", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"Add","value":{"members":[{"value":"{user}"}]}}`)},
		{what: "remove a member by a path", method: "PATCH", path: "/Groups/{group}", status: 200, body: patched(`{"op":"remove","path":"members[value eq \"{user}\"]"}`),
			then: func(s *site, u *storage.User) {
				if len(u.Groups) != 0 {
					t.Errorf("groups %v", u.Groups)
				}
				session = s.SignedIn(u)
			}},
		{what: "deactivate", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"Replace","path":"active","value":"False"}`), has: map[string]any{"active": false},
			then: func(s *site, u *storage.User) {
				if !u.Disabled() || s.holds(u, session) {
					t.Errorf("is let in: %+v", u)
				}
			}},
		{what: "read whom it keeps out", method: "GET", path: `/Users?filter=externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`, status: 200, has: map[string]any{"totalResults": 1, "Resources/active": false}},
		{what: "reactivate", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"replace","path":"active","value":true}`), has: map[string]any{"active": true},
			then: func(s *site, u *storage.User) {
				if u.Disabled() {
					t.Error("is kept out")
				}
			}},
		{what: "deactivate without a path", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"Replace","value":{"active":"False"}}`), has: map[string]any{"active": false}},
		{what: "delete the group", method: "DELETE", path: "/Groups/{group}", status: 204},
		{what: "delete it once more", method: "DELETE", path: "/Groups/{group}", status: 404},
		{what: "delete", method: "DELETE", path: "/Users/{user}", status: 204, then: func(s *site, u *storage.User) {
			if !u.Disabled() || u.DeleteAt.IsZero() {
				t.Errorf("after its end %+v", u)
			}
			var last []storage.EventType
			for _, e := range s.events(string(u.ID)) {
				if !slices.Contains(last, e) {
					last = append(last, e)
				}
			}
			slices.Sort(last)
			want := []storage.EventType{
				storage.EventUserCreated, storage.EventProfileChanged, storage.EventEmailChanged, storage.EventGroupJoined, storage.EventGroupLeft, storage.EventUserDisabled,
				storage.EventUserEnabled, storage.EventDeletionPlanned,
			}
			slices.Sort(want)
			if !reflect.DeepEqual(last, want) {
				t.Errorf("events %v, want %v", last, want)
			}
		}},
		{what: "read whom it deleted", method: "GET", path: "/Users/{user}", status: 404},
		{what: "delete once more", method: "DELETE", path: "/Users/{user}", status: 404},
		{what: "match whom it deleted", method: "GET", path: `/Users?filter=userName eq "5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.com"`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "create whom it deleted", method: "POST", path: "/Users", status: 201, body: `{"userName":"5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.com","emails":[{"value":"again@contoso.com"}]}`,
			has: map[string]any{"id": "{user}", "active": true},
			then: func(s *site, u *storage.User) {
				if u.Disabled() || !u.DeleteAt.IsZero() {
					t.Errorf("made again %+v", u)
				}
			}},
	})
}
