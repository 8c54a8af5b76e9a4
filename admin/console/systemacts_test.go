package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestBL1_EverybodyIsLockedDownByWhoeverTypesIt: the page of the configuration leads
// owners there, and nothing ends until they have typed which installation it is.
func TestBL1_EverybodyIsLockedDownByWhoeverTypesIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	host := s.URL.Host
	s.strong(admin.Auditor).Get(configurationPath+"/lockdown").Want(t, http.StatusForbidden, "error-title")
	b := s.strong(admin.Owner)
	b.Get(configurationPath)
	b.Click("act-lockdown").Want(t, http.StatusOK, host)
	locked := func() []storage.Event {
		events, err := s.Store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventEverybodyLocked, Limit: 10})
		logintest.Check(t, err)
		return events
	}
	b.Submit("act-submit", "confirm=yes", "reason=broken into").Want(t, http.StatusOK, "confirm-error")
	if len(locked()) != 0 {
		t.Fatal("everybody is locked down by a word that is not the name")
	}
	b.Submit("act-submit", "confirm="+strings.ToUpper(host)).Want(t, http.StatusOK, "login-submit")
	if e := locked(); len(e) != 1 || !strings.HasPrefix(e[0].Detail, "broken into: ended sessions ") || e[0].ActorKind != storage.ActorPerson {
		t.Errorf("events: %+v", e)
	}
}

// TestAD1_LooksAreEventsAndLeftOutOfLists: each page that is opened, and each that is
// refused, is an event of who did; lists show it where it is asked for.
func TestAD1_LooksAreEventsAndLeftOutOfLists(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	b := s.strong(admin.Auditor)
	b.Get(pathOf(ada.ID)).Want(t, http.StatusOK, "ada@example.com")
	b.Get(peoplePath+"?q=secret-name").Want(t, http.StatusOK, "list-search")
	b.Get(pathOf(ada.ID)+"/edit").Want(t, http.StatusForbidden, "error-title")
	events, err := s.Store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventAdminRead, Limit: 10})
	logintest.Check(t, err)
	found := map[string]storage.Event{}
	for _, e := range events {
		if e.ActorKind != storage.ActorPerson || e.ActorID == "" || e.RequestID == "" || strings.Contains(e.Detail, "secret-name") {
			t.Errorf("event %+v", e)
		}
		found[e.Detail] = e
	}
	if e := found["console: people.show"]; e.UserID != ada.ID || e.Outcome != storage.Success {
		t.Errorf("of the page of a person: %+v", events)
	}
	if e := found["console: people.list by q"]; e.UserID != "" || e.Outcome != storage.Success {
		t.Errorf("of a search: %+v", events)
	}
	if e := found["console: people.edit without admin:people.write"]; e.UserID != ada.ID || e.Outcome != storage.Failure {
		t.Errorf("of a refusal: %+v", events)
	}
	for query, shown := range map[string]bool{"": false, "?reads=all": true, "?type=admin_read": true, "?outcome=failure": false, "?request_id=" + events[0].RequestID: true} {
		if page := b.Get(activityPath + query); strings.Contains(page.Body, "console: people.") != shown {
			t.Errorf("%q shows what was looked at: %v", query, !shown)
		}
	}
	if strings.Contains(b.Get(pathOf(ada.ID)).Body, "admin_read") {
		t.Error("what happened to somebody shows who looked at them")
	}
}
