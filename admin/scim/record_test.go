package scim_test

import (
	"context"
	"errors"
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

// looks are the events of reads that there were since it was asked last, the newest first.
func (s *site) looks() []storage.Event {
	s.T.Helper()
	list, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{Type: storage.EventAdminRead, Since: s.Clock.Now(), Limit: 100})
	logintest.Check(s.T, err)
	s.Clock.Advance(time.Minute)
	return list
}

// TestAD1_WhatASourceLooksAtIsRecorded: each way to read a person or a group is one event
// in the audit log, which names the source, whom it is about, and which parameters there
// were, and nothing of what they say. A change that changes nothing is a read as well, and
// one that does is none.
func TestAD1_WhatASourceLooksAtIsRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.user(entra, "ada@example.com").id()
	group := s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"staff","members":[{"value":"`+id+`"}]}`), http.StatusCreated).id()
	s.Clock.Advance(time.Minute)
	const query = `filter=userName+eq+%22ada@example.com%22&attributes=userName&lovelace=1`
	const searched = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"id eq \"lovelace\"","count":5}`
	for _, c := range []struct {
		token, method, path, body string
		status                    int
		detail, about             string
	}{
		{entra, "GET", "/Users", "", 200, "SCIM: /Users", ""},
		{entra, "GET", "/Users?" + query, "", 200, "SCIM: /Users by attributes by filter", ""},
		{entra, "GET", "/Users?filter=lovelace", "", 400, "SCIM: /Users by filter", ""},
		{entra, "GET", "/Users/" + id, "", 200, "SCIM: /Users/{id}", id},
		{service, "GET", "/Users/" + id, "", 200, "SCIM: /Users/{id}", id},
		{okta, "GET", "/Users/" + id, "", 404, "SCIM: /Users/{id}", id},
		{entra, "GET", "/Users/lovelace", "", 404, "SCIM: /Users/{id}", ""},
		{entra, "GET", "/Groups?count=1&startIndex=1", "", 200, "SCIM: /Groups by count by startIndex", ""},
		{entra, "GET", "/Groups/" + group + "?excludedAttributes=members", "", 200, "SCIM: /Groups/{id} group " + group + " by excludedAttributes", ""},
		{entra, "GET", "/Groups/lovelace", "", 404, "SCIM: /Groups/{id}", ""},
		{entra, "POST", "/.search", searched, 200, "SCIM: /.search by count by filter", ""},
		{entra, "POST", "/Users/.search", searched, 200, "SCIM: /Users by count by filter", ""},
		{entra, "POST", "/Groups/.search", searched, 200, "SCIM: /Groups by count by filter", ""},
		{entra, "PATCH", "/Users/" + id, patched(`{"op":"replace","path":"userName","value":"ada@example.com"}`), 200, "SCIM: /Users/{id}", id},
		{entra, "PATCH", "/Groups/" + group, patched(`{"op":"add","path":"members","value":[{"value":"` + id + `"}]}`), 200, "SCIM: /Groups/{id} group " + group, ""},
		{entra, "PATCH", "/Users/" + id, patched(`{"op":"replace","path":"nickName","value":"Countess"}`), 200, "", ""},
		{entra, "PATCH", "/Groups/" + group, patched(`{"op":"remove","path":"members"}`), 200, "", ""},
		{entra, "GET", "/Schemas", "", 200, "", ""},
		{"wrong", "GET", "/Users", "", 401, "", ""},
	} {
		version := s.call(entra, http.MethodGet, "/Groups/"+group, "").Header.Get("ETag")
		s.looks()
		s.want(s.call(c.token, c.method, c.path, c.body), c.status)
		looks := s.looks()
		if c.detail == "" {
			if len(looks) != 0 {
				t.Errorf("%s %s is recorded: %+v", c.method, c.path, looks)
			}
			continue
		}
		actor := map[string]string{entra: "scim:entra", okta: "scim:okta", service: "hr"}[c.token]
		if len(looks) != 1 || looks[0].Detail != c.detail || string(looks[0].UserID) != c.about || looks[0].ActorKind != storage.ActorClient || looks[0].ActorID != actor || looks[0].Outcome != storage.Success {
			t.Errorf("%s %s by %s: %+v", c.method, c.path, actor, looks)
		}
		if now := s.call(entra, http.MethodGet, "/Groups/"+group, "").Header.Get("ETag"); now != version {
			t.Errorf("%s %s: version %s after %s", c.method, c.path, now, version)
		}
	}
}

// deaf takes no event of a read.
type deaf struct{ account.Events }

// Append implements account.Events.
func (d deaf) Append(ctx context.Context, e storage.Event) error {
	if e.Type == storage.EventAdminRead {
		return errors.New("the disk is full")
	}
	return d.Events.Append(ctx, e)
}

// TestAD1_WhatCannotBeRecordedIsNotAnswered: a read whose event cannot be written shows
// nothing.
func TestAD1_WhatCannotBeRecordedIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := newSiteOf(t, func(c *account.Config) { c.Events = deaf{c.Events} })
	id := s.user(entra, "ada@example.com").id()
	routes := scim.Routes(s.server)
	for _, r := range routes {
		body := ""
		switch {
		case strings.HasSuffix(r.Path, ".search"):
			body = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`
		case r.Method != http.MethodGet || !strings.HasPrefix(r.Path, "/Users") && !strings.HasPrefix(r.Path, "/Groups"):
			continue
		}
		a := s.want(s.call(entra, r.Method, strings.Replace(r.Path, "{id}", id, 1), body), http.StatusServiceUnavailable)
		if a.Header.Get("Retry-After") == "" || strings.Contains(a.Text, "ada") || strings.Contains(a.Text, "disk") {
			t.Errorf("%s %s: %v %s", r.Method, r.Path, a.Header, a.Text)
		}
	}
	if !slices.Contains(routes, scim.Route{Method: http.MethodPost, Path: "/.search"}) {
		t.Errorf("routes %v", routes)
	}
}
