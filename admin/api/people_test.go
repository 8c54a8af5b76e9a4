package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

const people = api.Prefix + "/people"

// TestPagesHaveEverybodyOnce: keyset pages of every list of people.
func TestPagesHaveEverybodyOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.service(allScopes()...)
	g := s.group("reader")
	for i := range 5 {
		u := s.Person(fmt.Sprintf("p%d@example.com", i), func(u *storage.User) { u.Username = fmt.Sprintf("user%d", i) })
		logintest.Check(t, s.Accounts.AddToGroup(t.Context(), account.Operator("root"), u.ID, g.Name))
		logintest.Check(t, s.Accounts.Disable(t.Context(), account.Operator("root"), u.ID, ""))
	}
	for name, query := range map[string]string{
		"all": "", "addresses": "&q=P", "usernames": "&q=user", "a role": "&role=reader", "a group": "&group=" + url.QueryEscape(g.Name), "disabled": "&state=disabled",
	} {
		var found []string
		for path := people + "?limit=2" + query; ; {
			page := s.want(s.call(token, http.MethodGet, path, ""), http.StatusOK)
			for _, one := range page.items() {
				found = append(found, one.(map[string]any)["email"].(string))
			}
			next, more := page.JSON["next"].(string)
			if !more {
				break
			}
			path = people + "?limit=2" + query + "&after=" + next
		}
		slices.Sort(found)
		if want := "p0@example.com p1@example.com p2@example.com p3@example.com p4@example.com"; strings.Join(found, " ") != want {
			t.Errorf("%s: found %v", name, found)
		}
	}
	s.want(s.call(token, http.MethodGet, people+"?q=p&role=reader", ""), http.StatusUnprocessableEntity)
	s.want(s.call(token, http.MethodGet, people+"?after=!", ""), http.StatusUnprocessableEntity)
	s.want(s.call(token, http.MethodGet, people+"?group=none", ""), http.StatusNotFound)
}

// TestPagesStandWhileOthersComeAndGo: of whoever was there when the first page was read and
// stays, everybody is on one page and on no other (keyset paging), whoever is made or
// deleted in between, the one included whom the next page begins after.
func TestPagesStandWhileOthersComeAndGo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.service(allScopes()...)
	var groups, stay []string
	for i := range 9 {
		name := fmt.Sprintf("g%d", i)
		_, err := s.Accounts.CreateGroup(t.Context(), account.Operator("root"), account.NewGroup{Name: name})
		logintest.Check(t, err)
		if stay = append(stay, name); i%3 == 1 {
			stay = stay[:len(stay)-1] // it is deleted once its page was read
		}
	}
	for path, round := api.Prefix+"/groups?limit=2", 0; ; round++ {
		page := s.want(s.call(token, http.MethodGet, path, ""), http.StatusOK)
		for _, one := range page.items() {
			name := one.(map[string]any)["name"].(string)
			if slices.Contains(stay, name) {
				groups = append(groups, name)
			} else if len(name) == 2 {
				logintest.Check(t, s.Accounts.DeleteGroup(t.Context(), account.Operator("root"), name, account.GroupDeletion{}))
			}
		}
		for _, name := range []string{"a", "g4x", "z"} { // before, within and after what is to come
			_, err := s.Accounts.CreateGroup(t.Context(), account.Operator("root"), account.NewGroup{Name: fmt.Sprintf("%s-%d", name, round)})
			logintest.Check(t, err)
		}
		next, more := page.JSON["next"].(string)
		if !more || round > 20 {
			break
		}
		path = api.Prefix + "/groups?limit=2&after=" + next
	}
	if !slices.Equal(groups, stay) {
		t.Errorf("pages have %v, want %v", groups, stay)
	}
}

// TestIfMatchKeepsWhatSomebodyElseWrote: an edit of what was changed since is refused.
func TestIfMatchKeepsWhatSomebodyElseWrote(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token, path := s.service(allScopes()...), people+"/"+string(s.Person("ada@example.com").ID)
	read := s.want(s.call(token, http.MethodGet, path, ""), http.StatusOK)
	etag := read.Header.Get("ETag")
	first := s.want(s.call(token, http.MethodPatch, path, `{"profile":{"name":"Ada"}}`, "If-Match", etag), http.StatusOK)
	s.want(s.call(token, http.MethodPatch, path, `{"profile":{"name":"Eve"}}`, "If-Match", etag), http.StatusPreconditionFailed)
	s.want(s.call(token, http.MethodDelete, path, "", "If-Match", etag), http.StatusPreconditionFailed)
	s.want(s.call(token, http.MethodPut, path+"/roles", `{"roles":["x"]}`, "If-Match", etag), http.StatusPreconditionFailed)
	again := s.want(s.call(token, http.MethodGet, path, ""), http.StatusOK)
	if again.Header.Get("ETag") != first.Header.Get("ETag") || again.JSON["profile"].(map[string]any)["name"] != "Ada" {
		t.Errorf("etag %s, then %s: %s", first.Header.Get("ETag"), again.Header.Get("ETag"), again.Text)
	}
	s.want(s.call(token, http.MethodPatch, path, `{"profile":{"name":""}}`, "If-Match", `"other", `+again.Header.Get("ETag")), http.StatusOK)
}

// TestAnIdempotencyKeyMakesOneOnly: a request that is sent again is answered with what
// came of the first, and its key stands for no other request, caller or operation.
func TestAnIdempotencyKeyMakesOneOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.service(allScopes()...)
	body := `{"email":"ada@example.com"}`
	first := s.want(s.call(token, http.MethodPost, people, body, "Idempotency-Key", "k1"), http.StatusCreated)
	second := s.want(s.call(token, http.MethodPost, people, body, "Idempotency-Key", "k1"), http.StatusCreated)
	if first.Text != second.Text || first.Header.Get("Location") != second.Header.Get("Location") || first.Header.Get("ETag") != second.Header.Get("ETag") {
		t.Errorf("first %s %v, then %s %v", first.Text, first.Header, second.Text, second.Header)
	}
	s.want(s.call(token, http.MethodPost, people, `{"email":"eve@example.com"}`, "Idempotency-Key", "k1"), http.StatusUnprocessableEntity)
	s.want(s.call(token, http.MethodPost, people, body, "Idempotency-Key", "k2"), http.StatusConflict) // the address is taken
	_, other := s.administrator(admin.Owner)
	s.want(s.call(other, http.MethodPost, people, body, "Idempotency-Key", "k1"), http.StatusConflict)
	// What failed may be tried again.
	s.want(s.call(token, http.MethodPost, people, `{"email":"bob@example.com"}`, "Idempotency-Key", "k2"), http.StatusCreated)
	// A link is the same link, and the store does not hold it.
	reset := people + "/" + first.JSON["id"].(string) + "/reset-password"
	asked := `{"reason":"they called","deliver":"link"}`
	link := s.want(s.call(token, http.MethodPost, reset, asked, "Idempotency-Key", "k1"), http.StatusCreated).JSON["link"]
	if again := s.want(s.call(token, http.MethodPost, reset, asked, "Idempotency-Key", "k1"), http.StatusCreated).JSON["link"]; again != link || link == nil {
		t.Errorf("link %v, then %v", link, again)
	}
	s.Clock.Advance(25 * time.Hour)
	s.want(s.call(token, http.MethodPost, people, body, "Idempotency-Key", "k1"), http.StatusConflict)
}

// TestAD1_TheHelpDeskSeesNothingPrivate: each caller sees the attributes that are for them.
func TestAD1_TheHelpDeskSeesNothingPrivate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com", func(u *storage.User) {
		u.Attributes = storage.Attributes{"office": "7b", "salary": 1815.0, "badge": "0042", "unknown": "x"}
	})
	_, desk := s.administrator(admin.HelpDesk)
	_, peopleToken := s.administrator(admin.People)
	_, auditor := s.administrator(admin.Auditor)
	for name, sees := range map[string]struct{ token, attributes string }{
		"help desk": {desk, `{"office":"7b"}`}, "people": {peopleToken, `{"office":"7b","salary":1815}`}, "auditor": {auditor, `{"office":"7b","salary":1815}`},
		"a service": {s.service(admin.ScopePeopleRead), `{"badge":"0042","office":"7b","salary":1815}`},
	} {
		for _, path := range []string{people + "/" + string(u.ID), people + "?q=ada"} {
			a := s.want(s.call(sees.token, http.MethodGet, path, ""), http.StatusOK)
			shown := a.JSON
			if list := a.items(); list != nil {
				shown = list[0].(map[string]any)
			}
			if text, err := json.Marshal(shown["attributes"]); err != nil || string(text) != sees.attributes {
				t.Errorf("%s sees %s, %v", name, text, err)
			}
			if strings.Contains(a.Text, "argon2") {
				t.Errorf("%s sees a verifier", name)
			}
		}
	}
	// And edits those that are for them.
	path := people + "/" + string(u.ID)
	s.want(s.call(peopleToken, http.MethodPatch, path, `{"attributes":{"badge":"1"}}`), http.StatusUnprocessableEntity)
	s.want(s.call(peopleToken, http.MethodPatch, path, `{"attributes":{"salary":1,"office":null}}`), http.StatusOK)
	s.want(s.call(s.service(admin.ScopePeopleWrite), http.MethodPatch, path, `{"attributes":{"badge":"1"}}`), http.StatusOK)
}

// TestRE4_NothingIsSetThatIsNotNamed: what is no field of an operation is refused, and
// nothing of the request is done (mass assignment).
func TestRE4_NothingIsSetThatIsNotNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com")
	token := s.service(allScopes()...)
	for _, o := range api.Operations() {
		if o.Method == http.MethodGet {
			continue
		}
		with := samples[o.ID](s, s.Person(string(s.ID())+"@example.com"))
		before := s.state()
		for _, extra := range []string{
			`"id":"0123"`, `"roles":["latchkey-owner"]`, `"administrator":true`, `"password_hash":"$argon2id$"`, `"password":"correct horse battery"`,
			`"email_epoch":7`, `"password_epoch":7`, `"groups":["admins"]`, `"disabled_at":null`, `"state":"active"`, `"credentials":0`, `"source":"scim:x"`,
			`"__proto__":{"roles":["x"]}`, `"actor":"root"`, `"user_id":"` + string(u.ID) + `"`, `"Email_Verified":true`,
		} {
			body := "{" + extra + "}"
			if with.body != "" {
				body = strings.TrimSuffix(with.body, "}") + "," + extra + "}"
			}
			name, _, _ := strings.Cut(strings.Trim(extra, `"`), `"`)
			if isField(o.ID, name) || with.body == "" {
				continue // it is one, or no body is read at all
			}
			if a := s.call(token, o.Method, api.Prefix+with.path, body); a.Status != http.StatusUnprocessableEntity || s.state() != before {
				t.Errorf("%s with %s: status %d: %s", o.ID, extra, a.Status, a.Text)
			}
		}
	}
}

// isField reports whether an operation has the field.
func isField(operation, field string) bool {
	return field == "roles" && slices.Contains([]string{"people.set_roles", "groups.create", "groups.edit"}, operation)
}

// TestWhatIsSentIsJSONAndBounded: everything else is refused in the words of RFC 9457.
func TestWhatIsSentIsJSONAndBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com")
	token, path := s.service(allScopes()...), people+"/"+string(u.ID)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		headers            []string
	}{
		"no JSON":             {http.MethodPatch, path, `{"profile"`, http.StatusBadRequest, nil},
		"another type":        {http.MethodPatch, path, `{"profile":"x"}`, http.StatusUnprocessableEntity, nil},
		"a form":              {http.MethodPost, people, `email=x`, http.StatusUnsupportedMediaType, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"too much":            {http.MethodPost, people, `{"email":"` + strings.Repeat("a", 64<<10) + `"}`, http.StatusRequestEntityTooLarge, nil},
		"NUL":                 {http.MethodGet, people + "?q=a%00", "", http.StatusUnprocessableEntity, nil},
		"no UTF-8":            {http.MethodGet, people + "?role=%ff", "", http.StatusUnprocessableEntity, nil},
		"a page of NUL":       {http.MethodGet, people + "?after=AAAA", "", http.StatusUnprocessableEntity, nil},
		"no id":               {http.MethodGet, people + "/ada@example.com", "", http.StatusUnprocessableEntity, nil},
		"nobody":              {http.MethodGet, people + "/" + strings.Repeat("0", 32), "", http.StatusNotFound, nil},
		"an unknown query":    {http.MethodGet, people + "?limits=1", "", http.StatusUnprocessableEntity, nil},
		"a page of everybody": {http.MethodGet, people + "?limit=100000", "", http.StatusUnprocessableEntity, nil},
		"another method":      {http.MethodPut, path, "", http.StatusMethodNotAllowed, nil},
		"nothing":             {http.MethodGet, api.Prefix + "/nothing", "", http.StatusNotFound, nil},
		"a wrong address":     {http.MethodPatch, path, `{"email":"ada"}`, http.StatusUnprocessableEntity, nil},
		"a wrong claim":       {http.MethodPatch, path, `{"profile":{"birthdate":"yesterday"}}`, http.StatusUnprocessableEntity, nil},
		"a script":            {http.MethodPatch, path, `{"profile":{"website":"javascript:alert(1)"}}`, http.StatusUnprocessableEntity, nil},
		"two lines":           {http.MethodPost, path + "/disable", `{"reason":"a\nb"}`, http.StatusUnprocessableEntity, nil},
		"a reason of two":     {http.MethodPost, path + "/disable", `{}`, http.StatusUnprocessableEntity, nil},
		"unverified":          {http.MethodPatch, path, `{"email_verified":false}`, http.StatusUnprocessableEntity, nil},
	} {
		before := s.state()
		a := s.call(token, c.method, c.path, c.body, c.headers...)
		if a.Status != c.status || a.Header.Get("Content-Type") != "application/problem+json" || a.JSON["status"] != float64(c.status) || a.JSON["title"] == "" {
			t.Errorf("%s: status %d, want %d: %v %s", name, a.Status, c.status, a.Header, a.Text)
		}
		if c.status == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", name)
		}
		if s.state() != before {
			t.Errorf("%s: something changed", name)
		}
	}
}

// TestAnEditIsMade: each part of it, and what it tells the owner.
func TestAnEditIsMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com")
	_, token := s.administrator(admin.People)
	a := s.want(s.call(token, http.MethodPatch, people+"/"+string(u.ID), `{
		"email":"ada@new.example","email_verified":true,"username":"ada","profile":{"name":"Ada Lovelace","country":"UK"},"attributes":{"office":"7b"}}`), http.StatusOK)
	for field, want := range map[string]string{
		"email": `"ada@new.example"`, "email_verified": `true`, "username": `"ada"`, "profile": `{"country":"UK","name":"Ada Lovelace"}`, "attributes": `{"office":"7b"}`,
	} {
		if text, err := json.Marshal(a.JSON[field]); err != nil || string(text) != want {
			t.Errorf("%s is %s, want %s; %v", field, text, want, err)
		}
	}
	var told []string
	for _, m := range s.Inbox() {
		told = append(told, m.To)
	}
	slices.Sort(told)
	if strings.Join(told, " ") != "ada@example.com ada@example.com" {
		t.Errorf("told %v", told)
	}
	s.want(s.call(token, http.MethodPatch, people+"/"+string(u.ID), `{"email":"`+s.Person("eve@example.com").Email+`"}`), http.StatusConflict)
}

// TestACallerWhoCallsTooOftenWaits: the limit is each caller's own.
func TestACallerWhoCallsTooOftenWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *api.Config) { c.Limit = storage.Bucket{Burst: 3, Every: time.Minute} })
	token := s.service(admin.ScopePeopleRead)
	for range 3 {
		s.want(s.call(token, http.MethodGet, people, ""), http.StatusOK)
	}
	if a := s.want(s.call(token, http.MethodGet, people, ""), http.StatusTooManyRequests); a.Header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	_, other := s.administrator(admin.Auditor)
	s.want(s.call(other, http.MethodGet, people, ""), http.StatusOK)
	s.Clock.Advance(time.Minute)
	s.want(s.call(token, http.MethodGet, people, ""), http.StatusOK)
}

// TestAnEditIsWholeAndComparedWithItsWrite: where one value of it is refused nothing is
// changed, and neither is what another changed since it was read (lost update).
func TestAnEditIsWholeAndComparedWithItsWrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com")
	taken := s.Person("eve@example.com")
	token := s.service(allScopes()...)
	path := people + "/" + string(u.ID)
	before := s.state()
	s.want(s.call(token, http.MethodPatch, path, `{"email":"`+taken.Email+`","profile":{"name":"Ada"},"attributes":{"office":"7b"}}`), http.StatusConflict)
	s.want(s.call(token, http.MethodPatch, path, `{"email":"new@example.com","attributes":{"nothing":"7b"}}`), http.StatusUnprocessableEntity)
	if s.state() != before {
		t.Error("a part of a refused edit was made")
	}
	read := s.want(s.call(token, http.MethodGet, path, ""), http.StatusOK).Header.Get("ETag")
	s.want(s.call(token, http.MethodPatch, path, `{"profile":{"name":"Ada"}}`, "If-Match", read), http.StatusOK)
	before = s.state()
	for method, at := range map[string]sample{
		http.MethodPatch: {path, `{"profile":{"name":"Eve"}}`}, http.MethodPut: {path + "/roles", `{"roles":["x"]}`}, http.MethodDelete: {path, ""},
	} {
		if a := s.call(token, method, at.path, at.body, "If-Match", read); a.Status != http.StatusPreconditionFailed || s.state() != before {
			t.Errorf("%s of what was read before: status %d: %s", method, a.Status, a.Text)
		}
	}
}
