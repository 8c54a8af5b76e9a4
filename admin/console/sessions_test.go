package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

// pickedAt is the address of the page on which sessions that were picked end.
func pickedAt(of map[storage.ID]string) string {
	q := url.Values{}
	for person, sid := range of {
		q.Add("session", string(person)+picked+sid)
	}
	return sessionsPath + "/end?" + q.Encode()
}

// TestSessionsAreListed with their people and what they signed in to, and narrowed to
// somebody by any of their names, or to an application.
func TestSessionsAreListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.Person("ada@example.com"), s.Person("bob@example.com")
	s.signedIn(ada, storage.FactorPassword)
	s.signedIn(bob, storage.FactorPassword)
	b := s.strong(admin.HelpDesk)
	for query, want := range map[string][2]bool{
		"": {true, true}, "?person=ada@example.com": {true, false}, "?person=ADA@example.com": {true, false}, "?person=" + string(bob.ID): {false, true},
		"?person=ada": {false, false}, "?client=wiki": {false, false},
	} {
		page := b.Get(sessionsPath + query)
		if got := [2]bool{strings.Contains(page.Body, pathOf(ada.ID)), strings.Contains(page.Body, pathOf(bob.ID))}; got != want {
			t.Errorf("%q lists %v, want %v", query, got, want)
		}
	}
}

// TestAD1_SessionsThatArePickedEndTogether, once somebody who may said so with a reason,
// each as an event of its person; those of administrators and one's own do not.
func TestAD1_SessionsThatArePickedEndTogether(t *testing.T) {
	t.Parallel()
	for _, role := range admin.Roles() {
		s := newSite(t)
		who := s.administrator(role)
		b := s.signedIn(who, storage.FactorPassword, storage.FactorTOTP)
		ada, bob, boss := s.Person("ada@example.com"), s.Person("bob@example.com"), s.administrator(admin.Owner)
		all := map[storage.ID]string{}
		for _, u := range []*storage.User{ada, bob} {
			s.signedIn(u, storage.FactorPassword)
			all[u.ID] = sid(s, u)
		}
		list := b.Get(sessionsPath)
		may := slices.Contains(helpers, role)
		if list.Has("pick-submit") != may {
			t.Errorf("%s may pick: %v", role, !may)
		}
		if !may {
			s.forge(b, pickedAt(all), "reason=because").Want(t, http.StatusForbidden, "error-title")
		} else {
			b.Get(pickedAt(all)).Want(t, http.StatusOK, "ada@example.com")
			b.Submit("act-submit").Want(t, http.StatusOK, `id="reason-error"`)
			b.Submit("act-submit", "reason=a stolen laptop").Want(t, http.StatusOK, "Done.")
		}
		ended := s.events(storage.EventSessionEnded)
		if may != (len(ended) == 2) {
			t.Fatalf("%s: %d sessions ended", role, len(ended))
		}
		for _, e := range ended {
			if e.ActorID != string(who.ID) || !strings.Contains(e.Detail, "a stolen laptop") {
				t.Errorf("the event is %+v", e)
			}
		}
		s.signedIn(boss, storage.FactorPassword)
		for name, of := range map[string]map[storage.ID]string{"an owner's": {boss.ID: sid(s, boss)}, "one's own": {who.ID: sid(s, who)}, "another's name": {ada.ID: sid(s, boss)}} {
			before := len(s.events(storage.EventSessionEnded))
			b.Get(pickedAt(of))
			s.forge(b, pickedAt(of), "reason=because")
			if done := len(s.events(storage.EventSessionEnded)) > before; done && (role != admin.Owner || name != "an owner's") {
				t.Errorf("%s ended %s", role, name)
			}
		}
		if may {
			b.Get(sessionsPath+"/end").Want(t, http.StatusOK, "Nothing was selected.")
		}
	}
}

// TestOnlyWhatIsASessionIsPicked: not what is none, twice or too much.
func TestOnlyWhatIsASessionIsPicked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := string(s.ID()) + picked + string(s.ID())
	subject := one + " " + one + " x y.z <b> " + picked
	for range 2 * onPage {
		subject += " " + string(s.ID()) + picked + string(s.ID())
	}
	if got := pickedOf(&target{subject: subject}); len(got) != onPage || string(got[0].UserID)+picked+string(got[0].SID) != one {
		t.Errorf("%d are picked", len(got))
	}
}
