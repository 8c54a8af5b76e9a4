package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
	"github.com/spf13/cobra"
)

// reader does something before the first bytes reach it.
type reader struct {
	bytes.Buffer
	before func()
}

func (r *reader) Write(p []byte) (int, error) {
	if r.before != nil {
		r.before()
		r.before = nil
	}
	return r.Buffer.Write(p)
}

// TestUserListStreams a page at a time, in every form and order: what happens to people of
// later pages after the first line was written is in the list, so nobody beyond a page was
// held in memory.
func TestUserListStreams(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	people := make([]storage.ImportedUser, 2*listBatch+1)
	for i := range people {
		made := now.Add(time.Duration(i) * time.Millisecond) // ids are in the order of time
		id, err := storage.NewID(made, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		event, err := storage.NewEvent(made, rand.Reader, storage.EventUserImported)
		if err != nil {
			t.Fatal(err)
		}
		event.UserID = id
		people[i] = storage.ImportedUser{
			User: storage.User{ID: id, Email: fmt.Sprintf("u%04d@example.com", i), CreatedAt: made, UpdatedAt: made}, Event: event,
		}
	}
	if _, err := n.store.Users().Import(t.Context(), storagetest.Imports(people...)); err != nil {
		t.Fatal(err)
	}
	later := []int{listBatch, 2*listBatch - 1, 2 * listBatch} // the second page, and the third
	for name, flags := range map[string]userListFlags{
		"table": {sort: sortCreated}, "lines": {sort: sortCreated, json: true}, "by-name": {sort: sortName}, "of-prefix": {sort: sortCreated, prefix: "u"},
	} {
		mark := func() {
			for _, i := range later {
				event, err := storage.NewEvent(now, rand.Reader, storage.EventRolesChanged)
				event.UserID = people[i].User.ID
				if err := errors.Join(err, n.store.Users().SetRoles(t.Context(), people[i].User.ID, []string{"seen-" + name}, now, event)); err != nil {
					t.Error(err)
				}
			}
		}
		out, cmd := &reader{before: mark}, &cobra.Command{}
		cmd.SetContext(t.Context())
		cmd.SetOut(out)
		if err := flags.list(cmd, n.store); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if !flags.json {
			lines = lines[1:] // the head
		}
		if len(lines) != len(people) {
			t.Errorf("%s: %d lines of %d people", name, len(lines), len(people))
			continue
		}
		for i, line := range lines {
			if !strings.Contains(line, people[i].User.Email) {
				t.Errorf("%s: line %d is %q, want that of %s", name, i, line, people[i].User.Email)
			}
		}
		for _, i := range later {
			if !strings.Contains(lines[i], "seen-"+name) {
				t.Errorf("%s: person %d was read before the first line was written: %q", name, i, lines[i])
			}
		}
	}
}
