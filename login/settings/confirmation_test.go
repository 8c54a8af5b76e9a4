package settings

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// ending is a page that asks, and what it is about. fresh says that it wants fresh proofs.
type ending struct {
	path, subject string
	fresh         bool
}

// endings are all of them for whoever has everything that can end, in an order in
// which none ends what the next is about.
func (s *site) endings(u *storage.User) []ending {
	s.T.Helper()
	credentials, err := s.Store.Credentials().ListByUser(s.T.Context(), u.ID)
	logintest.Check(s.T, err)
	devices, err := s.Store.TrustedDevices().ListByUser(s.T.Context(), u.ID, s.Clock.Now())
	logintest.Check(s.T, err)
	return []ending{
		{ui.PathDeviceRemoval, "device=" + string(devices[0].ID), false},
		{ui.PathApplicationRemoval, "client=wiki", false},
		{ui.PathSessionsEnd, "which=" + otherSessions, false},
		{ui.PathPhoneRemoval, "", true},
		{ui.PathRecoveryReplacement, "", true},
		{ui.PathFactorRemoval, "factor=" + string(credentials[0].ID), true},
	}
}

// full is a person who has everything that can end, and a browser of theirs.
func (s *site) full() (*storage.User, *logintest.Browser) {
	s.T.Helper()
	u := s.Person("ada@example.com", func(u *storage.User) { u.Phone, u.PhoneVerified = "+4915100000001", true })
	b := s.signedIn("ada@example.com")
	s.enrolled(b)
	s.grant(u.ID)
	s.trust(u)
	return u, b
}

// state is what the pages can end, read anew.
func (s *site) state(u *storage.User) [6]int {
	s.T.Helper()
	ctx, now := s.T.Context(), s.Clock.Now()
	sessions, err := s.Store.Sessions().ListByUser(ctx, u.ID, now)
	logintest.Check(s.T, err)
	devices, err := s.Store.TrustedDevices().ListByUser(ctx, u.ID, now)
	logintest.Check(s.T, err)
	applications, err := s.Store.Grants().ApplicationsOf(ctx, u.ID, now)
	logintest.Check(s.T, err)
	events, err := s.Store.Events().List(ctx, storage.EventFilter{UserID: u.ID, Type: storage.EventRecoveryReplaced, Limit: 100})
	logintest.Check(s.T, err)
	is := s.user(u.ID)
	return [6]int{len(sessions), len(devices), len(applications), len(events), is.Credentials, len(is.Phone)}
}

// TestWhatEndsSomethingAsksFirst: a link, and whatever follows links (a prefetching
// browser, a scanner), ends nothing; each page has a way back and says what it is
// about.
func TestWhatEndsSomethingAsksFirst(t *testing.T) {
	s := newSite(t, everyPage)
	u, b := s.full()
	before, endings := s.state(u), s.endings(u)
	for _, e := range endings {
		page := b.Get(e.path + "?" + e.subject)
		page.Want(t, http.StatusOK, `id="confirm-submit"`)
		if back := page.Attribute("confirm-back", "href"); back == "" || back == e.path {
			t.Errorf("%s leads back to %q", e.path, back)
		}
		if b.Get(e.path+"?factor=x&device=x&client=x&which=x").URL.Path == e.path && e.subject != "" {
			t.Errorf("%s asks about what there is not", e.path)
		}
	}
	if after := s.state(u); after != before {
		t.Errorf("asking changed %v to %v", before, after)
	}
	for _, e := range endings {
		b.Get(e.path + "?" + e.subject)
		if page := b.Submit("confirm-submit"); page.Status != http.StatusOK || page.Has("confirm-submit") {
			t.Errorf("confirming %s ends at %s (%d)", e.path, page.URL, page.Status)
		}
	}
	after := s.state(u)
	if want := [6]int{1, 0, 0, before[3] + 1, 0, 0}; after != want {
		t.Errorf("confirming left %v, want %v", after, want)
	}
}

// TestFE1_WhatGuardsTheAccountEndsOnFreshProofs, on GET and POST alike; what makes
// nothing weaker needs none.
func TestFE1_WhatGuardsTheAccountEndsOnFreshProofs(t *testing.T) {
	s := newSite(t, everyPage)
	u, b := s.full()
	form := s.form(b)
	s.Clock.Advance(20 * time.Minute)
	before, endings := s.state(u), s.endings(u)
	for _, e := range endings {
		if !e.fresh {
			continue
		}
		values, err := url.ParseQuery(e.subject)
		logintest.Check(t, err)
		b.Get(e.path+"?"+e.subject).Want(t, http.StatusOK, "login-submit")
		values.Set("csrf", form.Get("csrf"))
		b.Post(e.path, values).Want(t, http.StatusOK, "login-submit")
	}
	if after := s.state(u); after != before {
		t.Errorf("old proofs changed %v to %v", before, after)
	}
	for _, e := range endings {
		if e.fresh {
			continue
		}
		b.Get(e.path + "?" + e.subject)
		b.Submit("confirm-submit").Want(t, http.StatusOK, `id="notice"`)
	}
}

// TestCS3_TheWayBackToAQuestionIsOurOwn: only what the page itself is about comes
// along through a sign-in.
func TestCS3_TheWayBackToAQuestionIsOurOwn(t *testing.T) {
	s := newSite(t, everyPage)
	s.Person("ada@example.com")
	b := s.Browser()
	b.Get(ui.PathSessionsEnd+"?which=everywhere&done=https://evil.example&next=//evil.example").Want(t, http.StatusOK, "login-submit")
	page := b.SignIn("ada@example.com", logintest.GoodPassword)
	if got := page.URL.RequestURI(); got != ui.PathSessionsEnd+"?which=everywhere" || page.URL.Host != s.URL.Host {
		t.Errorf("signing in ends at %s", page.URL)
	}
}
