package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// call calls an operation as an owner.
func (s *site) owns(method, path, body string) *answer {
	s.T.Helper()
	return s.call(s.owner(), method, api.Prefix+path, body)
}

// TestInvitationsAreListedAndTakenBack: with what became of each, and never a link.
func TestInvitationsAreListedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made := s.want(s.owns(http.MethodPost, "/invitations", `{"email":"ada@example.com","deliver":"link"}`), http.StatusCreated)
	link := made.JSON["link"].(string)
	token := link[strings.LastIndex(link, "=")+1:]
	if _, err := s.Accounts.Invitation(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	list := s.want(s.owns(http.MethodGet, "/invitations", ""), http.StatusOK)
	if items := list.items(); len(items) != 1 || items[0].(map[string]any)["id"] != made.JSON["id"] || items[0].(map[string]any)["email"] != "ada@example.com" || strings.Contains(list.Text, "link") || strings.Contains(list.Text, token) {
		t.Errorf("listed: %s", list.Text)
	}
	path := "/invitations/" + made.JSON["id"].(string)
	s.want(s.owns(http.MethodDelete, path, ""), http.StatusNoContent)
	if _, err := s.Accounts.Invitation(t.Context(), token); err == nil {
		t.Error("the link still works")
	}
	s.want(s.owns(http.MethodDelete, path, ""), http.StatusNotFound)
	if e := s.events(storage.EventInvitationRevoked); len(e) != 1 || !strings.Contains(e[0].Detail, made.JSON["id"].(string)) {
		t.Errorf("events: %+v", e)
	}
	if list := s.owns(http.MethodGet, "/invitations", ""); len(list.items()) != 0 {
		t.Errorf("listed: %s", list.Text)
	}
}

// TestDeliveriesAreTriedAgain: those named, or all that failed; naming none is not all.
func TestDeliveriesAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com")
	first, second := s.failed(u), s.failed(u)
	for _, step := range []struct {
		body, answer string
		events       int
	}{
		{`{"deliveries":[]}`, `"due":0`, 0},
		{`{"deliveries":["` + string(s.ID()) + `"]}`, `"due":0`, 0},
		{`{"deliveries":["` + string(first) + `"]}`, `"due":1`, 1},
		{`{}`, `"due":1`, 2},
		{`{}`, `"due":0`, 2},
	} {
		if a := s.want(s.owns(http.MethodPost, "/deliveries/retry", step.body), http.StatusOK); !strings.Contains(a.Text, step.answer) {
			t.Errorf("%s: %s", step.body, a.Text)
		}
		if e := s.events(storage.EventDeliveriesRetried); len(e) != step.events {
			t.Errorf("%s: %d events", step.body, len(e))
		}
	}
	s.want(s.owns(http.MethodPost, "/deliveries/retry", `{"deliveries":["x"]}`), http.StatusUnprocessableEntity)
	for _, id := range []storage.ID{first, second} {
		found := s.want(s.owns(http.MethodGet, "/deliveries?status=queued", ""), http.StatusOK)
		if !strings.Contains(found.Text, string(id)) {
			t.Errorf("%s is not due: %s", id, found.Text)
		}
	}
}

// TestEventsAreReplayed: from a place or a time on, to who there is.
func TestEventsAreReplayed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, err := s.Store.Feeds().Place(t.Context(), "webhook:siem", s.Clock.Now())
	logintest.Check(t, err)
	s.Person("ada@example.com")
	_, err = s.Store.Events().Link(t.Context(), 100)
	logintest.Check(t, err)
	before := s.Clock.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	after := s.Clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for body, status := range map[string]int{
		`{}`: 422, `{"after":1,"since":"` + before + `"}`: 422, `{"after":-1}`: 422, `{"since":"` + after + `"}`: 422, `{"after":7}`: 202, `{"since":"` + before + `"}`: 202,
	} {
		if a := s.owns(http.MethodPost, "/feeds/webhook:siem/replay", body); a.Status != status {
			t.Errorf("%s: status %d: %s", body, a.Status, a.Text)
		}
	}
	s.want(s.owns(http.MethodPost, "/feeds/webhook:siem/replay", `{"after":0}`), http.StatusAccepted)
	if list := s.want(s.owns(http.MethodGet, "/feeds", ""), http.StatusOK); !strings.Contains(list.Text, `"name":"webhook:siem","seq":0`) {
		t.Errorf("feeds: %s", list.Text)
	}
	s.want(s.owns(http.MethodPost, "/feeds/nobody/replay", `{"after":0}`), http.StatusNotFound)
	if e := s.events(storage.EventEventsReplayed); len(e) != 3 || !strings.Contains(e[0].Detail, "webhook:siem") {
		t.Errorf("events: %+v", e)
	}
}

// TestKY6_KeysAreRotatedAndRevoked: by whom, and why, stands in the events.
func TestKY6_KeysAreRotatedAndRevoked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	old := s.owns(http.MethodGet, "/keys", "").items()[0].(map[string]any)["kid"].(string)
	s.Clock.Advance(time.Second) // ids of events are in the order of time
	s.want(s.owns(http.MethodPost, "/keys/rotate", `{"reason":"x","alg":"RS256"}`), http.StatusUnprocessableEntity)
	for range 2 { // the second finds that a successor waits
		if a := s.want(s.owns(http.MethodPost, "/keys/rotate", `{"reason":"a year is over"}`), http.StatusOK); len(a.items()) != 2 {
			t.Errorf("keys: %s", a.Text)
		}
	}
	rotated := s.events(storage.EventSigningKeyRotated)
	if len(rotated) != 2 || rotated[0].ActorKind != storage.ActorPerson || !strings.HasPrefix(rotated[0].Detail, "a year is over: ES256 key ") || rotated[1].ActorKind != "" {
		t.Errorf("events: %+v", rotated)
	}
	a := s.want(s.owns(http.MethodPost, "/keys/"+old+"/revoke", `{"reason":"it was stolen"}`), http.StatusOK)
	if strings.Contains(a.Text, old) || !strings.Contains(a.Text, `"state":"signing"`) {
		t.Errorf("keys: %s", a.Text)
	}
	s.want(s.owns(http.MethodPost, "/keys/"+old+"/revoke", `{"reason":"it was stolen"}`), http.StatusNotFound)
	if e := s.events(storage.EventSigningKeyRevoked); len(e) != 1 || e[0].ActorKind != storage.ActorPerson || e[0].Detail != "it was stolen: key "+old+" revoked" {
		t.Errorf("events: %+v", e)
	}
}

// TestBL1_EverybodyIsLockedDown: what was issued ends and every key goes, by one call.
func TestBL1_EverybodyIsLockedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	s.session(ada)
	a := s.want(s.owns(http.MethodPost, "/lockdown", `{"reason":"broken into"}`), http.StatusOK)
	if gone := a.JSON["revoked_keys"].([]any); len(gone) != 1 {
		t.Errorf("revoked: %s", a.Text)
	}
	if left, err := s.Store.Sessions().ListByUser(t.Context(), ada.ID, s.Clock.Now()); err != nil || len(left) != 0 {
		t.Errorf("sessions: %v, %v", left, err)
	}
	for typ, detail := range map[storage.EventType]string{
		storage.EventEverybodyLocked: "broken into: ended sessions 1, grants 0, trusted devices 0", storage.EventSigningKeyRevoked: "lockdown of everybody: broken into: key ",
	} {
		if e := s.events(typ); len(e) != 1 || !strings.HasPrefix(e[0].Detail, detail) || e[0].ActorKind != storage.ActorPerson {
			t.Errorf("%s: %+v", typ, e)
		}
	}
}

// TestTheSchemaIsTold: attributes to whom they are for, and which roles administer.
func TestTheSchemaIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, desk := s.administrator("help_desk")
	_, auditor := s.administrator("auditor")
	for token, names := range map[string]string{desk: "office", auditor: "office salary", s.service("admin:people.read"): "office salary badge"} {
		var seen []string
		for _, item := range s.want(s.call(token, http.MethodGet, api.Prefix+"/attributes", ""), http.StatusOK).items() {
			seen = append(seen, item.(map[string]any)["name"].(string))
		}
		if strings.Join(seen, " ") != names {
			t.Errorf("sees %v, want %s", seen, names)
		}
	}
	if a := s.owns(http.MethodGet, "/roles", ""); !strings.Contains(a.Text, `"kind":"auditor","roles":["latchkey-auditor"],"scopes":["admin:people.read"`) {
		t.Errorf("roles: %s", a.Text)
	}
}
