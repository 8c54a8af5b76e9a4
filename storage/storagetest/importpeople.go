package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testImport(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	there := f.user(t)
	one, other := f.invited(t, "one@import.example"), f.invited(t, there.Email)
	imported := func() []storage.ImportedUser {
		return []storage.ImportedUser{
			{User: *one, Event: f.event(t, storage.EventUserImported)},
			{User: *other, Event: f.event(t, storage.EventUserImported), Credentials: []storage.Credential{
				{ID: f.id(t), UserID: other.ID, Kind: storage.FactorTOTP, Name: "phone", Secret: "v1.k.n.c", CreatedAt: f.clock.Now()},
			}},
		}
	}
	_, err := users.Import(ctx, Imports(imported()...))
	want(t, "Import of a taken address", err, storage.ErrConflict)
	_, err = users.ByID(ctx, one.ID)
	want(t, "ByID after a failed import", err, storage.ErrNotFound)
	other.Email = "other@import.example"
	people := imported()
	done, err := users.Import(ctx, Imports(people...))
	want(t, "Import", err, nil)
	equal(t, "imported people", done, len(people))
	got, err := users.ByID(ctx, other.ID)
	want(t, "ByID", err, nil)
	other.Credentials, other.FactorAddedAt = 1, f.clock.Now()
	equal(t, "imported", got, other)
	kept, err := f.s.Credentials().ListByUser(ctx, other.ID)
	want(t, "ListByUser", err, nil)
	equal(t, "imported credentials", kept, people[1].Credentials)

	// Enough for several statements, and one that is there already at the end.
	crowd := make([]storage.ImportedUser, 450)
	for i := range crowd {
		u := f.invited(t, fmt.Sprintf("crowd%d@import.example", i))
		u.Roles = []string{"staff", "admin", "staff"}
		crowd[i] = storage.ImportedUser{User: *u, Event: f.event(t, storage.EventUserImported)}
	}
	failing := slices.Clone(crowd)
	failing[449].User.Email = there.Email
	_, err = users.Import(ctx, Imports(failing...))
	want(t, "Import with a taken address at the end", err, storage.ErrConflict)
	_, err = users.ByID(ctx, crowd[0].User.ID)
	want(t, "ByID after a failed import", err, storage.ErrNotFound)
	stopped := errors.New("the file ends in the middle")
	_, err = users.Import(ctx, func(yield func(storage.ImportedUser, error) bool) {
		for _, person := range crowd {
			if !yield(person, nil) {
				return
			}
		}
		yield(storage.ImportedUser{}, stopped)
	})
	if !errors.Is(err, stopped) {
		t.Errorf("an import that was stopped = %v", err)
	}
	_, err = users.ByID(ctx, crowd[0].User.ID)
	want(t, "ByID after an import that was stopped", err, storage.ErrNotFound)
	done, err = users.Import(ctx, Imports(crowd...))
	want(t, "Import of many", err, nil)
	equal(t, "imported many", done, len(crowd))
	taken, err := users.Taken(ctx, []string{"nobody@import.example", "crowd7@import.example", "crowd7"})
	want(t, "Taken", err, nil)
	equal(t, "taken names", taken, map[string]bool{"crowd7@import.example": true})
	names := make([]string, len(crowd))
	for i := range crowd {
		names[i] = ident.Canonical(crowd[i].User.Email)
	}
	taken, err = users.Taken(ctx, names)
	want(t, "Taken of many", err, nil)
	equal(t, "many taken names", len(taken), len(crowd))
	got, err = users.ByIdentifier(ctx, "crowd449@import.example")
	want(t, "ByIdentifier", err, nil)
	equal(t, "roles", got.Roles, []string{"admin", "staff"})
	events, err := f.s.Events().List(ctx, storage.EventFilter{Type: storage.EventUserImported, Limit: 1000})
	want(t, "List", err, nil)
	equal(t, "events", len(events), len(crowd)+len(people))
}
