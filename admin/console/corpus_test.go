package console

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// corpus are texts that would run, if a page took them for more than text.
var corpus = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `</title><svg onload=alert(1)>`,
	`{{.CSRF}}`, "\u202Etxt.exe", `<!--`, `]]>`, `=HYPERLINK("https://evil.example","x")`,
}

// filled has the corpus wherever people, browsers and clients say something of themselves.
func (s *site) filled() []*storage.User {
	s.T.Helper()
	ctx, t := s.T.Context(), s.T
	var people []*storage.User
	for i, text := range corpus {
		u := s.Person(fmt.Sprintf("p%d@example.com", i), func(u *storage.User) {
			u.Profile.Name, u.Profile.Nickname, u.Profile.Website = text, text, text
			u.Attributes = storage.Attributes{"office": text}
		})
		now := s.Clock.Now()
		logintest.Check(t, s.Store.Events().Append(ctx, storage.Event{
			ID: s.ID(), At: now, Type: storage.EventSignInFailed, UserID: u.ID, UserAgent: text, Address: text, ClientID: "evil", Detail: text,
			ActorKind: storage.ActorOperator, ActorID: text, Outcome: storage.Failure,
		}))
		s.signedIn(u, storage.FactorPassword)
		app := s.stored(fmt.Sprintf("app%d", i), storage.ClientByAnybody)
		metadata, err := json.Marshal(map[string]any{"client_name": text, "redirect_uris": []string{"https://app.example/" + text}, "client_uri": text, "client_description": map[string]string{"en": text}})
		logintest.Check(t, err)
		app.Metadata, app.Source = metadata, storage.ClientByAdministrator
		logintest.Check(t, s.Store.Clients().Replace(ctx, app, app.Version, s.Event(storage.EventClientChanged)))
		people = append(people, u)
	}
	people = append(people, s.provisioned()...)
	for _, c := range s.clients {
		c.Name = corpus[0]
	}
	return people
}

// provisioned are people and groups as a source of provisioning (SCIM) gives them, with
// markup in each value that it may say, and in its user agent.
func (s *site) provisioned() []*storage.User {
	s.T.Helper()
	ctx, t := s.T.Context(), s.T
	var people []*storage.User
	for i, text := range corpus[:4] {
		by := account.Client("hr", account.Origin{UserAgent: text, Address: text}).Provisioning("scim:hr")
		name := fmt.Sprintf("s%d@example.com", i)
		p, err := s.Accounts.Provision(ctx, by, account.Word{
			UserName: text, ExternalID: text, Email: name, Profile: storage.Profile{Name: text, Nickname: text, GivenName: text}, Document: "{}",
			Attributes: map[string]any{"office": text},
		})
		logintest.Check(t, err)
		_, err = s.Accounts.ProvisionGroup(ctx, by, account.GroupWord{Name: new(fmt.Sprint(text, i)), ExternalID: new(text), Add: []storage.ID{p.UserID}})
		var field *account.FieldError
		if err != nil && !errors.As(err, &field) { // what cannot be the name of a group
			t.Fatal(err)
		}
		people = append(people, s.user(p.UserID))
	}
	return people
}

// filledIn is an address about somebody, a group and an application.
func (s *site) filledIn(path string, u *storage.User) string {
	s.T.Helper()
	g, err := s.Store.Groups().ByName(s.T.Context(), "everybody")
	if errors.Is(err, storage.ErrNotFound) {
		g, err = s.Accounts.CreateGroup(s.T.Context(), account.Operator("root"), account.NewGroup{Name: "everybody", Description: corpus[0], DisplayName: corpus[1]})
	}
	logintest.Check(s.T, err)
	return strings.NewReplacer("{person}", string(u.ID), "{group}", string(g.ID), "{client}", "wiki", "{operation}", "people.list").Replace(path)
}

// pagesOf are the addresses of all pages that show, about somebody where they are.
func (s *site) pagesOf(u *storage.User) []string {
	var all []string
	for _, route := range s.console.routes() {
		if route.method == http.MethodGet {
			all = append(all, s.filledIn(route.path, u))
		}
	}
	return all
}

// TestWhatPeopleSayIsText: no page takes for markup what people, browsers or clients say
// of themselves (cross-site scripting), nor what its own address says.
func TestWhatPeopleSayIsText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	people := s.filled()
	for i, u := range people {
		app := appAt(fmt.Sprintf("app%d", i%len(corpus)))
		of := append(s.pagesOf(u), app, app+"/edit", app+"/add-secret", app+"/delete", app+"/lockdown", sessionsPath+"/end?session="+string(u.ID)+picked+sid(s, u))
		for _, address := range of {
			if strings.Contains(address, "?") {
				b.Get(address).Want(t, http.StatusOK, "act-submit")
				address, _, _ = strings.Cut(address, "?")
			}
			q := url.Values{"q": {u.Profile.Name}, "group": {u.Profile.Name}, "session": {u.Profile.Name}, "client": {u.Profile.Name}}
			page := b.Get(address + "?" + q.Encode())
			if page.Status != http.StatusOK && ident.Text(u.Profile.Name) == nil { // what is no text is no subject
				t.Fatalf("%s: %d", address, page.Status)
			}
			for _, bad := range []string{"<script>alert", "<img src=x", "<svg onload", "' onmouseover='", `href="javascript:`} {
				if strings.Contains(page.Body, bad) {
					t.Fatalf("%s has %s", address, bad)
				}
			}
		}
	}
	if page := b.Get(pathOf(people[0].ID)); !strings.Contains(page.Body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the name is not shown at all")
	}
}

// TestExportsAreTheRecordsOfTheAPI: all pages of a list, in order, each once, as JSON and
// as CSV, where no cell is a formula.
func TestExportsAreTheRecordsOfTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Auditor)
	filled := s.filled()
	const more = 230
	for i := range more {
		s.Person(fmt.Sprintf("many%03d@example.com", i))
	}
	page := b.Get(peoplePath + "?format=json")
	var people []map[string]any
	if err := json.Unmarshal([]byte(page.Body), &people); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range people {
		seen[p["id"].(string)] = true
	}
	if want := more + 1 + len(filled); len(people) != want || len(seen) != want {
		t.Errorf("%d people, %d of them different, want %d", len(people), len(seen), want)
	}
	page = b.Get(peoplePath + "?format=csv")
	rows, err := csv.NewReader(strings.NewReader(page.Body)).ReadAll()
	if err != nil || len(rows) != len(people)+1 || rows[0][0] != "id" || rows[0][1] != "email" {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("a formula: %q", cell)
			}
		}
	}
	if got := page.Header.Get("Content-Disposition"); got != `attachment; filename="people.csv"` {
		t.Errorf("named %q", got)
	}
	if narrowed := b.Get(peoplePath + "?format=csv&q=many1"); strings.Count(narrowed.Body, "\n") != 101 {
		t.Errorf("narrowed: %s", narrowed.Body)
	}
}

// TestCS1_EveryFormOfTheConsoleWantsItsToken: of this browser, and from a page of ours.
func TestCS1_EveryFormOfTheConsoleWantsItsToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	b, other := s.strong(admin.Owner), s.strong(admin.Owner)
	before, posts := s.user(ada.ID), 0
	for _, route := range s.console.routes() {
		if route.method != http.MethodPost {
			continue
		}
		posts++
		path := s.filledIn(route.path, ada)
		for name, csrf := range map[string]string{"none": "", "another browser's": s.tokens[other], "wrong": s.tokens[b] + "x"} {
			b.Post(path, url.Values{"csrf": {csrf}, "reason": {"because"}, "email": {"x@example.com"}}).Want(t, http.StatusForbidden, "error-title")
			if t.Failed() {
				t.Fatalf("%s takes a token that is %s", path, name)
			}
		}
		b.Header.Set("Sec-Fetch-Site", "cross-site")
		b.Post(path, url.Values{"csrf": {s.tokens[b]}, "reason": {"because"}}).Want(t, http.StatusForbidden, "error-title")
		b.Header.Del("Sec-Fetch-Site")
	}
	if after := s.user(ada.ID); posts < 20 || !after.UpdatedAt.Equal(before.UpdatedAt) || after.Disabled() {
		t.Errorf("%d forms, or something changed", posts)
	}
}

// TestRE4_FormsSetWhatTheyAskFor: whatever else a form brings is not read (mass
// assignment), in each act.
func TestRE4_FormsSetWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Attributes = storage.Attributes{"badge": "N-1", "salary": 1.0} })
	b := s.signedIn(s.administrator(admin.People), storage.FactorPassword, storage.FactorTOTP)
	extra := []string{
		"reason=because", "nickname=Countess", "email=evil@example.com", "email_verified=1", "phone=+4915112345678", "roles=boss", "password=correct horse",
		"password_hash=x", "id=1", "disabled_at=", "attribute_badge=N-666", "created_at=2001-01-01", "groups=staff", "deliver=link",
	}
	s.forge(b, pathOf(ada.ID)+"/edit", append(extra, "attribute_badge=")...)
	s.forge(b, pathOf(ada.ID)+"/edit", extra...)
	u := s.user(ada.ID)
	if u.Email != "ada@example.com" || u.Phone != "" || len(u.Roles) > 0 || u.PasswordHash != ada.PasswordHash || u.Attributes["badge"] != "N-1" {
		t.Errorf("set: %+v", u)
	}
	s.forge(b, pathOf(ada.ID)+"/unlock", extra...)
	s.forge(b, pathOf(ada.ID)+"/end-sessions", extra...)
	if u := s.user(ada.ID); u.Email != "ada@example.com" || len(u.Roles) > 0 || u.Profile.Nickname != "" {
		t.Errorf("set by other acts: %+v", u)
	}
	s.forge(b, pathOf(ada.ID)+"/edit", "reason=because", "nickname=Countess", "attribute_salary=2")
	if u := s.user(ada.ID); u.Profile.Nickname != "Countess" || u.Attributes["salary"] != 2.0 {
		t.Errorf("what the form asks for is not set: %+v", u)
	}
}

// TestAD1_PrivateAttributesAreKeptFromTheHelpDesk: on the page, in the form, and in what
// is downloaded; nobody sees what is for nobody.
func TestAD1_PrivateAttributesAreKeptFromTheHelpDesk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com", func(u *storage.User) {
		u.Attributes = storage.Attributes{"office": "an-office", "salary": 717171717.0, "badge": "a-badge"}
	})
	for _, role := range admin.Roles() {
		b := s.strong(role)
		for _, address := range append(s.pagesOf(ada), peoplePath+"?format=json", peoplePath+"?format=csv") {
			body := b.Get(address).Body
			if strings.Contains(body, "a-badge") || role == admin.HelpDesk && strings.Contains(body, "717171717") {
				t.Errorf("%s sees it at %s", role, address)
			}
		}
		if body := b.Get(pathOf(ada.ID)).Body; !strings.Contains(body, "an-office") || role != admin.HelpDesk && !strings.Contains(body, "717171717") {
			t.Errorf("%s does not see what is for them", role)
		}
	}
}

// TestWhatIsNotThereIsNotFound: no person, a word that is no id, a group that is none.
func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	for _, address := range []string{pathOf(s.ID()), pathOf("x"), pathOf("..%2f.."), pathOf(s.ID()) + "/disable"} {
		b.Get(address).Want(t, http.StatusNotFound, "error-title")
	}
	b.Get(peoplePath+"?group=nobody").Want(t, http.StatusOK, `class="none"`)
	b.Get(peoplePath+"?after=%00").Want(t, http.StatusBadRequest, "error-title")
}

// TestListsAreReadByKeyset: each person stands on one page, whatever narrows the list.
func TestListsAreReadByKeyset(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	operator := account.Operator("root")
	_, err := s.Accounts.CreateGroup(t.Context(), operator, account.NewGroup{Name: "staff", Roles: []string{"worker"}})
	logintest.Check(t, err)
	for i := range 120 {
		u := s.Person(fmt.Sprintf("many%03d@example.com", i))
		logintest.Check(t, s.Accounts.AddToGroup(t.Context(), operator, u.ID, "staff"))
	}
	for _, query := range []string{"", "?q=many", "?role=worker", "?group=staff"} {
		seen := map[string]int{}
		page := b.Get(peoplePath + query)
		for pages := 1; ; pages++ {
			for i := range 120 {
				if name := fmt.Sprintf("many%03d@example.com", i); strings.Contains(page.Body, name) {
					seen[name]++
				}
			}
			if !page.Has("list-next") {
				if pages != 3 {
					t.Errorf("%q has %d pages", query, pages)
				}
				break
			}
			page = b.Click("list-next")
		}
		for name, times := range seen {
			if times != 1 {
				t.Errorf("%q: %s stands on %d pages", query, name, times)
			}
		}
		if len(seen) != 120 || !page.Has("list-start") {
			t.Errorf("%q: %d people", query, len(seen))
		}
	}
}
