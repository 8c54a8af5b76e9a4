package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/scim"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	custom     = "urn:ietf:params:scim:schemas:extension:latchkey:2.0:User"
)

// SignedIn starts a session of somebody, and returns its sid.
func (s *site) SignedIn(u *storage.User) storage.ID {
	s.T.Helper()
	now := s.Clock.Now()
	session := &storage.Session{
		SID: s.ID(), UserID: u.ID, SecretHash: string(s.ID()), Authentication: storage.Authentication{Time: now}, CreatedAt: now, LastSeenAt: now,
		IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
	logintest.Check(s.T, s.Store.Sessions().Create(s.T.Context(), session, storage.SessionStart{}, s.Event(storage.EventSignIn)))
	return session.SID
}

func (s *site) holds(u *storage.User, sid storage.ID) bool {
	s.T.Helper()
	sessions, err := s.Store.Sessions().ListByUser(s.T.Context(), u.ID, s.Clock.Now())
	logintest.Check(s.T, err)
	return slices.ContainsFunc(sessions, func(x storage.AccountSession) bool { return x.SID == sid })
}

// TestAD2_ASourceSeesAndChangesWhatItMade: of the rest it cannot even tell that it is there.
func TestAD2_ASourceSeesAndChangesWhatItMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	local := s.Person("local@example.com")
	theirs := s.user(entra, "ada@example.com").id()
	group := s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"staff"}`), http.StatusCreated).id()
	own := s.user(okta, "bob@example.com").id()
	for _, id := range []string{theirs, string(local.ID), strings.Repeat("0", 32), "nobody"} {
		before := s.account(theirs)
		for method, body := range map[string]string{
			http.MethodGet: "", http.MethodPut: `{"userName":"eve@example.com"}`, http.MethodPatch: `{"Operations":[{"op":"replace","path":"active","value":false}]}`, http.MethodDelete: "",
		} {
			s.want(s.call(okta, method, "/Users/"+id, body), http.StatusNotFound)
		}
		if after := s.account(theirs); after.UpdatedAt != before.UpdatedAt || after.Disabled() {
			t.Errorf("%s was changed", id)
		}
	}
	for method, body := range map[string]string{
		http.MethodGet: "", http.MethodPut: `{"displayName":"mine"}`, http.MethodPatch: `{"Operations":[{"op":"add","path":"members","value":[{"value":"` + own + `"}]}]}`, http.MethodDelete: "",
	} {
		s.want(s.call(okta, method, "/Groups/"+group, body), http.StatusNotFound)
	}
	for _, filter := range []string{`userName eq "ada@example.com"`, `emails.value eq "ada@example.com"`, `emails.value eq "local@example.com"`, `externalId eq "x-ada@example.com"`, `id eq "` + theirs + `"`, `active eq true`} {
		for _, found := range s.want(s.call(okta, http.MethodPost, "/Users/.search", fmt.Sprintf(`{"filter":%q}`, filter)), http.StatusOK).resources() {
			if field(found.(map[string]any), "id") != own {
				t.Errorf("%s finds %v", filter, found)
			}
		}
	}
	for _, member := range []string{theirs, string(local.ID), strings.Repeat("0", 32)} {
		s.want(s.call(okta, http.MethodPost, "/Groups", `{"displayName":"team","members":[{"value":"`+member+`"}]}`), http.StatusBadRequest)
	}
	s.want(s.call(okta, http.MethodPost, "/Groups", `{"displayName":"STAFF"}`), http.StatusConflict)
	s.want(s.call(okta, http.MethodPost, "/Users", `{"userName":"local@example.com"}`), http.StatusConflict)
	if len(s.account(string(local.ID)).Groups) != 0 {
		t.Error("somebody else is in a group")
	}
}

// TestAD1_ASourceRaisesNobodyAndBecomesNobody: an administrator's address stays, though
// whoever leaves is kept out, whoever they are; and no group makes administrators by it.
func TestAD1_ASourceRaisesNobodyAndBecomesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := account.Operator("root")
	id := s.user(entra, "ada@example.com").id()
	_, err := s.Accounts.SetRoles(t.Context(), root, storage.ID(id), []string{"latchkey-owner"})
	logintest.Check(t, err)
	s.want(s.call(entra, http.MethodPatch, "/Users/"+id, `{"Operations":[{"op":"replace","path":"emails","value":[{"value":"eve@example.com"}]}]}`), http.StatusForbidden)
	if u := s.account(id); u.Email != "ada@example.com" {
		t.Errorf("the address is %q", u.Email)
	}
	s.want(s.call(entra, http.MethodPatch, "/Users/"+id, `{"Operations":[{"op":"replace","path":"displayName","value":"Ada"}]}`), http.StatusOK)
	s.want(s.call(entra, http.MethodPatch, "/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":false}]}`), http.StatusOK)
	if !s.account(id).Disabled() {
		t.Error("an administrator who left is let in")
	}
	group := s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"owners"}`), http.StatusCreated).id()
	roles := []string{"latchkey-owner"}
	_, err = s.Accounts.ChangeGroup(t.Context(), root, "owners", account.GroupChange{Roles: &roles})
	logintest.Check(t, err)
	bob := s.user(entra, "bob@example.com").id()
	s.want(s.call(entra, http.MethodPatch, "/Groups/"+group, `{"Operations":[{"op":"add","path":"members","value":[{"value":"`+bob+`"}]}]}`), http.StatusForbidden)
	if u := s.account(bob); len(u.Roles) != 0 {
		t.Errorf("bob has %v", u.Roles)
	}
}

// TestAD1_OnlyTokensOfSources: an access token is one of the source's client for itself,
// with the scope; what cannot be judged now is no verdict.
func TestAD1_OnlyTokensOfSources(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *scim.Config) { c.Limit = storage.Bucket{Burst: 3, Every: time.Minute} })
	for token, status := range map[string]int{
		"": http.StatusUnauthorized, "nonsense": http.StatusUnauthorized, entra[1:]: http.StatusUnauthorized, "without-the-scope": http.StatusForbidden,
		"another-client": http.StatusForbidden, person: http.StatusForbidden, "later": http.StatusServiceUnavailable, service: http.StatusOK, entra: http.StatusOK, okta: http.StatusOK,
	} {
		a := s.want(s.call(token, http.MethodGet, "/Users", ""), status)
		if status != http.StatusOK && (a.Header.Get("WWW-Authenticate") == "" || a.Header.Get("Content-Type") != "application/scim+json" || a.JSON["status"] != fmt.Sprint(status)) {
			t.Errorf("%q: %v %s", token, a.Header, a.Text)
		}
		if described := strings.Contains(a.Header.Get("WWW-Authenticate"), "resource_metadata="); described != (status == http.StatusUnauthorized) {
			t.Errorf("%q: the challenge leads to the metadata: %t; %q", token, described, a.Header.Get("WWW-Authenticate"))
		}
	}
	s.want(s.call(entra, http.MethodGet, "/Users", ""), http.StatusOK) // the third of the source
	if a := s.want(s.call(service, http.MethodGet, "/Users", ""), http.StatusTooManyRequests); a.Header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	s.want(s.call(okta, http.MethodGet, "/Users", ""), http.StatusOK)
}

// TestFilters: what each finds, and what is refused.
func TestFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ids := map[string]string{}
	for _, name := range []string{"ada", "bob"} {
		body := fmt.Sprintf(`{"userName":"%s@example.com","externalId":"X-%s","title":"Dr %s","active":%t,"emails":[{"value":"%s@example.com","type":"work"}],"%s":{"department":"D-%s"}}`,
			name, name, name, name == "ada", name, enterprise, name)
		ids[s.want(s.call(entra, http.MethodPost, "/Users", body), http.StatusCreated).id()] = name
	}
	for filter, want := range map[string]string{
		`USERNAME eq "Ada@Example.com"`: "ada", `externalId eq "X-bob"`: "bob", `externalId eq "x-bob"`: "", `emails.value eq "bob@example.com"`: "bob",
		`emails[type eq "work" and value eq "bob@example.com"]`: "bob", `emails eq "ada@example.com"`: "ada", `title co "r a"`: "ada", `title sw "DR"`: "ada bob",
		`title ew "bob"`: "bob", `title ne "Dr ada"`: "bob", `title pr`: "ada bob", `nickName pr`: "", `not (title co "ada")`: "bob", `title gt "Dr ada"`: "bob",
		`title ge "Dr ada"`: "ada bob", `title lt "Dr bob"`: "ada", `title le "Dr bob"`: "ada bob", `active eq true`: "ada", `active eq "False"`: "bob", `active ne true`: "bob",
		`userName eq "ada@example.com" or userName eq "bob@example.com"`: "ada bob", `userName eq "ada@example.com" and active eq false`: "",
		`userName eq "ada@example.com" or title co "bob"`: "ada bob", `(title co "ada" or title co "bob") and active eq true`: "ada",
		enterprise + `:department eq "D-bob"`: "bob", `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.com"`: "ada",
		`emails[type eq "work"].value eq "bob@example.com"`: "bob", `emails[type eq "home"].value eq "bob@example.com"`: "", `title pr and emails[type eq "work"].Value sw "b" and active eq false`: "bob",
		`not (emails[type eq "work"].value eq "bob@example.com")`: "ada", `title ne "a[b].c eq"`: "ada bob", `meta.lastModified gt "2000-01-01T00:00:00Z"`: "ada bob", `meta.created lt "2000-01-01T00:00:00Z"`: "", `id eq "nobody"`: "", `userName eq ""`: "",
	} {
		var found []string
		for _, one := range s.want(s.call(entra, http.MethodPost, "/Users/.search", fmt.Sprintf(`{"filter":%q}`, filter)), http.StatusOK).resources() {
			found = append(found, ids[field(one.(map[string]any), "id").(string)])
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%s finds %q, want %q", filter, got, want)
		}
	}
	for _, filter := range []string{`userName`, `userName xx "a"`, `nothing eq "a"`, `emails[nothing eq "a"]`, `emails[type eq "work"].value`, `emails[type eq "work"].nothing eq "a"`, `emails[type eq "work" or type eq "home"].value eq "a"`, `emails].value eq "a"`, `emails[type eq "work"].value eq "a`, `title[value eq "a"]`, `(title pr`, strings.Repeat("(", 50) + `title pr` + strings.Repeat(")", 50), `title eq "` + strings.Repeat("a", 3000) + `"`, "\x00"} {
		if a := s.want(s.call(entra, http.MethodPost, "/Users/.search", fmt.Sprintf(`{"filter":%q}`, filter)), http.StatusBadRequest); a.JSON["scimType"] != "invalidFilter" && a.JSON["scimType"] != "invalidSyntax" {
			t.Errorf("%s: %s", filter, a.Text)
		}
	}
}

// TestPagesAndParts: windows of a list, and the attributes that are asked for.
func TestPagesAndParts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 5 {
		s.user(entra, fmt.Sprintf("p%d@example.com", i))
	}
	for query, want := range map[string][3]float64{
		"": {5, 1, 5}, "?count=2": {5, 1, 2}, "?startIndex=5&count=2": {5, 5, 1}, "?startIndex=9": {5, 9, 0}, "?count=0": {5, 1, 0}, "?count=-1": {5, 1, 0}, "?startIndex=0&count=1": {5, 1, 1},
		"?filter=userName+sw+%22p%22&startIndex=4&count=10": {5, 4, 2},
	} {
		a := s.want(s.call(entra, http.MethodGet, "/Users"+query, ""), http.StatusOK)
		if got := [3]float64{a.JSON["totalResults"].(float64), a.JSON["startIndex"].(float64), float64(len(a.resources()))}; got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	s.want(s.call(entra, http.MethodGet, "/Users?startIndex=1000000", ""), http.StatusBadRequest)
	s.want(s.call(entra, http.MethodGet, "/Users?count=many", ""), http.StatusBadRequest)
	made := s.want(s.call(entra, http.MethodPost, "/Users?attributes=name.givenName,emails.value", `{"userName":"x@example.com","name":{"givenName":"X","familyName":"Y"},"emails":[{"value":"x@example.com","type":"work"}]}`), http.StatusCreated)
	if fmt.Sprint(made.JSON["name"]) != "map[givenName:X]" || fmt.Sprint(made.JSON["emails"]) != "[map[value:x@example.com]]" || made.JSON["userName"] != nil || made.id() == "" {
		t.Errorf("parts %s", made.Text)
	}
	without := s.call(entra, http.MethodGet, "/Users/"+made.id()+"?excludedAttributes=emails,name.familyName,id", "")
	if without.JSON["emails"] != nil || fmt.Sprint(without.JSON["name"]) != "map[givenName:X]" || without.id() == "" {
		t.Errorf("without %s", without.Text)
	}
}

// TestVersions: a change is compared with its write, and nothing is sent that is there.
func TestVersions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made := s.user(entra, "ada@example.com")
	group := s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"staff"}`), http.StatusCreated)
	for path, a := range map[string]*answer{"/Users/" + made.id(): made, "/Groups/" + group.id(): group} {
		first := a.Header.Get("ETag")
		if first == "" || first != field(a.JSON, "meta", "version") {
			t.Errorf("%s: ETag %q, %s", path, first, a.Text)
		}
		s.want(s.call(entra, http.MethodGet, path, "", "If-None-Match", first), http.StatusNotModified)
		body := `{"Operations":[{"op":"replace","path":"externalId","value":"second"}]}`
		if second := s.want(s.call(entra, http.MethodPatch, path, body, "If-Match", first), http.StatusOK).Header.Get("ETag"); second == first {
			t.Errorf("%s: the same version twice", path)
		}
		for _, method := range []string{http.MethodPatch, http.MethodPut, http.MethodDelete} {
			body := map[string]string{http.MethodPatch: body, http.MethodPut: `{"userName":"z@example.com","displayName":"z"}`}[method]
			s.want(s.call(entra, method, path, body, "If-Match", first), http.StatusPreconditionFailed)
		}
		s.want(s.call(entra, http.MethodDelete, path, "", "If-Match", "*"), http.StatusNoContent)
	}
}

// TestBulk: in turn, with references to what was made before in it.
func TestBulk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.want(s.call(entra, http.MethodPost, "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"ada","data":{"userName":"ada@example.com"}},
		{"method":"POST","path":"/Groups","bulkId":"team","data":{"displayName":"team","members":[{"value":"bulkId:ada"}]}},
		{"method":"PATCH","path":"/Users/bulkId:ada","data":{"Operations":[{"op":"add","path":"title","value":"Countess"}]}},
		{"method":"POST","path":"/Users","bulkId":"again","data":{"userName":"ada@example.com"}},
		{"method":"POST","path":"/Groups","bulkId":"none","data":{"displayName":"none","members":[{"value":"bulkId:nobody"}]}},
		{"method":"DELETE","path":"/Groups/bulkId:team"},{"method":"GET","path":"/Users"}]}`), http.StatusOK)
	var statuses []string
	for _, o := range a.JSON["Operations"].([]any) {
		statuses = append(statuses, field(o.(map[string]any), "status").(string))
	}
	if got := strings.Join(statuses, " "); got != "201 201 200 409 409 204 400" {
		t.Errorf("statuses %s: %s", got, a.Text)
	}
	stop := s.want(s.call(entra, http.MethodPost, "/Bulk", `{"failOnErrors":1,"Operations":[{"method":"DELETE","path":"/Users/x"},{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"b@example.com"}}]}`), http.StatusOK)
	if n := len(stop.JSON["Operations"].([]any)); n != 1 {
		t.Errorf("%d operations were done after an error", n)
	}
	s.want(s.call(entra, http.MethodPost, "/Bulk", `{"Operations":[`+strings.TrimSuffix(strings.Repeat(`{"method":"DELETE","path":"/Users/x"},`, 101), ",")+`]}`), http.StatusRequestEntityTooLarge)
}

// TestRE4_NothingIsSetThatNoSchemaNames: and what a value holds is text, wherever it is
// shown (mass assignment, cross-site scripting, injection into logs).
func TestRE4_NothingIsSetThatNoSchemaNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made := s.want(s.call(entra, http.MethodPost, "/Users", `{"userName":"ada@example.com","id":"0123","roles":[{"value":"latchkey-owner"}],"password":"correct horse battery",
		"password_hash":"$argon2id$","groups":[{"value":"admins"}],"email_verified":true,"meta":{"version":"1"},"entitlements":["x"],"__proto__":{"active":false},
		"disabled_at":1,"source":"scim:okta","attributes":{"salary":1}}`), http.StatusCreated)
	u := s.account(made.id())
	if len(u.Roles)+len(u.Groups)+len(u.Attributes) != 0 || u.PasswordHash != "" || u.EmailVerified || u.Disabled() || len(s.call(okta, http.MethodGet, "/Users", "").resources()) != 0 {
		t.Errorf("made %+v", u)
	}
	path := "/Users/" + made.id()
	for _, name := range []string{"id", "meta", "groups", "schemas", "meta.version"} {
		s.want(s.call(entra, http.MethodPatch, path, `{"Operations":[{"op":"replace","path":"`+name+`","value":"x"}]}`), http.StatusBadRequest)
	}
	for _, name := range []string{"roles", "password", "__proto__", "name.nothing", "emails[nothing eq 1].value", "nothing:name", "emails[", "a b", `title[value eq "x"]`} {
		s.want(s.call(entra, http.MethodPatch, path, fmt.Sprintf(`{"Operations":[{"op":"add","path":%q,"value":"x"}]}`, name)), http.StatusBadRequest)
	}
	for _, script := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `{{constructor.constructor('alert(1)')()}}`, `' OR 1=1 --`} {
		s.want(s.call(entra, http.MethodPatch, path, fmt.Sprintf(`{"Operations":[{"op":"replace","value":{"displayName":%q,"profileUrl":%q,"photos":[{"value":%q}]}}]}`, script, script, script)), http.StatusOK)
		a := s.call(entra, http.MethodGet, path, "")
		if u := s.account(made.id()); u.Profile.Profile != "" || u.Profile.Picture != "" || a.JSON["displayName"] != script || a.Header.Get("Content-Type") != "application/scim+json" || strings.Contains(a.Text, "<script") {
			t.Errorf("%s: %+v, %s", script, u.Profile, a.Text)
		}
	}
	for _, value := range []string{`"a\u0000b"`, `"a\u001bb"`, `7`, `{"a":1}`, `"` + strings.Repeat("a", 3000) + `"`} {
		before := s.account(made.id()).UpdatedAt
		s.want(s.call(entra, http.MethodPatch, path, `{"Operations":[{"op":"replace","path":"title","value":`+value+`}]}`), http.StatusBadRequest)
		if s.account(made.id()).UpdatedAt != before {
			t.Errorf("%s changed something", value)
		}
	}
	for body, status := range map[string]int{
		`{`: 400, `[]`: 400, `null`: 400, `{}`: 400, `{"Operations":[]}`: 400, `{"Operations":[{"op":"move"}]}`: 400, `{"Operations":[{"op":"add","value":"x"}]}`: 400,
		`{"Operations":[{"op":"remove","path":"userName"}]}`: 400, `{"Operations":[{"op":"replace","path":"active","value":"maybe"}]}`: 400,
	} {
		s.want(s.call(entra, http.MethodPatch, path, body), status)
	}
	s.want(s.call(entra, http.MethodPost, "/Users", `{"userName":"b@example.com"}`, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
	s.want(s.call(entra, http.MethodPost, path, `{}`), http.StatusMethodNotAllowed)
	s.want(s.call(entra, http.MethodGet, "/Nothing", ""), http.StatusNotFound)
}

// TestWhatPeopleChangeStays: a source's word counts where it says something new.
func TestWhatPeopleChangeStays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.want(s.call(entra, http.MethodPost, "/Users", `{"userName":"ada@example.com","nickName":"A"}`), http.StatusCreated).id()
	profile := s.account(id).Profile
	profile.Birthdate, profile.Nickname = "1815-12-10", "Countess"
	logintest.Check(t, s.Accounts.SetProfile(t.Context(), account.Operator("root"), storage.ID(id), profile, ""))
	s.want(s.call(entra, http.MethodPut, "/Users/"+id, `{"userName":"ada@example.com","nickName":"A","displayName":"Ada"}`), http.StatusOK)
	if p := s.account(id).Profile; p.Birthdate != "1815-12-10" || p.Nickname != "Countess" || p.Name != "Ada" {
		t.Errorf("profile %+v", p)
	}
}
