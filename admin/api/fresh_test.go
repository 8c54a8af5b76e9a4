package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/mfa"
)

// grave are the operations that a person does on fresh proofs, as the documentation says.
var grave = []string{
	"people.delete", "people.disable", "people.reset_password", "people.set_roles", "people.lock_down", "people.undo_lockdown", "factors.reset",
	"clients.create", "clients.replace", "clients.add_secret", "clients.delete", "clients.lock_down", "clients.undo_lockdown",
	"keys.rotate", "keys.revoke", "everybody.lock_down",
}

// TestFE1_GraveOperationsWantFreshProofs: each operation by each role that may do it, with
// tokens of sign-ins of several ages: what is grave is refused with the challenge of RFC
// 9470 where the proofs are too old, and changes nothing; the next request with a fresh
// token does it. What is not grave asks for nothing. A service has no proofs to show.
func TestFE1_GraveOperationsWantFreshProofs(t *testing.T) {
	t.Parallel()
	calm := newSite(t)
	for _, o := range api.Operations() {
		if !slices.Contains(grave, o.ID) {
			calm.holdsFreshness(o)
			continue
		}
		t.Run(o.ID, func(t *testing.T) {
			t.Parallel()
			newSite(t).holdsFreshness(o)
		})
	}
	for _, id := range grave {
		if o := described(t, id); o.Method == http.MethodGet {
			t.Errorf("%s changes nothing", id)
		}
	}
}

// holdsFreshness tries an operation with the proofs of each role that may do it.
func (s *site) holdsFreshness(o api.Described) {
	s.T.Helper()
	t, within := s.T, s.Accounts.FreshFor()
	for _, role := range mayBy[o.Scope] {
		for age, stale := range map[time.Duration]bool{0: false, within: false, within + time.Second: true, 20 * time.Hour: true} {
			_, token := s.administrator(role)
			u := s.Person(string(s.ID()) + "@example.com")
			with := samples[o.ID](s, u)
			s.tokens[token].Shown.Time = s.Clock.Now().Add(-age)
			if !stale || !slices.Contains(grave, o.ID) {
				s.want(s.send(token, o, with), o.Status)
				continue
			}
			before := s.state()
			a := s.want(s.send(token, o, with), http.StatusUnauthorized)
			challenge := `error="insufficient_user_authentication", acr_values="aal2", max_age="600"`
			if !strings.Contains(a.Header.Get("WWW-Authenticate"), challenge) || a.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s by %s, %s old: challenge %q, %s", o.ID, role, age, a.Header.Get("WWW-Authenticate"), a.Text)
			}
			if s.state() != before {
				t.Errorf("%s by %s, %s old: something changed", o.ID, role, age)
			}
			s.tokens[token].Shown.Time = s.Clock.Now()
			s.want(s.send(token, o, with), o.Status)
		}
	}
	s.want(s.send(s.service(o.Scope, admin.ScopeOwner), o, samples[o.ID](s, s.Person(string(s.ID())+"@example.com"))), o.Status)
}

// TestFE1_WhatIsGraveWithinAnEdit: an address and a role that administers ask for fresh
// proofs, where the rest of the same operation does not.
func TestFE1_WhatIsGraveWithinAnEdit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com")
	g, chiefs := s.group(), s.group(roleOf(admin.Auditor))
	_, token := s.administrator(admin.Owner)
	s.tokens[token].Shown.Time = s.Clock.Now().Add(-time.Hour)
	for body, status := range map[string]int{
		`{"profile":{"nickname":"Countess"}}`: http.StatusOK, `{"username":"ada"}`: http.StatusOK,
		`{"email":"lovelace@example.com"}`:                                      http.StatusUnauthorized,
		`{"email":"lovelace@example.com","profile":{"nickname":"Enchantress"}}`: http.StatusUnauthorized,
	} {
		s.want(s.call(token, http.MethodPatch, api.Prefix+"/people/"+string(u.ID), body), status)
	}
	if now, err := s.Store.Users().ByID(t.Context(), u.ID); err != nil || now.Email != "ada@example.com" || now.Profile.Nickname != "Countess" {
		t.Errorf("%+v, %v", now, err)
	}
	member := "/members/" + string(u.ID)
	s.want(s.call(token, http.MethodPut, api.Prefix+"/groups/"+string(g.ID)+member, ""), http.StatusNoContent)
	s.want(s.call(token, http.MethodPut, api.Prefix+"/groups/"+string(chiefs.ID)+member, ""), http.StatusUnauthorized)
	s.want(s.call(token, http.MethodPost, api.Prefix+"/groups", `{"name":"more","roles":["`+roleOf(admin.Owner)+`"]}`), http.StatusUnauthorized)
	s.tokens[token].Shown.Time = s.Clock.Now()
	s.want(s.call(token, http.MethodPut, api.Prefix+"/groups/"+string(chiefs.ID)+member, ""), http.StatusNoContent)
}

// TestFE1_AFreshSignInOfALesserClassIsNone: the class that is wanted has to be what is fresh.
func TestFE1_AFreshSignInOfALesserClassIsNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *api.Config) { c.ACR = mfa.ACRPhishingResistant })
	u := s.Person("ada@example.com")
	_, token := s.administrator(admin.Owner)
	for _, step := range []struct {
		acr    string
		age    time.Duration
		status int
	}{
		{mfa.ACRTwoFactor, 0, http.StatusUnauthorized}, {mfa.ACRPhishingResistant, time.Hour, http.StatusUnauthorized}, {mfa.ACRPhishingResistant, 0, http.StatusNoContent},
	} {
		s.tokens[token].Shown.ACR, s.tokens[token].Shown.Time = step.acr, s.Clock.Now().Add(-step.age)
		a := s.want(s.call(token, http.MethodPost, api.Prefix+"/people/"+string(u.ID)+"/disable", `{"reason":"left"}`), step.status)
		if step.status == http.StatusUnauthorized && !strings.Contains(a.Header.Get("WWW-Authenticate"), `acr_values="phr"`) {
			t.Errorf("%+v: %q", step, a.Header.Get("WWW-Authenticate"))
		}
	}
}

// TestAD1_TheReasonStandsInTheEvent: of each change, and what is no line of text is refused
// before anything happens.
func TestAD1_TheReasonStandsInTheEvent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, o := range api.Operations() {
		if o.Method == http.MethodGet {
			continue
		}
		u := s.Person(string(s.ID()) + "@example.com")
		with, token := samples[o.ID](s, u), s.service(o.Scope, admin.ScopeOwner)
		before := s.state()
		for _, wrong := range []string{"U+FFFD \ufffd", strings.Repeat("é", 201), "\u202ereversed"} {
			s.want(s.call(token, o.Method, api.Prefix+with.path, with.body, "Audit-Reason", wrong), http.StatusUnprocessableEntity)
		}
		if s.state() != before {
			t.Errorf("%s: something changed", o.ID)
		}
		s.Clock.Advance(time.Second)
		s.want(s.call(token, o.Method, api.Prefix+with.path, with.body, "Audit-Reason", "Größe, ticket 12"), o.Status)
		if e := s.newest(); !strings.Contains(e.Detail, "Größe, ticket 12") {
			t.Errorf("%s: its event says %q", o.ID, e.Detail)
		}
	}
}
