package faults

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"
)

// token spells a refresh token of a generation.
func token(generation uint32, salt byte) string {
	b := make([]byte, 40)
	binary.BigEndian.PutUint32(b[21:25], generation)
	b[39] = salt
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// TestTheCheckerFindsWhatMayNotBe plants each fault in a journal.
func TestTheCheckerFindsWhatMayNotBe(t *testing.T) {
	t.Parallel()
	const ok = http.StatusOK
	in := func(c *call, sent time.Duration) *call {
		c.Sent, c.Got, c.Node = sent, sent+time.Millisecond, c.Lost == ""
		return c
	}
	first, second := token(1, 0), token(2, 0)
	for name, test := range map[string]struct {
		rules rules
		calls []*call
		want  string // empty: nothing
	}{
		"a quiet life": {calls: []*call{
			{What: exchange, Shown: "code", Status: ok, Refresh: first},
			{What: refresh, Shown: first, Status: 503, RetryAfter: true},
			{What: refresh, Shown: first, Status: ok, Refresh: second},
			{What: refresh, Shown: first, Status: ok, Refresh: second},
			{What: introspect, Shown: "access", Status: ok, Active: true},
			{What: revoke, Shown: second, Status: ok},
			{What: refresh, Shown: second, Status: 400, Error: "invalid_grant"},
			{What: userinfo, Shown: "access", Status: 401},
		}},
		"a code twice": {calls: []*call{
			{What: exchange, Shown: "code", Twin: true, Status: ok}, {What: exchange, Shown: "code", Twin: true, Status: ok},
		}, want: "redeemed twice"},
		"a good code refused":    {calls: []*call{{What: exchange, Shown: "code", Status: 400, Error: "invalid_grant"}}, want: "a good code was refused"},
		"a code that Redis lost": {rules: rules{CodesMayBeLost: true}, calls: []*call{{What: exchange, Shown: "code", Status: 400}}},
		"two successors": {calls: []*call{
			{What: refresh, Shown: first, Status: ok, Refresh: second}, {What: refresh, Shown: first, Status: ok, Refresh: token(2, 9)},
		}, want: "two successors"},
		"a generation left out": {calls: []*call{{What: refresh, Shown: first, Status: ok, Refresh: token(3, 0)}}, want: "generation 1 was followed by 3"},
		"an honest chain ended": {calls: []*call{{What: refresh, Shown: first, Status: 400, Error: "invalid_grant"}}, want: "an honest chain was ended"},
		"a good token refused":  {calls: []*call{{What: introspect, Shown: "access", Status: ok}}, want: "a good access token was refused"},
		"a revocation lost: refresh": {calls: []*call{
			{What: revoke, Shown: first, Status: ok}, {What: refresh, Shown: first, Status: ok, Refresh: second},
		}, want: "a revoked chain was refreshed"},
		"a revocation lost: introspection": {calls: []*call{
			{What: revoke, Shown: first, Status: ok}, {What: introspect, Shown: "access", Status: ok, Active: true},
		}, want: "a revocation was lost"},
		"a revocation lost: userinfo": {calls: []*call{
			{What: revoke, Shown: "access", Status: ok}, {What: userinfo, Shown: "access", Status: ok},
		}, want: "a revocation was lost"},
		"a revocation that was not answered": {calls: []*call{
			{What: revoke, Shown: "access", Status: 503, RetryAfter: true}, {What: userinfo, Shown: "access", Status: ok},
		}},
		"a session lost":               {calls: []*call{{What: authorize, Status: 303, Error: "login_required"}}, want: "a session is over"},
		"a code after signing out":     {calls: []*call{{What: signOut, Status: ok}, {What: authorize, Status: 303, Code: "c"}}, want: "a session that was ended"},
		"an unknown signature":         {calls: []*call{{What: verified, Status: 400}}, want: "no published key"},
		"a panic":                      {calls: []*call{{What: page, Status: 500}}, want: "a node failed"},
		"a 503 that does not say when": {calls: []*call{{What: userinfo, Status: 503}}, want: "without Retry-After"},
		"a lost answer in peace":       {rules: rules{Calm: true}, calls: []*call{{What: refresh, Shown: first, Lost: "EOF"}}, want: "no client tries that again"},
		"a lost answer in a fault":     {calls: []*call{{What: refresh, Shown: first, Lost: "EOF"}}},
		"not ready":                    {rules: rules{Ready: true}, calls: []*call{{What: readiness, Status: 503}}, want: "not ready"},
		"rightly not ready":            {calls: []*call{{What: readiness, Status: 503}}},
	} {
		for i, c := range test.calls {
			in(c, time.Duration(i+1)*time.Second)
		}
		test.rules.Deadline = time.Second
		got := strings.Join(test.rules.check(test.calls), "\n")
		if test.want == "" && got != "" || test.want != "" && !strings.Contains(got, test.want) {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
	late := &call{What: refresh, Shown: first, Status: 503, RetryAfter: true, Node: true, Got: 4 * time.Second}
	quick := &call{What: published, Status: ok, Got: 50 * time.Millisecond}
	slow := &call{What: published, Status: ok, Got: 2 * time.Second}
	if got := (rules{Deadline: 3 * time.Second}).check([]*call{late, quick}); len(got) != 1 {
		t.Errorf("an answer that was late: %q", got)
	}
	if got := (rules{Deadline: 3 * time.Second}).check([]*call{late, slow}); len(got) != 0 {
		t.Errorf("an answer that was late on a slow machine: %q", got)
	}
}
