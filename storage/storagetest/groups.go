package storagetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testGroups(t *testing.T) {
	t.Run("a group's life", f.testGroup)
	t.Run("names in any case", f.testGroupNames)
	t.Run("list of groups", f.testGroupList)
	t.Run("TestAD2_each source undoes its own", f.testMemberships)
	t.Run("members", f.testMembers)
	t.Run("what a person has by groups", f.testEffective)
	t.Run("five hundred groups", f.testManyGroups)
	t.Run("attributes", f.testAttributes)
	t.Run("import into groups", f.testImportedGroups)
}

// group is one that is kept, with a name of its own.
func (f fixture) group(t *testing.T, roles ...string) *storage.Group {
	t.Helper()
	g := &storage.Group{
		ID: f.id(t), Name: "Team " + rand.Text(), Roles: roles, CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now(),
	}
	want(t, "Create group", f.s.Groups().Create(t.Context(), g, f.event(t, storage.EventGroupCreated)), nil)
	return g
}

// join makes a person a member.
func (f fixture) join(t *testing.T, g *storage.Group, u *storage.User, source storage.MembershipSource) {
	t.Helper()
	m := storage.Membership{GroupID: g.ID, UserID: u.ID, Source: source, AddedAt: f.clock.Now()}
	want(t, "Add", f.s.Memberships().Add(t.Context(), m, f.event(t, storage.EventGroupJoined)), nil)
}

func (f fixture) testGroup(t *testing.T) {
	ctx, groups := t.Context(), f.s.Groups()
	g := f.group(t, "auditor", "admin")
	found, err := groups.ByName(ctx, g.Name)
	want(t, "ByName", err, nil)
	g.Roles = []string{"admin", "auditor"}
	equal(t, "group", found, g)
	found, err = groups.ByID(ctx, g.ID)
	want(t, "ByID", err, nil)
	equal(t, "group by its id", found, g)
	_, err = groups.ByID(ctx, f.id(t))
	want(t, "ByID of nobody", err, storage.ErrNotFound)

	f.clock.Advance(time.Minute)
	changed := *g
	changed.Name, changed.DisplayName, changed.Description = "Renamed "+rand.Text(), "Wir", "Those who do"
	changed.ExternalID, changed.Roles = "cn="+rand.Text(), []string{"reader"}
	e := f.event(t, storage.EventGroupChanged)
	want(t, "Update", groups.Update(ctx, &changed, f.clock.Now(), e), nil)
	f.wrote(t, e, true)
	changed.UpdatedAt = f.clock.Now()
	found, err = groups.ByName(ctx, changed.Name)
	want(t, "ByName after", err, nil)
	equal(t, "changed group", found, &changed)
	_, err = groups.ByName(ctx, g.Name)
	want(t, "ByName by the old name", err, storage.ErrNotFound)

	e = f.event(t, storage.EventGroupChanged)
	want(t, "Update of what was read before", groups.Update(ctx, g, f.clock.Now(), e), storage.ErrConflict)
	f.wrote(t, e, false)

	u := f.user(t)
	f.join(t, g, u, storage.SourceManual)
	e = f.event(t, storage.EventGroupDeleted)
	want(t, "Delete", groups.Delete(ctx, g.ID, time.Time{}, e), nil)
	f.wrote(t, e, true)
	want(t, "Delete again", groups.Delete(ctx, g.ID, time.Time{}, f.event(t, storage.EventGroupDeleted)), storage.ErrNotFound)
	_, err = groups.ByName(ctx, changed.Name)
	want(t, "ByName of what is gone", err, storage.ErrNotFound)
	of, err := f.s.Memberships().Of(ctx, u.ID)
	want(t, "Of", err, nil)
	equal(t, "groups after deletion", len(of), 0)
}

// wrote says whether an event is there.
func (f fixture) wrote(t *testing.T, e storage.Event, want bool) {
	t.Helper()
	events, err := f.s.Events().List(t.Context(), storage.EventFilter{Type: e.Type, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.ContainsFunc(events, func(o storage.Event) bool { return o.ID == e.ID }); got != want {
		t.Errorf("event %s was written: %v, want %v", e.Type, got, want)
	}
}

func (f fixture) testGroupNames(t *testing.T) {
	ctx, groups := t.Context(), f.s.Groups()
	g := f.group(t)
	for _, name := range []string{strings.ToUpper(g.Name), strings.ToLower(g.Name), " " + g.Name} {
		found, err := groups.ByName(ctx, name)
		want(t, "ByName "+name, err, nil)
		equal(t, "group", found, g)
		other := &storage.Group{ID: f.id(t), Name: name, CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now()}
		want(t, "Create "+name, groups.Create(ctx, other, f.event(t, storage.EventGroupCreated)), storage.ErrConflict)
	}
	other := f.group(t)
	other.Name = strings.ToUpper(g.Name)
	want(t, "Update to a name that is taken", groups.Update(ctx, other, f.clock.Now(), f.event(t, storage.EventGroupChanged)), storage.ErrConflict)
}

func (f fixture) testGroupList(t *testing.T) {
	ctx, groups := t.Context(), f.s.Groups()
	var made []string
	for range 5 {
		made = append(made, f.group(t, "reader").Name)
	}
	u := f.user(t)
	var listed []string
	after := ""
	for {
		page, err := groups.List(ctx, after, 2)
		want(t, "List", err, nil)
		if len(page) == 0 {
			break
		}
		for _, g := range page {
			listed, after = append(listed, g.Name), g.Name
		}
	}
	slices.Sort(made)
	equal(t, "groups in order", slices.DeleteFunc(listed, func(name string) bool { return !slices.Contains(made, name) }), made)

	g, empty := f.group(t), f.group(t)
	f.join(t, g, u, storage.SourceManual)
	f.join(t, g, u, storage.SourceImport)
	f.join(t, g, f.user(t), storage.SourceManual)
	sizes, err := groups.Sizes(ctx, []storage.ID{g.ID, empty.ID})
	want(t, "Sizes", err, nil)
	equal(t, "sizes", sizes, map[storage.ID]int64{g.ID: 2})
}

// testMemberships: a person is a member as long as one source says so.
func (f fixture) testMemberships(t *testing.T) {
	ctx, members := t.Context(), f.s.Memberships()
	g, u := f.group(t), f.user(t)
	directory := storage.SourceSCIM + "directory"
	m := storage.Membership{GroupID: g.ID, UserID: u.ID, Source: directory, AddedAt: f.clock.Now()}
	f.join(t, g, u, directory)
	added := f.clock.Now()
	e := f.event(t, storage.EventGroupJoined)
	want(t, "Add again", members.Add(ctx, m, e), storage.ErrConflict)
	f.wrote(t, e, false)
	f.clock.Advance(time.Minute)
	f.join(t, g, u, storage.SourceManual)

	of, err := members.Of(ctx, u.ID)
	want(t, "Of", err, nil)
	equal(t, "groups", of, []storage.GroupOf{{
		ID: g.ID, Name: g.Name, Sources: []storage.MembershipSource{storage.SourceManual, directory}, AddedAt: added,
	}})

	e = f.event(t, storage.EventGroupLeft)
	m.Source = storage.SourceSCIM + "another"
	want(t, "Remove by a source that never said so", members.Remove(ctx, m, e), storage.ErrNotFound)
	f.wrote(t, e, false)
	m.Source = directory
	want(t, "Remove", members.Remove(ctx, m, f.event(t, storage.EventGroupLeft)), nil)
	f.hasGroups(t, u, g.Name)
	m.Source = storage.SourceManual
	want(t, "Remove the last", members.Remove(ctx, m, f.event(t, storage.EventGroupLeft)), nil)
	f.hasGroups(t, u)

	m.UserID = f.id(t)
	want(t, "Add of nobody", members.Add(ctx, m, f.event(t, storage.EventGroupJoined)), storage.ErrNotFound)
	m.UserID, m.GroupID = u.ID, f.id(t)
	want(t, "Add to no group", members.Add(ctx, m, f.event(t, storage.EventGroupJoined)), storage.ErrNotFound)
}

// hasGroups says which groups a read of the person must name.
func (f fixture) hasGroups(t *testing.T, u *storage.User, names ...string) {
	t.Helper()
	found, err := f.s.Users().ByID(t.Context(), u.ID)
	want(t, "ByID", err, nil)
	equal(t, "groups", found.Groups, names)
}

func (f fixture) testMembers(t *testing.T) {
	ctx, members := t.Context(), f.s.Memberships()
	g := f.group(t)
	var all []storage.Member
	for range 5 {
		u := f.user(t)
		f.clock.Advance(time.Second)
		all = append(all, storage.Member{
			UserID: u.ID, Email: u.Email, Username: u.Username, Sources: []storage.MembershipSource{storage.SourceManual, storage.SourceImport}, AddedAt: f.clock.Now(),
		})
		f.join(t, g, u, storage.SourceImport)
		f.join(t, g, u, storage.SourceManual)
	}
	slices.SortFunc(all, func(a, b storage.Member) int { return strings.Compare(string(a.UserID), string(b.UserID)) })
	first, err := members.Members(ctx, g.ID, "", 3)
	want(t, "Members", err, nil)
	rest, err := members.Members(ctx, g.ID, first[len(first)-1].UserID, 3)
	want(t, "Members after", err, nil)
	equal(t, "page", len(first), 3)
	equal(t, "members", append(first, rest...), all)
}

// testEffective: every read of a person tells their groups, and the roles that
// they and their groups were given.
func (f fixture) testEffective(t *testing.T) {
	ctx := t.Context()
	s := f.signedIn(t)
	g, h := f.group(t, "admin", "reader"), f.group(t, "reader")
	want(t, "SetRoles", f.s.Users().SetRoles(ctx, s.ID, []string{"auditor", "reader"}, f.clock.Now(), f.event(t, storage.EventRolesChanged)), nil)
	f.join(t, g, s.User, storage.SourceManual)
	f.join(t, g, s.User, storage.SourceImport)
	f.join(t, h, s.User, storage.SourceManual)
	names, roles := []string{g.Name, h.Name}, []string{"admin", "auditor", "reader"}
	slices.Sort(names)

	reads := map[string]func() (storage.User, error){
		"ByID": func() (storage.User, error) {
			u, err := f.s.Users().ByID(ctx, s.ID)
			return *u, err
		},
		"Check": func() (storage.User, error) {
			found, err := f.s.AccessTokens().Check(ctx, s.keptOnline.ID, "jti", f.clock.Now())
			return found.User, err
		},
		"BySecret": func() (storage.User, error) {
			found, err := f.s.Sessions().BySecret(ctx, []string{s.kept.SecretHash}, f.clock.Now())
			return found.User, err
		},
		"Rotate": func() (storage.User, error) {
			found, err := f.s.Grants().Rotate(ctx, f.rotation(s.keptOnline))
			return found.User, err
		},
		"Create": func() (storage.User, error) {
			grant := f.newGrant(t, s.User, s.kept.SID)
			found, err := f.s.Grants().Create(ctx, grant, storage.GrantStart{PasswordEpoch: s.PasswordEpoch}, f.event(t, storage.EventGrantIssued))
			return found.User, err
		},
	}
	for name, read := range reads {
		u, err := read()
		want(t, name, err, nil)
		equal(t, name+": groups", u.Groups, names)
		equal(t, name+": roles", u.Roles, roles)
	}
	want(t, "Delete group", f.s.Groups().Delete(ctx, g.ID, time.Time{}, f.event(t, storage.EventGroupDeleted)), nil)
	u, err := f.s.Users().ByID(ctx, s.ID)
	want(t, "ByID", err, nil)
	equal(t, "groups after", u.Groups, []string{h.Name})
	equal(t, "roles after", u.Roles, []string{"auditor", "reader"})
}

func (f fixture) testManyGroups(t *testing.T) {
	u := f.user(t)
	var names []string
	for i := range 500 {
		g := &storage.Group{ID: f.id(t), Name: fmt.Sprintf("group %03d %s", i, rand.Text()), CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now()}
		want(t, "Create group", f.s.Groups().Create(t.Context(), g, f.event(t, storage.EventGroupCreated)), nil)
		f.join(t, g, u, storage.SourceManual)
		names = append(names, g.Name)
	}
	f.hasGroups(t, u, names...)
}

func (f fixture) testAttributes(t *testing.T) {
	u := f.user(t, func(u *storage.User) {
		u.Attributes = storage.Attributes{"department": "hr", "floor": 3.0, "staff": true, "keys": []any{"a", "b"}}
	})
	found, err := f.s.Users().ByID(t.Context(), u.ID)
	want(t, "ByID", err, nil)
	equal(t, "attributes", found.Attributes, u.Attributes)

	users := f.s.Users()
	change := storage.AttributesChange{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, From: found.Attributes, To: storage.Attributes{"department": "it"}, Now: f.clock.Now()}
	e := f.event(t, storage.EventProfileChanged)
	want(t, "SetAttributes", users.SetAttributes(t.Context(), change, e), nil)
	f.wrote(t, e, true)
	found, err = users.ByID(t.Context(), u.ID)
	want(t, "ByID", err, nil)
	equal(t, "attributes after", found.Attributes, change.To)
	e = f.event(t, storage.EventProfileChanged)
	want(t, "SetAttributes of what was before", users.SetAttributes(t.Context(), change, e), storage.ErrConflict)
	f.wrote(t, e, false)
	change.From, change.To = change.To, nil
	want(t, "SetAttributes to none", users.SetAttributes(t.Context(), change, f.event(t, storage.EventProfileChanged)), nil)
	change.From, change.PasswordEpoch = nil, u.PasswordEpoch+1
	want(t, "SetAttributes under another password", users.SetAttributes(t.Context(), change, f.event(t, storage.EventProfileChanged)), storage.ErrConsumed)
}

// testImportedGroups: people come to groups that are there and to new ones, of
// which each is made once; where they do not come, no group stays behind.
func (f fixture) testImportedGroups(t *testing.T) {
	ctx, users := t.Context(), f.s.Users()
	there := f.group(t)
	made := storage.Group{ID: f.id(t), Name: "Made " + rand.Text(), Source: storage.SourceImport, CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now()}
	again := made
	again.ID, again.Name = f.id(t), strings.ToUpper(made.Name)
	first, second := f.event(t, storage.EventGroupCreated), f.event(t, storage.EventGroupCreated)
	one, other := f.invited(t, rand.Text()+"@groups.example"), f.invited(t, rand.Text()+"@groups.example")
	one.Groups = []string{strings.ToLower(there.Name), made.Name, made.Name}
	other.Groups = []string{again.Name}
	people := []storage.ImportedUser{
		{User: *one, Event: f.event(t, storage.EventUserImported), NewGroups: []storage.ImportedGroup{{Group: made, Event: first}}},
		{User: *other, Event: f.event(t, storage.EventUserImported), NewGroups: []storage.ImportedGroup{{Group: again, Event: second}}},
	}
	taken := *other
	taken.ID, taken.Email = f.id(t), f.user(t).Email
	_, err := users.Import(ctx, Imports(append(slices.Clone(people), storage.ImportedUser{User: taken, Event: f.event(t, storage.EventUserImported)})...))
	want(t, "Import of somebody who is there", err, storage.ErrConflict)
	_, err = f.s.Groups().ByName(ctx, made.Name)
	want(t, "ByName after a failed import", err, storage.ErrNotFound)

	_, err = users.Import(ctx, Imports(people...))
	want(t, "Import", err, nil)
	f.hasGroups(t, one, made.Name, there.Name)
	f.hasGroups(t, other, made.Name)
	f.wrote(t, first, true)
	f.wrote(t, second, false)
	of, err := f.s.Memberships().Of(ctx, other.ID)
	want(t, "Of", err, nil)
	equal(t, "sources", of[0].Sources, []storage.MembershipSource{storage.SourceImport})

	lost := f.invited(t, rand.Text()+"@groups.example")
	lost.Groups = []string{"never made " + rand.Text()}
	_, err = users.Import(ctx, Imports(storage.ImportedUser{User: *lost, Event: f.event(t, storage.EventUserImported)}))
	want(t, "Import into no group", err, storage.ErrNotFound)
}
