package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/storage"
)

// doorSubject is what a row is tried on: somebody, and whatever else there was made for it.
type doorSubject struct {
	*storage.User
	// words replace what stands for something in what is sent; see doorRow.
	words map[string]string
	// own is the session that they have for their own pages, which is not counted.
	own storage.ID
}

// subject makes whom a row is tried on: by a source, where it is tried by SCIM.
func (d *doors) subject(row *doorRow, bySource bool) *doorSubject {
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
	x := &doorSubject{User: &storage.User{ID: id, Email: email}}
	_, err := d.accounts().CreateGroup(d.t.Context(), preparer, account.NewGroup{Name: groupOf(x)})
	must(d.t, err)
	x.words = map[string]string{
		"{person}": string(id), "{email}": email, "{group}": groupOf(x), "{client}": "wiki", "{why}": why, "{host}": strings.TrimPrefix(d.url, "http://"), "{new}": strings.ToLower(rand.Text()),
	}
	if row.prepare != nil {
		must(d.t, row.prepare(d, x))
	}
	x.User, err = d.store.Users().ByID(d.t.Context(), id)
	must(d.t, err)
	return x
}

// groupOf is the name of the group that a row is tried with.
func groupOf(x *doorSubject) string { return "g-" + string(x.ID) }

// words replaces what stands for something in what is sent; in addresses, groups by
// their ids, and by their names elsewhere.
func (d *doors) words(x *doorSubject, address bool) *strings.Replacer {
	d.t.Helper()
	var pairs []string
	for word, meant := range x.words {
		if word == "{group}" && address {
			g, err := d.store.Groups().ByName(d.t.Context(), meant)
			must(d.t, err)
			meant = string(g.ID)
		}
		pairs = append(pairs, word, meant)
	}
	return strings.NewReplacer(pairs...)
}

// pageSubjects are the parameters that name what of the person a page is about.
var pageSubjects = map[string]string{
	"/admin/people/{person}/end-session": "session={session}", "/admin/people/{person}/leave-group": "group={group}",
	"/admin/people/{person}/remove-app": "client={client}", "/admin/sessions/end": "session={person}.{session}", "/admin/invitations/revoke": "invitation={invitation}",
	"/admin/messages/retry": "delivery={delivery}", "/admin/feeds/replay": "feed={feed}", "/admin/keys/revoke": "key={key}",
}

// way is a door that somebody stands before: open goes through it, and says how that
// went; empty: well.
type way struct {
	kind  storage.ActorKind
	actor string // empty: anybody
	open  func() string
}

// way goes to a door: whoever goes through it has signed in by then, and sees the page.
func (d *doors) way(door string, row *doorRow, o api.Described, x *doorSubject) way {
	d.t.Helper()
	in, said := d.words(x, true), d.words(x, false)
	switch door {
	case "api":
		return way{kind: storage.ActorClient, actor: "robot", open: func() string {
			if status, text := d.send(o.Method, api.Prefix+in.Replace(o.Path), d.robot(o.Scope), said.Replace(row.body)); status != o.Status {
				return fmt.Sprintf("status %d: %s", status, text)
			}
			return ""
		}}
	case "console":
		b, _, who := d.browser(admin.Owner)
		address, fields := d.form(row, x)
		return d.byPage(b, who, address, "act-submit", append(fields, "reason="+why))
	case "own":
		b, _ := d.ownBrowser(x)
		return d.byPage(b, x.ID, said.Replace(row.own[0]), said.Replace(row.own[1]), strings.Fields(said.Replace(row.own[2])))
	case "command":
		return way{kind: storage.ActorOperator, open: func() string {
			args := append(strings.Fields(said.Replace(row.command)), "--data", d.data)
			if status, out, errs := latchkeyRun(d.t, args...); status != 0 {
				return fmt.Sprintf("status %d: %s%s", status, out, errs)
			}
			return ""
		}}
	}
	return way{kind: storage.ActorClient, open: func() string {
		if status, text := d.send(row.scim[0], "/scim/v2"+in.Replace(row.scim[1]), "9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", in.Replace(row.scim[2])); status >= 300 {
			return fmt.Sprintf("status %d: %s", status, text)
		}
		return ""
	}}
}

// byPage is the form of a page, which has been opened.
func (d *doors) byPage(b *testbrowser.Browser, who storage.ID, address, button string, fields []string) way {
	d.t.Helper()
	page := b.Get(address)
	return way{kind: storage.ActorPerson, actor: string(who), open: func() string {
		if page.Status != http.StatusOK || !page.Has(button) {
			return fmt.Sprintf("%s: status %d: %s", page.URL, page.Status, page.Body)
		}
		if page = b.Submit(button, fields...); page.Status != http.StatusOK || button == "act-submit" && page.Has(button) {
			return fmt.Sprintf("%s: status %d: %s", page.URL, page.Status, page.Body)
		}
		return ""
	}}
}

// form is the address of a page of the console, and what is filled in there.
func (d *doors) form(row *doorRow, x *doorSubject) (address string, fields []string) {
	d.t.Helper()
	said := d.words(x, false)
	address = d.words(x, true).Replace(row.act)
	if subject := pageSubjects[row.act]; subject != "" {
		address += "?" + said.Replace(subject)
	}
	for _, field := range row.form {
		fields = append(fields, said.Replace(field))
	}
	return address, fields
}

// doorsOf are the doors that there are to what a row does.
func doorsOf(row *doorRow) []string {
	return slices.DeleteFunc([]string{"api", "console", "command", "scim", "own"}, func(door string) bool {
		return door == "console" && row.act == "" || door == "command" && row.command == "" || door == "scim" && row.scim[0] == "" || door == "own" && row.own[0] == ""
	})
}

// filledForm is a form as a browser sends it.
func filledForm(csrf, address string, fields []string) url.Values {
	form := url.Values{"csrf": {csrf}, "reason": {why}}
	for _, field := range append(fields, strings.Split(address[strings.Index(address+"?", "?"):], "?")[1:]...) {
		name, value, _ := strings.Cut(field, "=")
		form.Set(name, value)
	}
	return form
}
