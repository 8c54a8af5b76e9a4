package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// signedInTo has the session of the browser sign in to clients.
func (s *site) signedInTo(t *testing.T, clients ...client.Client) {
	t.Helper()
	for _, c := range clients {
		s.exchange(basicAuth(c.ID, testSecret), s.code(c.ID)).want(t, http.StatusOK, "")
	}
}

// partingClients are told of a sign-out by a frame, by the back channel, or not.
func partingClients() (framed, posted, quiet client.Client) {
	framed, posted, quiet = siteClient(), siteClient(), siteClient()
	framed.ID, framed.Name, framed.FrontchannelLogoutURI = "wiki", "Wiki", "https://wiki.example.com/out?x=1"
	posted.ID, posted.Name, posted.BackchannelLogoutURI = "board", "Board", "https://board.example.com/out"
	quiet.ID, quiet.Name = "chat", "Chat"
	return framed, posted, quiet
}

func partingSite(t *testing.T) *site {
	t.Helper()
	framed, posted, quiet := partingClients()
	s := signedInSite(t)
	s.start(s.config([]client.Client{framed, posted, quiet}))
	s.signedInTo(t, framed, posted, quiet)
	return s
}

// The page says which applications are told, and how; it leads on only once those
// have been told that are told by its frames.
func TestBL1_SignOutTellsByFrames(t *testing.T) {
	t.Parallel()
	s := partingSite(t)
	hint := s.hint()
	frame := "https://wiki.example.com/out?x=1&iss=" + url.QueryEscape(testIssuer) + "&sid=" + string(testSID)
	path := s.partedPage(s.get(endSessionPath, signOutForm("id_token_hint", hint, "post_logout_redirect_uri", postRedirect, "state", "x")))
	if w := s.get(path, nil); w.Body.String() != "signed out" || s.signIn.SignOuts != 1 {
		t.Fatalf("answer is %d %s", w.Code, w.Body)
	}
	want := &interaction.SignedOut{
		ClientID: "wiki", SID: testSID, At: s.clock.Now(), Continue: postRedirect + "?state=x", Again: path,
		Told: []interaction.ToldClient{
			{ClientID: "board", Name: "Board", Posted: true}, {ClientID: "chat", Name: "Chat"}, {ClientID: "wiki", Name: "Wiki", Frame: frame},
		},
	}
	if diff := cmp.Diff(want, s.signIn.Done); diff != "" {
		t.Error(diff)
	}
}

// partedPage is where the page is that a sign-out leads to.
func (s *site) partedPage(w *httptest.ResponseRecorder) string {
	s.t.Helper()
	path, ours := strings.CutPrefix(w.Header().Get("Location"), testIssuer)
	if !ours || !strings.HasPrefix(path, signedOutPath+"?id=") {
		s.t.Fatalf("answer is %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	return path
}

// BL1: the page says which applications took their notices and which did not, by what
// became of them, and again each time it is looked at.
func TestBL1_TheSignOutSaysWhoWasReached(t *testing.T) {
	t.Parallel()
	s := partingSite(t)
	path := s.partedPage(s.get(endSessionPath, signOutForm("id_token_hint", s.hint())))
	after, err := s.logouts(s.provider.cfg.Clients).Follow(t.Context(), []storage.EndedSession{{
		SID: testSID, UserID: testUserID, Clients: []storage.SessionClient{{ClientID: "board", Subject: "one"}, {ClientID: "board", Subject: "two"}},
	}})
	s.store.must(err)
	s.store.must(s.store.Outbox().Add(t.Context(), nil, after.Deliveries...))
	one, two := after.Deliveries[0].ID, after.Deliveries[1].ID
	s.clock.Advance(settleTime) // nobody waits any more
	end := func(id storage.ID, status storage.DeliveryStatus) func() {
		return func() {
			s.store.must(s.store.Outbox().Finish(t.Context(), id, storage.DeliveryEnd{Status: status, At: s.clock.Now()}, nil))
		}
	}
	for _, step := range []struct {
		do      func()
		board   interaction.ToldState
		pending bool
	}{
		{func() {}, interaction.ToldPending, true},
		{end(one, storage.DeliverySent), interaction.ToldPending, true},
		{func() { s.store.must(s.store.Outbox().Retry(t.Context(), two, s.clock.Now(), "answered 500")) }, interaction.ToldUnreached, false},
		{end(two, storage.DeliverySent), interaction.ToldReached, false},
	} {
		step.do()
		if w := s.get(path, nil); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		done := s.signIn.Done
		states := map[string]interaction.ToldState{}
		for _, told := range done.Told {
			states[told.ClientID] = told.State()
		}
		want := map[string]interaction.ToldState{"board": step.board, "chat": interaction.ToldNever, "wiki": interaction.ToldPending}
		if diff := cmp.Diff(want, states); diff != "" || done.Pending() != step.pending || done.Again != path {
			t.Errorf("pending %t at %q: %s", done.Pending(), done.Again, diff)
		}
	}
}

// What became of a notice, as the page has it.
func TestBL1_WhatBecameOfANotice(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status storage.DeliveryStatus
		reason string
		want   interaction.ToldState
	}{
		{storage.DeliveryQueued, "", interaction.ToldPending},
		{storage.DeliveryQueued, "answered 503", interaction.ToldUnreached},
		{storage.DeliverySent, "", interaction.ToldReached},
		{storage.DeliveryFailed, "answered 400", interaction.ToldUnreached},
		{storage.DeliveryExpired, "", interaction.ToldUnreached},
		{storage.DeliverySkipped, "", interaction.ToldNever},
	} {
		told := interaction.ToldClient{Posted: true, Notice: noticeOf(&storage.Delivery{Status: tc.status, LastError: tc.reason})}
		if got := told.State(); got != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.status, tc.reason, got, tc.want)
		}
		// What a frame did is not known: it may have reached it.
		told.Frame = "https://wiki.example.com/out"
		if got := told.State(); got != interaction.ToldPending && got != interaction.ToldReached {
			t.Errorf("%s %q with a frame: %s", tc.status, tc.reason, got)
		}
	}
}
