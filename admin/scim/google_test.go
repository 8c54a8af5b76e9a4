package scim_test

import (
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// TestGoogleWorkspace is a life as the automatic provisioning of Google Workspace writes
// it ("About automated user provisioning": active, suspended and deleted people, and no
// groups): a first look without a filter, resources that name a schema of SCIM 1.0 beside
// their own, whole ones with PUT, attributes that an administrator maps to a schema
// extension, people who were there before, and suspension or deletion of who loses the
// application.
func TestGoogleWorkspace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	there := s.Person("ada@example.com")
	body := func(active, title string) string {
		return `{"schemas":["urn:scim:schemas:core:1.0","urn:ietf:params:scim:schemas:core:2.0:User","` + enterprise + `","` + custom + `"],"userName":"ada@example.com",
			"emails":[{"primary":true,"value":"ada@example.com","type":"work"}],"displayName":"Ada Lovelace","name":{"givenName":"Ada","familyName":"Lovelace"},"active":` + active + `,
			"externalId":"112233445566778899000","title":"` + title + `","phoneNumbers":[{"value":"+1 425 555 0100","type":"work","primary":true}],
			"addresses":[{"type":"work","streetAddress":"1 Main St","locality":"Oslo","country":"NO"}],"` + enterprise + `":{"department":"Analysis","costCenter":"7"},
			"` + custom + `":{"office":"7b","sites":["oslo","bonn"],"badge":42,"contractor":false,"since":"2024-02-29","unknown":"x"},"urn:scim:schemas:extension:enterprise:1.0":{"department":"x"}}`
	}
	var session storage.ID
	s.flow(google, "user", []step{
		{what: "probe", method: "GET", path: "/Users?count=1", status: 200, has: map[string]any{"totalResults": 0}},
		{what: "probe all", method: "GET", path: "/Users", status: 200, has: map[string]any{"totalResults": 0}},
		{what: "match", method: "GET", path: `/Users?filter=userName eq "ada@example.com"`, status: 200, has: map[string]any{"totalResults": 0}},
		{what: "create who was there before", method: "POST", path: "/Users", status: 201, keep: "user", body: body("true", "Engineer"),
			has: map[string]any{"id": string(there.ID), "title": "Engineer", custom + "/office": "7b", custom + "/unknown": nil, enterprise + "/department": "Analysis"},
			then: func(s *site, u *storage.User) {
				if u.PasswordHash == "" || u.Profile.Name != "Ada Lovelace" || u.Profile.Address == nil || u.Attributes["badge"] != 42.0 || u.Attributes["since"] != "2024-02-29" || u.Attributes["unknown"] != nil {
					t.Errorf("adopted %+v", u)
				}
				session = s.SignedIn(u)
			}},
		{what: "update", method: "PUT", path: "/Users/{user}", status: 200, body: body("true", "Countess"), has: map[string]any{"title": "Countess"}},
		{what: "update a part", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"replace","value":{"title":"Lady","` + custom + `":{"office":"8"}}}`), has: map[string]any{"title": "Lady", custom + "/office": "8", custom + "/badge": 42}},
		{what: "suspend", method: "PUT", path: "/Users/{user}", status: 200, body: body("false", "Countess"), has: map[string]any{"active": false},
			then: func(s *site, u *storage.User) {
				if !u.Disabled() || s.holds(u, session) {
					t.Error("is let in")
				}
			}},
		{what: "suspend with PATCH", method: "PATCH", path: "/Users/{user}", status: 200, body: patched(`{"op":"replace","path":"active","value":false}`), has: map[string]any{"active": false}},
		{what: "restore", method: "PUT", path: "/Users/{user}", status: 200, body: body("true", "Countess"), has: map[string]any{"active": true},
			then: func(s *site, u *storage.User) {
				if u.Disabled() {
					t.Error("is kept out")
				}
			}},
		{what: "delete", method: "DELETE", path: "/Users/{user}", status: 204, then: func(s *site, u *storage.User) {
			if !u.Disabled() || u.DeleteAt.IsZero() {
				t.Errorf("after its end %+v", u)
			}
		}},
	})
}
