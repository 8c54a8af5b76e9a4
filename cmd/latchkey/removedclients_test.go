package main

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

func TestAC2_WhatBecomesOfClients(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	node := func(digest string, seen time.Duration) storage.Node {
		return storage.Node{ID: digest + seen.String(), Digest: digest, SeenAt: now.Add(-seen)}
	}
	with := storage.Configuration{Digest: "with", Clients: []string{"wiki", "shop"}}
	without := storage.Configuration{Digest: "without", Clients: []string{"shop"}}
	gone := func(ago time.Duration) []storage.RemovedClient {
		return []storage.RemovedClient{{ClientID: "wiki", RemovedAt: now.Add(-ago)}}
	}
	for name, c := range map[string]struct {
		state clientsState
		want  map[string]clientChange
	}{
		"nothing changed":                 {clientsState{Nodes: []storage.Node{node("with", 0)}, Configurations: []storage.Configuration{with}}, nil},
		"removed everywhere":              {clientsState{Nodes: []storage.Node{node("without", 0)}, Configurations: []storage.Configuration{with, without}}, map[string]clientChange{"wiki": clientRemoved}},
		"a node still has it":             {clientsState{Nodes: []storage.Node{node("without", 0), node("with", time.Minute)}, Configurations: []storage.Configuration{with, without}}, nil},
		"the node that had it has ended":  {clientsState{Nodes: []storage.Node{node("without", 0), node("with", storage.NodeGone)}, Configurations: []storage.Configuration{with, without}}, map[string]clientChange{"wiki": clientRemoved}},
		"a node starts with an old file":  {clientsState{Nodes: []storage.Node{node("with", 0), node("without", 0)}, Configurations: []storage.Configuration{with, without}}, nil},
		"what a node has is not kept yet": {clientsState{Nodes: []storage.Node{node("new", 0)}, Configurations: []storage.Configuration{with, without}}, nil},
		"no node runs":                    {clientsState{Configurations: []storage.Configuration{with, without}}, nil},
		"removed before":                  {clientsState{Nodes: []storage.Node{node("without", 0)}, Configurations: []storage.Configuration{with, without}, Removed: gone(time.Hour)}, nil},
		"back":                            {clientsState{Nodes: []storage.Node{node("with", 0)}, Configurations: []storage.Configuration{with, without}, Removed: gone(time.Hour)}, map[string]clientChange{"wiki": clientRestored}},
		"gone for long":                   {clientsState{Nodes: []storage.Node{node("without", 0)}, Configurations: []storage.Configuration{with, without}, Removed: gone(7 * 24 * time.Hour)}, map[string]clientChange{"wiki": clientPruned}},
		"pruned": {clientsState{Nodes: []storage.Node{node("without", 0)}, Configurations: []storage.Configuration{with, without},
			Removed: []storage.RemovedClient{{ClientID: "wiki", RemovedAt: now.AddDate(0, 0, -9), PrunedAt: now}}}, nil},
	} {
		c.state.Now, c.state.PruneAfter = now, 7*24*time.Hour
		if got := decideClients(c.state); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func (r *reloadable) event(t *testing.T, typ storage.EventType) storage.Event {
	t.Helper()
	e, err := storage.NewEvent(r.now(), newRandom(), typ)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// grant has a client hold tokens of somebody that outlive a session.
func (r *reloadable) grant(t *testing.T, u *storage.User, client string) *storage.Grant {
	t.Helper()
	now, id := r.now(), newID(t)
	g := &storage.Grant{ID: id, ClientID: client, UserID: u.ID, CodeHash: string(id), Offline: true, Refreshable: true, Generation: 1, Salt: make([]byte, 16),
		Authentication: storage.Authentication{Time: now, ACR: "aal1", AMR: []string{"pwd"}},
		RotatedAt:      now, CreatedAt: now, ExpiresAt: now.AddDate(0, 1, 0), IdleExpiresAt: now.AddDate(0, 1, 0)}
	if _, err := r.store.Grants().Create(t.Context(), g, storage.GrantStart{PasswordEpoch: u.PasswordEpoch}, r.event(t, storage.EventGrantIssued)); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestAC2_ARemovedClientLosesItsTokensAtOnce and its consents after prune_after; one
// that is back by then has its consents and not its tokens.
func TestAC2_ARemovedClientLosesItsTokensAtOnce(t *testing.T) {
	r := newReloadable(t)
	now := r.now()
	r.report(t.Context())
	ada := r.person(t, "ada@example.com", time.Time{})
	g := r.grant(t, ada, "demo")
	if err := r.store.Consents().Put(t.Context(), ada.ID, "demo", []string{"openid"}, now, r.event(t, storage.EventConsentGranted)); err != nil {
		t.Fatal(err)
	}
	is := func(when string, live, consent bool) {
		t.Helper()
		got, err := r.store.Grants().ByID(t.Context(), g.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.store.Consents().Get(t.Context(), ada.ID, "demo")
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
		if got.Grant.Live(now) != live || (err == nil) != consent {
			t.Errorf("%s: the grant lives: %v, the consent is there: %v", when, got.Grant.Live(now), err == nil)
		}
	}
	is("before", true, true)
	r.file(func(c *config.Config) { c.Clients[0].ID = "wiki" })
	r.reload(t.Context())
	is("removed", false, true)
	r.file(func(*config.Config) {})
	r.reload(t.Context())
	is("back", false, true)
	r.file(func(c *config.Config) { c.Clients, c.PruneAfter = nil, 0 })
	r.reload(t.Context())
	if _, err := r.removeClients(t.Context()); err != nil {
		t.Fatal(err)
	}
	is("gone for as long as consents are kept", false, false)
	for typ, want := range map[storage.EventType]int{storage.EventClientRemoved: 3, storage.EventClientRestored: 1, storage.EventClientPruned: 2} {
		events, err := r.store.Events().List(t.Context(), storage.EventFilter{Type: typ, Limit: 10})
		if err != nil || len(events) != want || events[0].ActorID != removeClientsJob || events[0].ClientID == "" {
			t.Errorf("%d events %s, want %d: %+v, %v", len(events), typ, want, events, err)
		}
	}
}

// TestAC2_DiffCountsTheGrantsThatEnd: what `config diff` says of the grants of a client that
// goes is what a reload does to them.
func TestAC2_DiffCountsTheGrantsThatEnd(t *testing.T) {
	r := newReloadable(t)
	r.report(t.Context())
	without := func(c *config.Config) { c.Clients[0].ID = "wiki" }
	effect := func() string {
		t.Helper()
		r.file(without)
		next, err := r.reread()
		if err != nil {
			t.Fatal(err)
		}
		found, err := consequencesOf(t.Context(), config.Changes(r.cfg(), next), next, r.store.Grants(), r.now())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found {
			if c.Key == "clients[demo]" {
				what, _, _ := strings.Cut(c.Effect, ";")
				return what
			}
		}
		t.Fatalf("the client is not said to go: %v", found)
		return ""
	}
	const say = "its tokens stop working at once: "
	if got := effect(); got != say+"no live grants" {
		t.Errorf("of none: %q", got)
	}
	var live []*storage.Grant
	for _, email := range []string{"ada@example.com", "bob@example.com", "eve@example.com"} {
		live = append(live, r.grant(t, r.person(t, email, time.Time{}), "demo"))
		if len(live) == 1 {
			if got := effect(); got != say+"1 live grant ends" {
				t.Errorf("of one: %q", got)
			}
		}
	}
	gone := live[2]
	if err := r.store.Grants().Revoke(t.Context(), gone.ID, r.now(), "x", r.event(t, storage.EventGrantRevoked)); err != nil {
		t.Fatal(err)
	}
	if got := effect(); got != say+"2 live grants end" {
		t.Errorf("of three, one of which has ended: %q", got)
	}
	r.reload(t.Context())
	for _, g := range live {
		if got, err := r.store.Grants().ByID(t.Context(), g.ID); err != nil || got.Grant.Live(r.now()) {
			t.Errorf("a grant lives on after the reload: %v", err)
		}
	}
}
