package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// documented are the statuses of an operation in the document, and whether it has a body.
type documented struct {
	statuses []int
	body     bool
}

// document is what the served document says, by the ids of the operations.
func (s *site) document() map[string]documented {
	s.T.Helper()
	var read struct {
		Paths map[string]map[string]struct {
			ID        string                     `json:"operationId"`
			Responses map[string]json.RawMessage `json:"responses"`
			Body      json.RawMessage            `json:"requestBody"`
		}
	}
	logintest.Check(s.T, json.Unmarshal([]byte(s.call("", http.MethodGet, api.DocumentPath, "").Text), &read))
	all := map[string]documented{}
	for _, methods := range read.Paths {
		for _, o := range methods {
			d := documented{body: o.Body != nil}
			for status := range o.Responses {
				n, err := strconv.Atoi(status)
				logintest.Check(s.T, err)
				d.statuses = append(d.statuses, n)
			}
			slices.Sort(d.statuses)
			all[o.ID] = d
		}
	}
	return all
}

// away counts nothing: the store is away.
type away struct{ ephemeral.Counters }

// Draw implements ephemeral.Counters.
func (away) Draw(context.Context, string, storage.Bucket) (time.Duration, error) {
	return 0, errors.New("away")
}

// refusals make requests that an operation of its own refuses; headers are name and value
// in turn.
var refusals = map[string][]func(s *site, u *storage.User) (with sample, headers []string){
	"people.create": {fails(func(_ *site, u *storage.User) sample { return sample{"/people", `{"email":"` + u.Email + `"}`} })},
	"people.list":   {fails(at("/people?group=none"))},
	"people.edit": {stale(of("/people/%s", `{"profile":{"nickname":"x"}}`)), fails(func(s *site, u *storage.User) sample {
		name := "n" + string(s.ID())
		_, err := s.Accounts.Create(s.T.Context(), account.Operator("root"), account.NewAccount{Username: name})
		logintest.Check(s.T, err)
		return sample{"/people/" + string(u.ID), `{"username":"` + name + `"}`}
	})},
	"people.delete":    {stale(of("/people/%s", ""))},
	"people.set_roles": {stale(of("/people/%s/roles", `{"roles":["x"]}`))},
	"groups.create":    {fails(func(s *site, _ *storage.User) sample { return sample{"/groups", `{"name":"` + s.group().Name + `"}`} })},
	"groups.edit": {stale(ofGroup("", `{"description":"x"}`)), fails(func(s *site, u *storage.User) sample {
		return sample{"/groups/" + string(s.group().ID), `{"name":"` + s.group().Name + `"}`}
	})},
	"groups.delete": {stale(ofGroup("", "")), fails(func(s *site, _ *storage.User) sample {
		g, err := s.Accounts.CreateGroup(s.T.Context(), account.Operator("root"), account.NewGroup{Name: named + string(s.ID())})
		logintest.Check(s.T, err)
		return sample{"/groups/" + string(g.ID), ""}
	})},
	"invitations.create": {fails(func(_ *site, u *storage.User) sample {
		return sample{"/invitations", `{"email":"` + u.Email + `","deliver":"link"}`}
	})},
	"clients.create":     {fails(at2("/clients", `{"client_id":"console","metadata":`+webMetadata+`}`))},
	"clients.replace":    {fails(at2("/clients/console", `{"metadata":`+webMetadata+`}`)), stale(ofClient("", `{"metadata":`+webMetadata+`}`))},
	"clients.add_secret": {fails(at2("/clients/console/secrets", `{}`))},
	"clients.delete":     {fails(at("/clients/console")), stale(ofClient("", ""))},
}

func at2(path, body string) func(*site, *storage.User) sample {
	return func(*site, *storage.User) sample { return sample{path, body} }
}

func fails(make func(*site, *storage.User) sample) func(*site, *storage.User) (sample, []string) {
	return func(s *site, u *storage.User) (sample, []string) { return make(s, u), nil }
}

// stale is a request with the validator of what there was before.
func stale(make func(*site, *storage.User) sample) func(*site, *storage.User) (sample, []string) {
	return func(s *site, u *storage.User) (sample, []string) { return make(s, u), []string{"If-Match", `"stale"`} }
}

// TestEveryDocumentedStatusIsSeen: each operation answers with each status that the
// document has for it, and with no other; but for 500, which is a fault of ours.
func TestEveryDocumentedStatusIsSeen(t *testing.T) {
	t.Parallel()
	s, down := newSite(t), newSite(t, func(c *api.Config) { c.Counters = away{} })
	busy := newSite(t, func(c *api.Config) { c.Limit = storage.Bucket{Burst: 1, Every: time.Hour} })
	busy.call(busy.service(allScopes()...), http.MethodGet, api.Prefix+"/people", "")
	document := s.document()
	for _, o := range api.Operations() {
		said, seen := document[o.ID], map[int]bool{}
		try := func(on *site, token, path, body string, headers ...string) {
			t.Helper()
			a := on.call(token, o.Method, api.Prefix+path, body, headers...)
			if seen[a.Status] = true; !slices.Contains(said.statuses, a.Status) {
				t.Errorf("%s answers %d, which is not documented: %s", o.ID, a.Status, a.Text)
			}
		}
		u := s.Person(string(s.ID()) + "@example.com")
		with, all := samples[o.ID](s, u), s.service(allScopes()...)
		others := slices.DeleteFunc(allScopes(), func(scope string) bool { return scope == o.Scope })
		try(s, "", with.path, with.body)
		try(s, s.service(others...), with.path, with.body)
		try(busy, busy.service(allScopes()...), with.path, with.body)
		try(down, down.service(allScopes()...), with.path, with.body)
		query := "?"
		if strings.Contains(with.path, "?") {
			query = "&"
		}
		try(s, all, with.path+query+"no_such=1", with.body)
		if said.body {
			try(s, all, with.path, "{")
			try(s, all, with.path, with.body, "Content-Type", "text/plain")
			try(s, all, with.path, `{"reason":"`+strings.Repeat("x", 70<<10)+`"}`)
		}
		if strings.Contains(o.Path, "{") {
			try(s, all, unknown(o.Path), with.body)
		}
		for _, refused := range refusals[o.ID] {
			request, headers := refused(s, s.Person(string(s.ID())+"@example.com"))
			try(s, all, request.path, request.body, headers...)
		}
		try(s, all, with.path, with.body)
		for _, status := range said.statuses {
			if !seen[status] && status != http.StatusInternalServerError {
				t.Errorf("%s never answers %d, which is documented", o.ID, status)
			}
		}
	}
}

// unknown fills a path in with ids of nothing.
func unknown(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = strings.Repeat("0", 32)
		}
	}
	return strings.Join(parts, "/")
}
