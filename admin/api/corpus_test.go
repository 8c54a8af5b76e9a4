package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// corpus are texts that would run, or reach further, if something took them for more than
// text.
var corpus = []string{
	`<script>alert(1)</script>`, "a\x00b", "a\r\nSet-Cookie: x=1", `' OR 1=1 --`, `../../people%00\u202E{{constructor.constructor('alert(1)')()}}`, strings.Repeat("A", 5000),
}

// each goes over every operation of the table, with a sample about a person who is no
// administrator.
func (s *site) each(do func(o api.Described, u *storage.User, with sample)) {
	s.T.Helper()
	u := s.Person(string(s.ID()) + "@example.com")
	for _, o := range api.Operations() {
		if samples[o.ID] == nil {
			s.T.Fatalf("%s has no sample", o.ID)
		}
		do(o, u, samples[o.ID](s, u))
		now, err := s.Store.Users().ByID(s.T.Context(), u.ID)
		logintest.Check(s.T, err)
		if u = now; u.Disabled() || u.Locked() || !u.DeleteAt.IsZero() { // the next operation finds somebody who has an account
			u = s.Person(string(s.ID()) + "@example.com")
		}
	}
}

// TestCS1_NoPageOfAnotherSiteReachesTheAPI: what a browser sends by itself from another
// site (cookies, forms, texts) changes nothing by any operation (CSRF), and none lets
// another site's script send more (CORS).
func TestCS1_NoPageOfAnotherSiteReachesTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.owner()
	s.each(func(o api.Described, _ *storage.User, with sample) {
		before := s.state()
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"} {
			a := s.call("", o.Method, api.Prefix+with.path, with.body, "Content-Type", kind, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site", "Cookie", "latchkey_session="+token+"; token="+token)
			if a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s as %s: %d %v", o.ID, kind, a.Status, a.Header)
			}
			if with.body != "" && kind != "application/json" {
				if a := s.call(token, o.Method, api.Prefix+with.path, with.body, "Content-Type", kind); a.Status != http.StatusUnsupportedMediaType {
					t.Errorf("%s takes %s: %d %s", o.ID, kind, a.Status, a.Text)
				}
			}
		}
		asked := s.call("", http.MethodOptions, api.Prefix+with.path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", o.Method, "Access-Control-Request-Headers", "authorization")
		if asked.Status < 400 || asked.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("OPTIONS of %s: %d %v", o.ID, asked.Status, asked.Header)
		}
		if s.state() != before {
			t.Errorf("%s changed something", o.ID)
		}
	})
}

// extra are members that no operation takes, whatever else it does.
var extra = map[string]any{
	"id": "0123", "created_at": "2001-01-01T00:00:00Z", "created": "2001-01-01", "updated_at": "2001-01-01T00:00:00Z", "source": "scim:okta", "password": "correct horse battery", "password_hash": "$argon2id$",
	"password_epoch": 7, "disabled_at": "2001-01-01T00:00:00Z", "locked_at": "2001-01-01T00:00:00Z", "delete_at": "2001-01-01T00:00:00Z", "user_id": "1", "actor": "root", "secret_hash": "x", "is_admin": true,
	"__proto__": map[string]any{"roles": []any{"latchkey-owner"}}, "constructor": map[string]any{}, "Roles": []any{"latchkey-owner"}, "role": "latchkey-owner", "scopes": []any{"admin:owner"},
}

// TestRE4_NoOperationTakesWhatItHasNot: a member that the body of an operation does not
// have, or that is read alone, is refused, at every depth, and nothing is changed (mass
// assignment); an operation without a body reads none.
func TestRE4_NoOperationTakesWhatItHasNot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.owner()
	s.each(func(o api.Described, u *storage.User, with sample) {
		if o.Method == http.MethodGet {
			return
		}
		if with.body == "" {
			forged := extra
			text, err := json.Marshal(forged)
			logintest.Check(t, err)
			a := s.call(token, o.Method, api.Prefix+with.path, string(text))
			s.untouched(o, u, a)
			return
		}
		before := s.state()
		for name, value := range extra {
			var whole map[string]any
			logintest.Check(t, json.Unmarshal([]byte(with.body), &whole))
			for _, in := range objectsIn("", whole) {
				if strings.HasPrefix(in.at, ".metadata") { // RFC 7591 section 2: what is not known there is ignored
					continue
				}
				in.of[name] = value
				text, err := json.Marshal(whole)
				logintest.Check(t, err)
				if a := s.call(token, o.Method, api.Prefix+with.path, string(text)); a.Status != http.StatusUnprocessableEntity {
					t.Errorf("%s takes %s of %q: %d %s", o.ID, name, in.at, a.Status, a.Text)
				}
				delete(in.of, name)
			}
		}
		if s.state() != before {
			t.Errorf("%s changed something", o.ID)
		}
	})
}

// untouched holds an operation that has no body to what it does by itself.
func (s *site) untouched(o api.Described, u *storage.User, a *answer) {
	s.T.Helper()
	if a.Status >= 500 {
		s.T.Errorf("%s: %d %s", o.ID, a.Status, a.Text)
	}
	after, err := s.Store.Users().ByID(s.T.Context(), u.ID)
	logintest.Check(s.T, err)
	if len(after.Roles) > 0 || after.PasswordHash != u.PasswordHash || !after.CreatedAt.Equal(u.CreatedAt) || after.Email != u.Email {
		s.T.Errorf("%s set %+v", o.ID, after)
	}
}

// placed is an object of a body, and the way to it.
type placed struct {
	at string
	of map[string]any
}

// objectsIn are all objects of a body.
func objectsIn(at string, in map[string]any) []placed {
	all := []placed{{at, in}}
	for name, value := range in {
		if inner, ok := value.(map[string]any); ok {
			all = append(all, objectsIn(at+"."+name, inner)...)
		}
	}
	return all
}

// TestRE4_WhatIsSentIsText: no text of a body, a query or an address is taken for more by
// any operation (cross-site scripting, injection), and what is answered is no page.
func TestRE4_WhatIsSentIsText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.owner()
	plain := func(o api.Described, how string, a *answer) {
		t.Helper()
		kind := a.Header.Get("Content-Type")
		if a.Status >= 500 || a.Status != http.StatusNoContent && a.Status < 400 && kind != "application/json" || a.Status >= 400 && kind != "application/problem+json" && a.Status != http.StatusNotFound ||
			strings.Contains(kind, "html") || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s: %d %q %.300s", o.ID, how, a.Status, kind, a.Text)
		}
	}
	for _, bad := range corpus {
		s.each(func(o api.Described, _ *storage.User, with sample) {
			if o.ID == "everybody.lock_down" || strings.HasPrefix(o.ID, "keys.re") {
				return // what they end, the tokens of this test hang on
			}
			query := url.Values{}
			for _, name := range []string{"q", "after", "limit", "client", "group", "type", "role", "status", "from", "to", "days", "user", "sort", "actor"} {
				query.Set(name, bad)
			}
			path, _, _ := strings.Cut(with.path, "?")
			plain(o, "by query", s.call(token, http.MethodGet, api.Prefix+path+"?"+query.Encode(), ""))
			plain(o, "by address", s.call(token, o.Method, api.Prefix+path+"/"+url.PathEscape(bad), with.body))
			if with.body == "" {
				return
			}
			var whole map[string]any
			logintest.Check(t, json.Unmarshal([]byte(with.body), &whole))
			for _, in := range objectsIn("", whole) {
				for name, was := range in.of {
					if _, text := was.(string); !text {
						continue
					}
					in.of[name] = bad
					text, err := json.Marshal(whole)
					logintest.Check(t, err)
					plain(o, "by "+name, s.call(token, o.Method, api.Prefix+with.path, string(text), "User-Agent", strings.Map(visible, bad)))
					in.of[name] = was
				}
			}
		})
	}
}

// visible keeps what a header can hold.
func visible(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
