package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

// A story is the events of the request and, within a quarter of an hour, those of the
// same person, or of the same address where nobody is known; no others.
func TestATraceTellsOneStory(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	ada, eve := n.person(t, "ada@example.com", time.Time{}), n.person(t, "eve@example.com", time.Time{})
	accounts := n.boot.accounts(n.store)
	now = now.Add(time.Hour)
	record := func(after time.Duration, request, address string, user storage.ID, detail string) {
		t.Helper()
		now = now.Add(after)
		by := account.Visitor(account.Origin{Address: address, RequestID: request, ClientID: "wiki"})
		if err := accounts.Record(t.Context(), by, storage.EventSignInFailed, user, storage.Failure, detail); err != nil {
			t.Fatal(err)
		}
	}
	record(0, "r1", "192.0.2.1", ada.ID, "first")
	record(time.Minute, "r2", "192.0.2.1", eve.ID, "somebody else")
	record(time.Minute, "r3", "192.0.2.9", ada.ID, "asked about")
	record(time.Minute, "r4", "192.0.2.7", "", "of nobody")
	record(time.Minute, "r5", "192.0.2.7", "", "of nobody either")
	record(time.Hour, "r6", "192.0.2.1", ada.ID, "much later")
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	for id, want := range map[string]string{"r3": "first|>asked about", "r4": ">of nobody|of nobody either"} {
		events, err := storyOf(cmd, n.store, id)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			mark := ""
			if e.RequestID == id {
				mark = ">"
			}
			got = append(got, mark+e.Detail)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("the story of %s is %q, want %q", id, got, want)
		}
		var text bytes.Buffer
		if err := tellStory(&text, events, id); err != nil || strings.Count(text.String(), "\n> ")+strings.Count(text.String()[:2], "> ") != 1 {
			t.Errorf("told as %v\n%s", err, text.String())
		}
	}
	if _, err := storyOf(cmd, n.store, "nobodys"); err == nil || !strings.Contains(err.Error(), "grep") {
		t.Errorf("an id of nothing: %v", err)
	}
}
