package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// town is people in the order of their ids.
type town []storage.User

// List implements people.
func (p town) List(_ context.Context, after storage.ID, limit int) ([]storage.User, error) {
	from := slices.IndexFunc(p, func(u storage.User) bool { return u.ID > after })
	if from < 0 {
		return nil, nil
	}
	return p[from:min(from+limit, len(p))], nil
}

// TestAC2_DiffSaysWhoGainsAndLosesAccess: by rules, by the default, and by clients that
// come and go; who was disabled gains nothing, and the same rules in another place change
// nothing.
func TestAC2_DiffSaysWhoGainsAndLosesAccess(t *testing.T) {
	people := town{
		{ID: "1", Email: "ada@example.com", Groups: []string{"hr"}}, {ID: "2", Email: "bob@example.com"}, {ID: "3", Username: "eve", Groups: []string{"it"}},
		{ID: "4", Email: "gone@example.com", Groups: []string{"it", "hr"}, DisabledAt: time.Unix(1, 0)},
	}
	groups := func(names ...string) access.Policy {
		return access.Policy{Rules: []access.Rule{{Groups: names, At: fmt.Sprint("line ", len(names))}}}
	}
	office := []access.Rule{{Groups: []string{"hr"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	strong := groups("hr")
	strong.Rules[0].ACR = "aal2"
	moved := strong
	moved.Rules = slices.Clone(strong.Rules)
	moved.Rules[0].At = "line 99"
	nobody := access.Policy{Default: access.Deny}
	type policies = config.Policies
	for name, c := range map[string]struct {
		before []config.Policies
		after  config.Policies
		want   []string
	}{
		"nothing": {[]policies{{"a": groups("hr"), "b": {}}}, policies{"a": groups("hr"), "b": {}}, nil},
		"another group": {[]policies{{"a": groups("hr")}}, policies{"a": groups("it")}, []string{
			"clients[a].access: changed\n    1 person gains access (eve); 1 person loses access (ada@example.com)",
		}},
		"one group more":       {[]policies{{"a": groups("hr")}}, policies{"a": groups("hr", "it")}, []string{"clients[a].access: changed\n    1 person gains access (eve)"}},
		"a place in the file":  {[]policies{{"a": strong}}, policies{"a": moved}, nil},
		"a stronger sign-in":   {[]policies{{"a": groups("hr")}}, policies{"a": strong}, nil},
		"one network":          {[]policies{{"a": groups("hr")}}, policies{"a": {Rules: office}}, []string{"clients[a].access: changed\n    1 person loses access (ada@example.com)"}},
		"nobody":               {[]policies{{"a": groups("hr")}}, policies{"a": {Rules: []access.Rule{}}}, []string{"clients[a].access: changed\n    1 person loses access (ada@example.com)"}},
		"the default of many":  {[]policies{{"a": {}, "b": {}, "c": groups("it")}}, policies{"a": nobody, "b": nobody, "c": groups("it")}, []string{"clients[a].access: changed\n    3 people lose access (ada@example.com, bob@example.com, eve)", "clients[b].access: changed\n    3 people lose access (ada@example.com, bob@example.com, eve)"}},
		"the default of rules": {[]policies{{"a": {Default: access.Allow, Rules: strong.Rules}}}, policies{"a": {Default: access.Deny, Rules: strong.Rules}}, nil},
		"a client that comes":  {[]policies{{}}, policies{"a": groups("it")}, []string{"clients[a].access: changed\n    1 person gains access (eve)"}},
		"a client that goes":   {[]policies{{"a": groups("it")}}, policies{}, []string{"clients[a].access: changed\n    1 person loses access (eve)"}},
		"nodes that differ": {[]policies{{"a": groups("hr")}, {"a": groups("it")}}, policies{"a": groups("it")}, []string{
			"clients[a].access: changed\n    1 person gains access (eve); 1 person loses access (ada@example.com)",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := accessChanges(t.Context(), people, c.before, c.after)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, one := range found {
				got = append(got, one.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of many people only some are named, all are counted, and they are read a batch at a time.
func TestDiffNamesAFewOfMany(t *testing.T) {
	var people town
	for i := range 2*listBatch + 1 {
		people = append(people, storage.User{ID: storage.ID(fmt.Sprintf("%05d", i)), Username: fmt.Sprint("person", i)})
	}
	found, err := accessChanges(t.Context(), people, []config.Policies{{"a": {Default: access.Deny}}}, config.Policies{"a": {}})
	if want := "1,001 people gain access (person0, person1, person2, person3, person4, …)"; err != nil || len(found) != 1 || found[0].Effect != want {
		t.Errorf("%v %v", found, err)
	}
}

// What a node reports is enough to say it.
func TestSnapshotsKeepWhoMayUseClients(t *testing.T) {
	t.Setenv("KEY_A", keyA)
	t.Setenv("KEY_B", keyB)
	s := serveWith(t, "timeouts: {drain: 0s}\nclients:\n  - {id: wiki, type: public, redirect_uris: [https://wiki.example.com/cb], access: [{groups: [hr], networks: [10.0.0.0/8]}]}\n"+
		"  - {id: none, type: public, redirect_uris: [https://none.example.com/cb], access: []}\n  - {id: all, type: public, redirect_uris: [https://all.example.com/cb]}\n")
	cfg, err := config.Load(config.LoadOptions{File: s.file})
	if err != nil {
		t.Fatal(err)
	}
	document, err := cfg.Snapshot().Encode()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := config.DecodeSnapshot(document)
	if err != nil {
		t.Fatal(err)
	}
	if left := transitions([]config.Policies{kept.Policies}, cfg.Policies()); len(left) != 0 || len(kept.Policies) != 3 {
		t.Errorf("of %d policies these come back otherwise: %v", len(kept.Policies), left)
	}
}
