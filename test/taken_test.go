package test

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// TestRF5_WhatIsTakenAwayEndsRefreshing takes away, one at a time, what a grant
// rests on. What follows from the client's registration is shown in package op.
func TestRF5_WhatIsTakenAwayEndsRefreshing(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		store, wiki := in.store(t), in.client("wiki")
		person, err := store.Users().ByIdentifier(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		event := func(typ storage.EventType) storage.Event {
			id, err := storage.NewID(time.Now(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return storage.Event{ID: id, At: time.Now(), Type: typ, Outcome: storage.Success, UserID: person.ID}
		}
		for name, take := range map[string]func() error{
			"the client's access": func() error {
				return store.Grants().RevokeClient(t.Context(), person.ID, "wiki", time.Now(), "test", event(storage.EventApplicationRevoked))
			},
			"all sessions": func() error {
				return store.Sessions().EndAll(t.Context(), person.ID, "", time.Now(), true, event(storage.EventSessionsEnded))
			},
			"the account": func() error {
				in.nodes[0].Command("", "user", "disable", "demo", "--reason", "left")
				in.nodes[0].Command("", "user", "enable", "demo")
				return nil
			},
		} {
			tokens := wiki.tokens(t, in.http(0), in.signedIn(t))
			tokens = must(t, wiki.refresh(in.http(1), tokens.RefreshToken))
			if err := take(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i := range in.nodes {
				expect(t, "a refresh without "+name, wiki.refresh(in.http(i), tokens.RefreshToken), http.StatusBadRequest, "invalid_grant")
			}
			wiki.expectDead(t, in, tokens.AccessToken)
		}
	})
}
