package storagetest

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testProvisions(t *testing.T) {
	t.Run("TestAD2_a source finds whom it made", f.testProvisioned)
	t.Run("an edit is whole, and compared with the write", f.testPersonEdit)
	t.Run("TestAD2_one source adopts who was there before", f.testAdoption)
	t.Run("a person deprovisioned", f.testDeprovision)
	t.Run("TestAD2_groups and members of a source", f.testSourceGroups)
}

// provisioned is somebody whom a source made.
func (f fixture) provisioned(t *testing.T, source storage.MembershipSource) *storage.ProvisionedUser {
	t.Helper()
	now := f.clock.Now().Truncate(time.Microsecond)
	id := f.id(t)
	u := &storage.User{ID: id, Email: string(id) + "@example.com", CreatedAt: now, UpdatedAt: now}
	p := &storage.Provisioned{
		UserID: id, Source: source, UserName: "Name " + string(id), ExternalID: "x" + string(id), Email: u.Email, Document: `{"title":"Countess"}`,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	want(t, "CreateProvisioned", f.s.Users().CreateProvisioned(t.Context(), u, p, f.event(t, storage.EventUserCreated)), nil)
	return &storage.ProvisionedUser{Provisioned: *p, User: *u}
}

// found are the ids of people that a source finds by a key.
func (f fixture) found(t *testing.T, source storage.MembershipSource, key storage.ProvisionedKey) []storage.ProvisionedUser {
	t.Helper()
	people, err := f.s.Provisions().Find(t.Context(), source, key)
	want(t, "Find", err, nil)
	return people
}

func (f fixture) testProvisioned(t *testing.T) {
	ctx := t.Context()
	source := storage.SourceSCIM + storage.MembershipSource(rand.Text())
	p, other := f.provisioned(t, source), f.provisioned(t, source+"2")
	for name, key := range map[string]storage.ProvisionedKey{
		"id": {ID: p.UserID}, "name": {UserName: "NAME " + string(p.UserID)}, "external id": {ExternalID: p.ExternalID}, "address": {Email: "X" + p.Email[1:]},
	} {
		if name == "address" {
			key.Email = p.Email
		}
		people := f.found(t, source, key)
		if len(people) != 1 || people[0].Provisioned != p.Provisioned || people[0].User.Email != p.User.Email {
			t.Errorf("by %s: %+v, want %+v", name, people, p)
		}
		equal(t, "by "+name+" of another source", len(f.found(t, source+"2", key)), 0)
	}
	equal(t, "by no text", len(f.found(t, source, storage.ProvisionedKey{UserName: "a\x00b"})), 0)
	n, err := f.s.Provisions().Count(ctx, source)
	want(t, "Count", err, nil)
	equal(t, "count", n, 1)
	page, err := f.s.Provisions().Page(ctx, storage.SourcePage{Source: source, Limit: 10})
	want(t, "Page", err, nil)
	equal(t, "page", len(page), 1)
	page, err = f.s.Provisions().Page(ctx, storage.SourcePage{Source: source, After: p.UserID, Limit: 10})
	want(t, "Page after", err, nil)
	equal(t, "page after", len(page), 0)
	known, err := f.s.Provisions().Known(ctx, source, []storage.ID{p.UserID, other.UserID})
	want(t, "Known", err, nil)
	equal(t, "known", known, []storage.ID{p.UserID})

	twice := p.Provisioned
	u := &storage.User{ID: f.id(t), Username: string(f.id(t)), CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now()}
	twice.UserID = u.ID
	want(t, "the same name twice", f.s.Users().CreateProvisioned(ctx, u, &twice, f.event(t, storage.EventUserCreated)), storage.ErrConflict)
	_, err = f.s.Users().ByID(ctx, u.ID)
	want(t, "nobody was made", err, storage.ErrNotFound)
}

func (f fixture) testPersonEdit(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	source := storage.SourceSCIM + storage.MembershipSource(rand.Text())
	p := f.provisioned(t, source)
	taken := f.provisioned(t, source)
	now := f.clock.Now().Truncate(time.Microsecond)
	word := p.Provisioned
	word.ExternalID = "another"
	edit := storage.PersonEdit{
		UserID: p.UserID, Profile: &storage.ProfileChange{UserID: p.UserID, Profile: storage.Profile{Name: "Ada"}, Now: now},
		Email:       &storage.EmailChange{UserID: p.UserID, From: p.User.Email, To: taken.User.Email, Now: now},
		Attributes:  &storage.AttributesChange{UserID: p.UserID, To: storage.Attributes{"office": "7b"}, Now: now},
		Provisioned: &word, Now: now,
	}
	e := f.event(t, storage.EventProfileChanged)
	want(t, "Edit to an address that is taken", users.Edit(ctx, edit, []storage.Event{e}), storage.ErrConflict)
	f.wrote(t, e, false)
	equal(t, "nothing is written", f.read(t, p.UserID).Profile.Name, "")

	refused := errors.New("read again")
	edit.Email.To = "new" + p.User.Email
	edit.If = func(u *storage.User) error {
		if u.Email != p.User.Email {
			t.Errorf("the condition sees %q", u.Email)
		}
		return refused
	}
	want(t, "Edit on a condition", users.Edit(ctx, edit, []storage.Event{e}), refused)
	equal(t, "nothing is written then", f.read(t, p.UserID).Profile.Name, "")
	edit.If = func(*storage.User) error { return nil }
	want(t, "Edit", users.Edit(ctx, edit, []storage.Event{e}, f.message(t)), nil)
	f.wrote(t, e, true)
	u := f.read(t, p.UserID)
	equal(t, "name", u.Profile.Name, "Ada")
	equal(t, "address", u.Email, edit.Email.To)
	equal(t, "attribute", u.Attributes["office"], any("7b"))
	now2 := f.found(t, source, storage.ProvisionedKey{ID: p.UserID})[0]
	equal(t, "version", now2.Version, int64(2))
	equal(t, "external id", now2.ExternalID, "another")

	stale := storage.PersonEdit{UserID: p.UserID, Provisioned: &word, Now: now}
	want(t, "Edit of what was read before", users.Edit(ctx, stale, nil), storage.ErrConsumed)
	stale = storage.PersonEdit{UserID: p.UserID, PasswordEpoch: 7, Now: now}
	want(t, "Edit under another password", users.Edit(ctx, stale, nil), storage.ErrConsumed)

	off := storage.PersonEdit{UserID: p.UserID, Provisioned: &now2.Provisioned, Disable: true, Now: now}
	want(t, "Edit that disables", users.Edit(ctx, off, nil), nil)
	shut := f.found(t, source, storage.ProvisionedKey{ID: p.UserID})[0]
	equal(t, "disabled by the source", shut.User.Disabled() && shut.Deactivated(&shut.User), true)
	on := storage.PersonEdit{UserID: p.UserID, PasswordEpoch: shut.User.PasswordEpoch, Provisioned: &shut.Provisioned, Enable: true, Now: now}
	want(t, "Edit that enables", users.Edit(ctx, on, nil), nil)
	equal(t, "enabled", f.read(t, p.UserID).Disabled(), false)
}

// testAdoption: who was there before is a source's own from its first word on, and of two
// sources that want them one comes too late.
func (f fixture) testAdoption(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	source := storage.SourceSCIM + storage.MembershipSource(rand.Text())
	now := f.clock.Now().Truncate(time.Microsecond)
	u := f.user(t)
	edit := func(source storage.MembershipSource) storage.PersonEdit {
		return storage.PersonEdit{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Adopt: true, Now: now, Provisioned: &storage.Provisioned{
			UserID: u.ID, Source: source, UserName: string(u.ID), Document: "{}", Version: 1, CreatedAt: now, UpdatedAt: now,
		}}
	}
	e := f.event(t, storage.EventUserAdopted)
	answers := make(chan error)
	for i := range 4 {
		go func() {
			answers <- users.Edit(ctx, edit(source+storage.MembershipSource('a'+rune(i))), []storage.Event{e})
		}()
	}
	won := 0
	for range 4 {
		switch err := <-answers; {
		case err == nil:
			won++
		case !errors.Is(err, storage.ErrConflict):
			t.Errorf("adopt: %v", err)
		}
	}
	equal(t, "sources that have the person", won, 1)
	f.wrote(t, e, true)
	want(t, "adopt whom a source has", users.Edit(ctx, edit(source), nil), storage.ErrConflict)
}

func (f fixture) testDeprovision(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	source := storage.SourceSCIM + storage.MembershipSource(rand.Text())
	p := f.provisioned(t, source)
	g := f.group(t)
	f.join(t, g, &p.User, source)
	f.join(t, g, &p.User, storage.SourceManual)
	now := f.clock.Now().Truncate(time.Microsecond)
	d := storage.Deprovision{Provisioned: p.Provisioned, DeleteAt: now.Add(time.Hour), Now: now}
	e := f.event(t, storage.EventDeletionPlanned)
	want(t, "Deprovision", users.Deprovision(ctx, d, e), nil)
	f.wrote(t, e, true)
	u := f.read(t, p.UserID)
	equal(t, "kept out", u.Disabled(), true)
	equal(t, "goes", u.DeleteAt, d.DeleteAt)
	equal(t, "its source sees them", len(f.found(t, source, storage.ProvisionedKey{ID: p.UserID})), 0)
	equal(t, "finds them to make them again", len(f.found(t, source, storage.ProvisionedKey{UserName: p.UserName, Deleted: true})), 1)
	members, err := f.s.Memberships().Members(ctx, g.ID, "", 10)
	want(t, "Members", err, nil)
	equal(t, "the word of others stays", members[0].Sources, []storage.MembershipSource{storage.SourceManual})
	d.PasswordEpoch = u.PasswordEpoch
	want(t, "Deprovision of what was read before", users.Deprovision(ctx, d, e), storage.ErrConsumed)
}

func (f fixture) testSourceGroups(t *testing.T) {
	ctx, groups := t.Context(), f.s.Groups()
	source := storage.SourceSCIM + storage.MembershipSource(rand.Text())
	now := f.clock.Now().Truncate(time.Microsecond)
	g := storage.Group{ID: f.id(t), Name: "Team " + rand.Text(), Source: source, ExternalID: "x" + rand.Text(), CreatedAt: now, UpdatedAt: now}
	want(t, "Create", groups.Create(ctx, &g, f.event(t, storage.EventGroupCreated)), nil)
	ada, bob := f.provisioned(t, source), f.provisioned(t, source)
	f.join(t, &g, &bob.User, storage.SourceManual)
	type change struct{ joined, left []storage.ID }
	edit := func(e storage.GroupEdit) (c change, err error) {
		read, err := groups.ByID(ctx, g.ID)
		want(t, "ByID", err, nil)
		e.Source, e.Now = source, f.clock.Now()
		if e.Group.ID == "" {
			e.Group = *read
		}
		err = groups.Edit(ctx, e, func(joined, left []storage.ID) ([]storage.Event, error) {
			slices.Sort(joined)
			c = change{joined, left}
			return []storage.Event{f.event(t, storage.EventGroupJoined)}, nil
		})
		return c, err
	}
	c, err := edit(storage.GroupEdit{Add: []storage.ID{ada.UserID, bob.UserID}})
	want(t, "Edit that adds", err, nil)
	both := []storage.ID{ada.UserID, bob.UserID}
	slices.Sort(both)
	equal(t, "who joined", c.joined, both)
	c, err = edit(storage.GroupEdit{Add: []storage.ID{ada.UserID}})
	want(t, "Edit that adds again", err, nil)
	equal(t, "nobody joined", len(c.joined), 0)
	c, err = edit(storage.GroupEdit{Add: []storage.ID{ada.UserID}, Replace: true})
	want(t, "Edit that replaces", err, nil)
	equal(t, "who left", c.left, []storage.ID{bob.UserID})
	members, err := f.s.Memberships().BySource(ctx, g.ID, source, 10)
	want(t, "BySource", err, nil)
	equal(t, "members by the source", len(members), 1)
	all, err := f.s.Memberships().Members(ctx, g.ID, "", 10)
	want(t, "Members", err, nil)
	equal(t, "members by anybody", len(all), 2)

	_, err = edit(storage.GroupEdit{Group: g})
	want(t, "Edit of what was read before", err, storage.ErrConsumed)
	want(t, "Delete of what was read before", groups.Delete(ctx, g.ID, g.UpdatedAt, f.event(t, storage.EventGroupDeleted)), storage.ErrConsumed)
	for name, found := range map[string]func() (int, error){
		"BySourceOf": func() (int, error) { list, err := groups.BySourceOf(ctx, source, ada.UserID); return len(list), err },
		"OfSource": func() (int, error) {
			list, err := groups.OfSource(ctx, storage.SourcePage{Source: source, Limit: 10})
			return len(list), err
		},
		"CountOfSource": func() (int, error) { return groups.CountOfSource(ctx, source) },
		"ByExternalID": func() (int, error) {
			found, err := groups.ByExternalID(ctx, source, g.ExternalID)
			if err == nil && found.ID == g.ID {
				return 1, nil
			}
			return 0, err
		},
	} {
		n, err := found()
		want(t, name, err, nil)
		equal(t, name, n, 1)
	}
	_, err = groups.ByExternalID(ctx, source+"2", g.ExternalID)
	want(t, "ByExternalID of another source", err, storage.ErrNotFound)
}
