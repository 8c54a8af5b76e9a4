package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/admin/console"
	"github.com/latchkey-id/latchkey/storage"
)

// subject makes whom a row is tried on: by a source, where it is tried by SCIM.
func (d *doors) subject(row *doorRow, bySource bool) *storage.User {
	d.t.Helper()
	email := string(newID(d.t)) + "@example.com"
	id := storage.ID("")
	if bySource {
		status, text := d.send(http.MethodPost, "/scim/v2/Users", "9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+email+`"}`)
		var made struct{ ID storage.ID }
		if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusCreated {
			d.t.Fatalf("%d %s", status, text)
		}
		id = made.ID
	} else {
		u, err := d.accounts().Create(d.t.Context(), preparer, account.NewAccount{Email: email, EmailVerified: true})
		must(d.t, err)
		id = u.ID
	}
	u := &storage.User{ID: id}
	_, err := d.accounts().CreateGroup(d.t.Context(), preparer, account.NewGroup{Name: groupOf(u)})
	must(d.t, err)
	if row.prepare != nil {
		must(d.t, row.prepare(d, &storage.User{ID: id}))
	}
	u, err = d.store.Users().ByID(d.t.Context(), id)
	must(d.t, err)
	return u
}

// words replaces what stands for something in what is sent; groups by their ids for the
// API, and by their names elsewhere.
func (d *doors) words(u *storage.User, byID bool) *strings.Replacer {
	d.t.Helper()
	group := groupOf(u)
	if byID {
		g, err := d.store.Groups().ByName(d.t.Context(), group)
		must(d.t, err)
		group = string(g.ID)
	}
	sessions, err := d.store.Sessions().ListByUser(d.t.Context(), u.ID, d.now())
	must(d.t, err)
	sid := ""
	if len(sessions) > 0 {
		sid = string(sessions[0].SID)
	}
	return strings.NewReplacer("{person}", string(u.ID), "{group}", group, "{session}", sid, "{client}", "wiki", "{why}", why)
}

// pageSubjects are the parameters that name what of the person a page is about.
var pageSubjects = map[string]string{"end-session": "session={session}", "leave-group": "group={group}", "remove-app": "client={client}"}

// open goes through one door, and says how that went; empty: well.
func (d *doors) open(door string, row *doorRow, o api.Described, u *storage.User) string {
	d.t.Helper()
	switch door {
	case "api":
		with := d.words(u, true)
		if status, text := d.send(o.Method, api.Prefix+with.Replace(o.Path), d.robot(o.Scope), with.Replace(row.body)); status != o.Status {
			return fmt.Sprintf("status %d: %s", status, text)
		}
	case "console":
		b, _ := d.browser(admin.Owner)
		address, fields := d.form(row, u)
		page := b.Get(address)
		if page.Status != http.StatusOK {
			return fmt.Sprintf("%s: status %d: %s", address, page.Status, page.Body)
		}
		if page = b.Submit("act-submit", append(fields, "reason="+why)...); page.Status != http.StatusOK || strings.Contains(page.Body, `id="act-submit"`) {
			return fmt.Sprintf("%s: status %d: %s", page.URL, page.Status, page.Body)
		}
	case "command":
		with := d.words(u, false)
		args := append(strings.Fields(with.Replace(row.command)), "--data", d.data)
		if status, out, errs := latchkeyRun(d.t, args...); status != 0 {
			return fmt.Sprintf("status %d: %s%s", status, out, errs)
		}
	case "scim":
		with := d.words(u, true)
		if status, text := d.send(row.scim[0], "/scim/v2"+with.Replace(row.scim[1]), "9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", with.Replace(row.scim[2])); status >= 300 {
			return fmt.Sprintf("status %d: %s", status, text)
		}
	}
	return ""
}

// form is the address of a page of the console, and what is filled in there.
func (d *doors) form(row *doorRow, u *storage.User) (address string, fields []string) {
	d.t.Helper()
	with := d.words(u, false)
	address = with.Replace(row.act)
	if subject := pageSubjects[row.act[strings.LastIndex(row.act, "/")+1:]]; subject != "" {
		address += "?" + with.Replace(subject)
	}
	for _, field := range row.form {
		fields = append(fields, with.Replace(field))
	}
	return address, fields
}

// actors are who acts by each door.
var actors = map[string]storage.ActorKind{"api": storage.ActorClient, "console": storage.ActorPerson, "command": storage.ActorOperator, "scim": storage.ActorClient}

// TestAD1_EveryDoorLeadsToTheSame: each operation by each of its doors comes to the same
// rows, the same event with its actor and the reason, and the same messages.
func TestAD1_EveryDoorLeadsToTheSame(t *testing.T) {
	d := newDoors(t)
	operations := map[string]api.Described{}
	for _, o := range api.Operations() {
		operations[o.ID] = o
	}
	for i := range doorRows {
		row := &doorRows[i]
		t.Run(row.operation, func(t *testing.T) {
			d.t = t
			want := outcome{}
			for _, door := range []string{"api", "console", "command", "scim"} {
				if door == "scim" && row.scim[0] == "" {
					continue
				}
				u := d.subject(row, door == "scim")
				m := d.mark()
				if wrong := d.open(door, row, operations[row.operation], u); wrong != "" {
					t.Fatalf("%s: %s", door, wrong)
				}
				got, events := d.since(m, u)
				d.holds(door, row, events, u)
				if want.Person == nil {
					want = got
					d.asRowSays(row, got)
				} else if door == "console" { // whose administrator was made on the way
					got.Events, got.Messages = want.Events, want.Messages
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-api +%s):\n%s", door, door, diff)
				}
			}
		})
	}
}

// asRowSays holds what was written to what the row names.
func (d *doors) asRowSays(row *doorRow, got outcome) {
	d.t.Helper()
	var events, messages []string
	for _, e := range row.events {
		events = append(events, string(e))
	}
	for _, m := range row.messages {
		messages = append(messages, string(m))
	}
	if !slices.Equal(got.Events, events) || !slices.Equal(got.Messages, messages) {
		d.t.Errorf("events %v and messages %v, want %v and %v", got.Events, got.Messages, events, messages)
	}
}

// holds holds the events about somebody to those of the row, their actor and the reason.
func (d *doors) holds(door string, row *doorRow, events []storage.Event, u *storage.User) {
	d.t.Helper()
	var found []storage.EventType
	for _, e := range events {
		if e.UserID != u.ID {
			continue
		}
		found = append(found, e.Type)
		reasoned := door != "scim" && (door != "command" || strings.Contains(row.command, "{why}"))
		if e.ActorKind != actors[door] || e.ActorID == "" || e.Outcome != storage.Success || reasoned && !strings.Contains(e.Detail, why) {
			d.t.Errorf("%s: its event is %+v", door, e)
		}
	}
	if !slices.Equal(found, row.events) {
		d.t.Errorf("%s: events %v, want %v", door, found, row.events)
	}
}

// TestAD1_NoDoorOpensForOthers: what a role, a scope or a source does not have is refused
// at its door, and changes nothing.
func TestAD1_NoDoorOpensForOthers(t *testing.T) {
	d := newDoors(t)
	for _, o := range api.Operations() {
		i := slices.IndexFunc(doorRows, func(r doorRow) bool { return r.operation == o.ID })
		if i < 0 {
			continue
		}
		row := &doorRows[i]
		t.Run(o.ID, func(t *testing.T) {
			d.t = t
			u := d.subject(row, row.scim[0] != "")
			before := d.state(u)
			refused := func(door string, status, want int) {
				t.Helper()
				if after := d.state(u); status != want || !cmp.Equal(before, after) {
					t.Errorf("%s: status %d, want %d: %s", door, status, want, cmp.Diff(before, after))
				}
			}
			with := d.words(u, true)
			for _, s := range admin.Scopes() {
				if s.Name != o.Scope {
					status, _ := d.send(o.Method, api.Prefix+with.Replace(o.Path), d.robot(s.Name), with.Replace(row.body))
					refused(s.Name, status, http.StatusForbidden)
					continue
				}
				for _, role := range admin.Roles() {
					if slices.Contains(s.Roles, role) {
						continue
					}
					b, csrf := d.browser(role)
					address, fields := d.form(row, u)
					form := url.Values{"csrf": {csrf}, "reason": {why}}
					for _, field := range append(fields, strings.Split(address[strings.Index(address+"?", "?"):], "?")[1:]...) {
						name, value, _ := strings.Cut(field, "=")
						form.Set(name, value)
					}
					refused(string(role), b.Post(address, form).Status, http.StatusForbidden)
				}
			}
			if row.scim[0] != "" {
				status, _ := d.send(row.scim[0], "/scim/v2"+with.Replace(row.scim[1]), "1nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", with.Replace(row.scim[2]))
				refused("another source", status, http.StatusNotFound)
			}
		})
	}
}

// testNames are the tests of the repository, and the scripts of TestScripts.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	must(t, filepath.WalkDir("../..", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		name := entry.Name()
		if script, ok := strings.CutSuffix(name, ".txtar"); ok {
			names["TestScripts/"+script] = true
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "func Test"); ok {
				before, _, _ := strings.Cut(name, "(")
				names["Test"+before] = true
			}
		}
		return err
	}))
	return names
}

// TestTheTableNamesEveryDoor: what is new in the admin API, in the console or among the
// commands is in the table, or where else it is tried is said.
func TestTheTableNamesEveryDoor(t *testing.T) {
	known := map[string]bool{}
	commands := map[string]bool{}
	for path := range leaves(rootCommand()) {
		commands[path] = true
	}
	for _, row := range doorRows {
		if known[row.operation] || doorsElsewhere[row.operation] != "" {
			t.Errorf("%s is named twice", row.operation)
		}
		known[row.operation] = true
		tried := ""
		for path := range commands {
			if strings.HasPrefix(row.command, path+" ") {
				tried = path
			}
		}
		if tried == "" {
			t.Errorf("%s: there is no command %q", row.operation, row.command)
		}
		commands[tried] = false
		if !slices.ContainsFunc(console.Descriptions(), func(a console.Described) bool { return a.Path == row.act && a.Operation == row.operation }) {
			t.Errorf("%s: the console does not do it at %s", row.operation, row.act)
		}
	}
	there, reads := map[string]bool{}, map[string]bool{}
	for _, o := range api.Operations() {
		there[o.ID], reads[o.ID] = true, o.Method == http.MethodGet
		if o.Method != http.MethodGet && !known[o.ID] && doorsElsewhere[o.ID] == "" {
			t.Errorf("the table does not name %s", o.ID)
		}
	}
	tests := testNames(t)
	for id, named := range doorsElsewhere {
		if !there[id] {
			t.Errorf("there is no operation %s", id)
		}
		for name := range strings.FieldsSeq(named) {
			if !tests[name] {
				t.Errorf("%s: there is no %s", id, name)
			}
		}
	}
	for path, untried := range commands {
		if untried && !slices.Contains(commandsElsewhere, strings.ReplaceAll(path, " ", "-")) {
			t.Errorf("the table does not name `latchkey %s`", path)
		}
	}
	for _, a := range console.Descriptions() {
		if !reads[a.Operation] && !known[a.Operation] && doorsElsewhere[a.Operation] == "" {
			t.Errorf("the table does not name %s, which %s does", a.Operation, a.Path)
		}
	}
}
