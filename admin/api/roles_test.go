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
	"github.com/latchkey-id/latchkey/storage"
)

// mayBy is who is let do what takes a scope, as the documentation says.
var mayBy = map[string][]admin.Role{
	"admin:people.read":   {admin.Owner, admin.People, admin.HelpDesk, admin.Auditor},
	"admin:people.write":  {admin.Owner, admin.People},
	"admin:helpdesk":      {admin.Owner, admin.People, admin.HelpDesk},
	"admin:groups.read":   {admin.Owner, admin.People, admin.HelpDesk, admin.Auditor},
	"admin:groups.write":  {admin.Owner, admin.People},
	"admin:clients.read":  {admin.Owner, admin.People, admin.HelpDesk, admin.Auditor},
	"admin:clients.write": {admin.Owner},
	"admin:owner":         {admin.Owner},
	"admin:audit.read":    {admin.Owner, admin.Auditor},
	"admin:system.read":   {admin.Owner, admin.Auditor},
	"admin:system.write":  {admin.Owner},
}

// TestAD1_EveryOperationTakesRoleAndScope: whoever lacks either is refused and changes
// nothing, and whoever has both is let in; a refused change and a change are events that
// name who it was.
func TestAD1_EveryOperationTakesRoleAndScope(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, o := range api.Operations() {
		seen[o.ID] = true
		t.Run(o.ID, func(t *testing.T) {
			t.Parallel()
			if samples[o.ID] == nil || mayBy[o.Scope] == nil {
				t.Fatalf("%s has no sample here, or nobody may %s", o.ID, o.Scope)
			}
			s := newSite(t)
			u := s.Person("ada@example.com")
			with := samples[o.ID](s, u)
			others := slices.DeleteFunc(allScopes(), func(scope string) bool { return scope == o.Scope })
			owner, _ := s.administrator(admin.Owner)
			nobody := s.Person("nobody@example.com")
			weak := s.person(owner, "weak", o.Scope)
			s.tokens[weak].Shown.ACR = mfa.ACRCode
			for name, refused := range map[string]struct {
				token  string
				status int
			}{
				"no token":               {"", http.StatusUnauthorized},
				"a token of nobody":      {"forged", http.StatusUnauthorized},
				"a service without it":   {s.service(others...), http.StatusForbidden},
				"an owner without it":    {s.person(owner, others...), http.StatusForbidden},
				"a person without roles": {s.person(nobody, allScopes()...), http.StatusForbidden},
				"one factor":             {weak, http.StatusUnauthorized},
			} {
				s.refused(o, with, name, refused.token, refused.status)
			}
			for _, role := range admin.Roles() {
				if _, token := s.administrator(role); !slices.Contains(mayBy[o.Scope], role) {
					s.refused(o, with, string(role), token, http.StatusForbidden)
				}
			}
			s.allowed(o, u)
		})
	}
	for id := range samples {
		if !seen[id] {
			t.Errorf("%s is no operation", id)
		}
	}
}

// refused holds a request to its refusal, and to nothing but its event.
func (s *site) refused(o api.Described, with sample, name, token string, status int) {
	s.T.Helper()
	before, refusals, reads := s.state(), len(s.events(storage.EventChangeRefused)), len(s.events(storage.EventAdminRead))
	a := s.send(token, o, with)
	if a.Status != status || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Cache-Control") != "no-store" {
		s.T.Errorf("%s: status %d, want %d: %s", name, a.Status, status, a.Text)
	}
	if status == http.StatusForbidden && !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="insufficient_scope", scope="`+o.Scope+`"`) {
		s.T.Errorf("%s: challenge %q", name, a.Header.Get("WWW-Authenticate"))
	}
	if status == http.StatusForbidden && !strings.Contains(a.Header.Get("WWW-Authenticate"), `resource_metadata="`+metadataOf+`"`) {
		s.T.Errorf("%s: challenge %q", name, a.Header.Get("WWW-Authenticate"))
	}
	if s.state() != before {
		s.T.Errorf("%s: something changed", name)
	}
	wrote := len(s.events(storage.EventChangeRefused)) - refusals
	if known := status == http.StatusForbidden && o.Method != http.MethodGet; known != (wrote == 1) {
		s.T.Errorf("%s: %d refusals were recorded", name, wrote)
	}
	if read := s.events(storage.EventAdminRead); (status == http.StatusForbidden && o.Method == http.MethodGet) != (len(read)-reads == 1) || len(read) > reads && read[0].Outcome != storage.Failure {
		s.T.Errorf("%s: %d reads were recorded: %+v", name, len(read)-reads, read)
	}
}

// allowed holds each role that may, and a service, to what the operation does, with a
// sample of its own each.
func (s *site) allowed(o api.Described, first *storage.User) {
	s.T.Helper()
	tokens := []string{s.service(o.Scope)}
	for _, role := range mayBy[o.Scope] {
		_, token := s.administrator(role)
		tokens = append(tokens, token)
	}
	for i, token := range tokens {
		u := first
		if i > 0 || strings.HasSuffix(o.ID, ".enable") || strings.HasSuffix(o.ID, ".undo_lockdown") || strings.HasSuffix(o.ID, ".keep") {
			u = s.Person(string(s.ID()) + "@example.com")
		}
		with := samples[o.ID](s, u)
		before, logged := s.state(), s.newest()
		s.Clock.Advance(time.Second) // ids of events are in the order of time
		s.want(s.send(token, o, with), o.Status)
		changed, e := s.state() != before, s.newest()
		switch {
		case o.Method == http.MethodGet:
			if about := strings.Contains(o.Path, "{person}"); changed || e.ID == logged.ID || e.Type != storage.EventAdminRead || e.Outcome != storage.Success || !strings.Contains(e.Detail, "admin API: "+o.ID) || about != (e.UserID == u.ID) {
				s.T.Errorf("%s changed something (%v), or its event is %+v", o.ID, changed, e)
			}
		case o.ID == "people.reset_password" && e.ID != logged.ID: // nothing but a token
		case o.ID != "invitations.create" && !changed, e.ID == logged.ID:
			s.T.Errorf("%s changed nothing, or left no event", o.ID)
		}
		if who := s.tokens[token]; who.User != nil && (e.ActorKind != storage.ActorPerson || e.ActorID != string(who.User.ID)) || who.User == nil && e.ActorKind != storage.ActorClient || e.ClientID != who.Client.ID && o.ID != "grants.revoke" && !strings.HasPrefix(o.ID, "clients.") {
			s.T.Errorf("%s: its event names %s %s by %s", o.ID, e.ActorKind, e.ActorID, e.ClientID)
		}
	}
}

// newest is the newest event.
func (s *site) newest() storage.Event {
	s.T.Helper()
	events, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{Limit: 1})
	if err != nil || len(events) == 0 {
		s.T.Fatalf("no event: %v", err)
	}
	return events[0]
}

// TestAD1_AdministratorsAreReachedByOwnersAlone: whatever can be done to people cannot be
// done to an administrator by one who is no owner, nor by a service without admin:owner,
// nor by anybody to themselves.
func TestAD1_AdministratorsAreReachedByOwnersAlone(t *testing.T) {
	t.Parallel()
	for _, o := range api.Operations() {
		if o.Method == http.MethodGet || !strings.Contains(o.Path, "{person}") {
			continue
		}
		t.Run(o.ID, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			owner, ownerToken := s.administrator(admin.Owner)
			auditor, _ := s.administrator(admin.Auditor)
			_, people := s.administrator(admin.People)
			_, desk := s.administrator(admin.HelpDesk)
			withoutOwner := slices.DeleteFunc(allScopes(), func(scope string) bool { return scope == admin.ScopeOwner })
			prepared := map[storage.ID]sample{}
			for name, try := range map[string]struct {
				whom  *storage.User
				token string
			}{
				"people to an owner": {owner, people}, "people to an auditor": {auditor, people}, "help desk to an owner": {owner, desk},
				"a service to an owner": {owner, s.service(withoutOwner...)}, "an owner to themselves": {owner, ownerToken},
				"an owner by a client without the scope": {auditor, s.person(owner, withoutOwner...)},
			} {
				with, ready := prepared[try.whom.ID]
				if !ready {
					with = samples[o.ID](s, try.whom)
					prepared[try.whom.ID] = with
				}
				before := s.state()
				if a := s.send(try.token, o, with); a.Status != http.StatusForbidden {
					t.Errorf("%s: status %d: %s", name, a.Status, a.Text)
				}
				if s.state() != before {
					t.Errorf("%s: something changed", name)
				}
			}
			another, _ := s.administrator(admin.Auditor) // nobody prepared anything for them
			if a := s.send(ownerToken, o, samples[o.ID](s, another)); a.Status != o.Status {
				t.Errorf("an owner to an auditor: status %d: %s", a.Status, a.Text)
			}
		})
	}
}
