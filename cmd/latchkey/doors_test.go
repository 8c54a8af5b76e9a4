package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/admin/console"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAD1_EveryDoorLeadsToTheSame: each operation by each of its doors comes to the same
// rows, the same events with their actor and the reason, and the same messages: by the
// API, the console, a command, a source of SCIM, and the page on which people do it to
// themselves.
func TestAD1_EveryDoorLeadsToTheSame(t *testing.T) {
	d := newDoors(t)
	operations := map[string]api.Described{}
	for _, o := range api.Operations() {
		operations[o.ID] = o
	}
	for i := range doorRows {
		row := &doorRows[i]
		t.Run(row.name(), func(t *testing.T) {
			d.t = t
			want := outcome{}
			for _, door := range doorsOf(row) {
				x := d.subject(row, door == "scim")
				through := d.way(door, row, operations[row.operation], x)
				m := d.mark()
				if wrong := through.open(); wrong != "" {
					t.Fatalf("%s: %s", door, wrong)
				}
				got, events := d.since(m, x)
				d.holds(door, row, through, events)
				if want.Is == nil {
					want = got
					d.asRowSays(row, got)
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

// holds holds the events to their actor and the reason.
func (d *doors) holds(door string, row *doorRow, through way, events []storage.Event) {
	d.t.Helper()
	for _, e := range events {
		reasoned := door == "api" || door == "console" || door == "command" && strings.Contains(row.command, "{why}")
		if e.ActorKind != through.kind || e.ActorID == "" || through.actor != "" && e.ActorID != through.actor || e.Outcome != storage.Success || reasoned && !strings.Contains(e.Detail, why) {
			d.t.Errorf("%s: its event is %+v", door, e)
		}
	}
}

// TestAD1_NoDoorOpensForOthers: what a role, a scope or a source does not have is refused
// at its door, to whoever has none and to whoever is not signed in too, and changes
// nothing; nor does the page on which people do it to themselves for anybody else.
func TestAD1_NoDoorOpensForOthers(t *testing.T) {
	d := newDoors(t)
	for _, o := range api.Operations() {
		for i := range doorRows {
			if row := &doorRows[i]; row.operation == o.ID {
				t.Run(row.name(), func(t *testing.T) {
					d.t = t
					d.isRefused(row, o)
				})
			}
		}
	}
}

func (d *doors) isRefused(row *doorRow, o api.Described) {
	d.t.Helper()
	x := d.subject(row, row.scim[0] != "")
	before := d.state(x)
	refused := func(door string, status int, want ...int) {
		d.t.Helper()
		if after := d.state(x); !slices.Contains(want, status) || !cmp.Equal(before, after) {
			d.t.Errorf("%s: status %d, want %d: %s", door, status, want, cmp.Diff(before, after))
		}
	}
	in, said := d.words(x, true), d.words(x, false)
	byToken := func(token string) int {
		status, _ := d.send(o.Method, api.Prefix+in.Replace(o.Path), token, said.Replace(row.body))
		return status
	}
	refused("no token", byToken(""), http.StatusUnauthorized)
	var roles []admin.Role
	for _, s := range admin.Scopes() {
		if s.Name != o.Scope {
			refused(s.Name, byToken(d.robot(s.Name)), http.StatusForbidden)
		} else {
			roles = s.Roles
		}
	}
	address, fields := d.form(row, x)
	for _, role := range append(admin.Roles(), "nobody") {
		if slices.Contains(roles, role) {
			continue
		}
		refused(string(role)+" by a client", byToken(d.personal(role)), http.StatusForbidden)
		if b, csrf, _ := d.browser(role); row.act != "" {
			refused(string(role), b.Post(address, filledForm(csrf, address, fields)).Status, http.StatusForbidden)
		}
	}
	if row.act != "" {
		b, csrf := d.visitor()
		refused("who is not signed in", b.Post(address, filledForm(csrf, address, fields)).Status, http.StatusOK) // the page to sign in
	}
	if row.own[0] != "" {
		b, csrf, _ := d.browser("nobody")
		own := said.Replace(row.own[0])
		b.Post(own, filledForm(csrf, own, strings.Fields(said.Replace(row.own[2]))))
		refused("another’s page", http.StatusOK, http.StatusOK)
	}
	if row.scim[0] != "" {
		status, _ := d.send(row.scim[0], "/scim/v2"+in.Replace(row.scim[1]), "1nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", in.Replace(row.scim[2]))
		refused("another source", status, http.StatusNotFound)
	}
}

// TestTheTableNamesEveryDoor: what changes something in the admin API, in the console or
// among the commands is in the table; commands that are not about people are listed.
func TestTheTableNamesEveryDoor(t *testing.T) {
	known := map[string]bool{}
	commands := map[string]bool{}
	for path := range leaves(rootCommand()) {
		commands[path] = true
	}
	named := map[string]bool{}
	for i := range doorRows {
		row := &doorRows[i]
		if named[row.name()] {
			t.Errorf("%s is named twice", row.name())
		}
		named[row.name()], known[row.operation] = true, true
		tried := ""
		for path := range commands {
			if strings.HasPrefix(row.command+" ", path+" ") {
				tried = path
			}
		}
		if tried == "" && row.command != "" {
			t.Errorf("%s: there is no command %q", row.name(), row.command)
		}
		commands[tried] = false
		there := func(a console.Described) bool {
			return a.Operation == row.operation && (row.act == "" || a.Path == row.act) && strings.Contains(a.Path, "/")
		}
		if there := slices.ContainsFunc(console.Descriptions(), there); there != (row.act != "") {
			t.Errorf("%s: that the console does it at %q is %v", row.name(), row.act, there)
		}
	}
	reads := map[string]bool{}
	for _, o := range api.Operations() {
		reads[o.ID] = o.Method == http.MethodGet
		if o.Method != http.MethodGet && !known[o.ID] {
			t.Errorf("the table does not name %s", o.ID)
		}
	}
	for path, untried := range commands {
		if untried && !slices.Contains(commandsElsewhere, strings.ReplaceAll(path, " ", "-")) {
			t.Errorf("the table does not name `latchkey %s`", path)
		}
	}
	for _, a := range console.Descriptions() {
		if !reads[a.Operation] && !known[a.Operation] {
			t.Errorf("the table does not name %s, which %s does", a.Operation, a.Path)
		}
	}
}
