package login

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// dyingAda plans the deletion of an account, and begins a sign-in to a client.
func dyingAda(t *testing.T) (*site, *storage.User, *browser) {
	t.Helper()
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	check(t, s.store.Users().PlanDeletion(t.Context(), storage.DeletionPlan{UserID: ada.ID, At: s.clock.Now().Add(24 * time.Hour)}, s.event(storage.EventDeletionPlanned)))
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "deletion-cancel")
	return s, ada, b
}

func TestWhoSignsInToADyingAccountIsToldAndCanKeepIt(t *testing.T) {
	s, ada, b := dyingAda(t)
	b.Submit("deletion-cancel").Want(t, http.StatusOK, "code for "+string(ada.ID))
	kept, err := s.store.Users().ByID(t.Context(), ada.ID)
	check(t, err)
	if !kept.DeleteAt.IsZero() {
		t.Error("the account goes after all")
	}
}

func TestADyingAccountCanBeUsedUntilItGoes(t *testing.T) {
	s, ada, b := dyingAda(t)
	leave := b.Page.Attribute("deletion-leave", "href")
	b.Get(leave).Want(t, http.StatusOK, "code for "+string(ada.ID))
	s.clock.Advance(time.Second)
	b.start("").Want(t, http.StatusOK, "code for "+string(ada.ID)) // the session is enough, and nobody is told twice
	going, err := s.store.Users().ByID(t.Context(), ada.ID)
	check(t, err)
	if going.DeleteAt.IsZero() {
		t.Error("the account stays")
	}
}

// TestTH1_WhatAnybodyCanHaveSentIsLimited counts for one destination, whoever it
// belongs to, and however it is asked for.
func TestTH1_WhatAnybodyCanHaveSentIsLimited(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		l.Messages.Destination = storage.Backoff{Free: 2, Base: time.Hour, Max: time.Hour, Window: 6 * time.Hour}
	}})
	s.person("ada@example.com")
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		b := s.browser()
		var got []int
		for i, spelling := range []string{email, " " + email, email + " ", email} {
			s.clock.Advance(10 * time.Second) // it is no double click
			if i == 1 {                       // by another page
				b.Get("/signup")
				got = append(got, b.Submit("signup-submit", "email="+email, "password=a long and unusual passphrase").Status)
				continue
			}
			b.Get("/forgot-password")
			got = append(got, b.Submit("forgot-submit", "email="+spelling).Status)
		}
		if got[0] != 200 || got[1] != 200 || got[2] != 200 || got[3] != http.StatusTooManyRequests {
			t.Errorf("%s: answers are %v", email, got)
		}
	}
}
