package main

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAC2_ConfigurationTouchesNobody: whatever a reload says of groups, roles, attributes,
// factors and clients, what is kept of people stays as it was, to the letter.
func TestAC2_ConfigurationTouchesNobody(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	folder := t.TempDir()
	data, err := devdata.Open(filepath.Join(folder, "data"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "latchkey.yaml")
	load := func() (*config.Config, error) {
		return config.Load(config.LoadOptions{File: file, Dev: true, Defaults: data.Defaults("http://localhost")})
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("attributes: [{name: department, options: [hr, it]}]\nclients: [{id: wiki, type: public, redirect_uris: [https://wiki.example.com/cb]}]\n")
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	r := &reloadable{idleServer: newIdleServerOf(t, cfg, &now)}
	r.boot.log, r.reread = slog.New(slog.NewTextHandler(&r.log, nil)), load
	ctx, accounts := t.Context(), r.current.Load().accounts
	ada := r.person(t, "ada@example.com", time.Time{})
	_, err1 := accounts.CreateGroup(ctx, operator(), account.NewGroup{Name: "hr", Roles: []string{"reader"}})
	_, err2 := accounts.SetRoles(ctx, operator(), ada.ID, []string{"admin"})
	if err := errors.Join(err1, err2, accounts.AddToGroup(ctx, operator(), ada.ID, "hr"),
		accounts.SetAttributes(ctx, operator(), ada.ID, map[string]any{"department": "hr"})); err != nil {
		t.Fatal(err)
	}
	people := func() map[string][]string {
		t.Helper()
		tables, err := rowsOf(strings.TrimPrefix(r.cfg().Database.URL.Reveal(), "sqlite://"))
		if err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(tables, func(name string, _ []string) bool {
			return !slices.Contains([]string{"users", "user_roles", "groups", "group_roles", "group_members", "credentials", "recovery_codes", "sessions", "consents"}, name)
		})
		return tables
	}
	before := people()
	if len(before["users"]) < 1 || len(before["group_members"]) != 1 || len(before["user_roles"]) != 1 || !strings.Contains(strings.Join(before["users"], ""), `"department":"hr"`) {
		t.Fatalf("nothing to touch: %v", before)
	}
	const wiki = "clients: [{id: wiki, type: public, redirect_uris: [https://wiki.example.com/cb], access: [{groups: [nobody]}]}]"
	for name, text := range map[string]string{
		"nothing at all":         "{}",
		"other options":          "attributes: [{name: department, options: [law]}]",
		"another type":           "attributes: [{name: department, type: number}]\n" + wiki,
		"other rules":            wiki,
		"nobody by default":      "access: {default: nobody}",
		"no clients":             "clients: []\nprune_after: 0s",
		"second factors":         "mfa: {required: always}",
		"a stricter policy":      "password: {min_length: 40}",
		"no sign-up, one factor": "sign_up: {mode: \"off\"}\nmfa: {factors: [passkey]}",
	} {
		write(text)
		r.reload(ctx)
		if said := r.logged(); !strings.Contains(said, "reloaded") {
			t.Errorf("%s was not taken: %s", name, said)
		}
		r.runJob(ctx, r.job(t, removeClientsJob))
		if diff := cmp.Diff(before, people()); diff != "" {
			t.Errorf("%s changed what is kept of people (-before +after):\n%s", name, diff)
		}
	}
}

// Of somebody whose account is deleted no attribute is left in any table; those of others are.
func TestRE4_AttributesAreErasedWithTheAccount(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	due, other := n.person(t, "due@example.com", now.Add(time.Hour)), n.person(t, "other@example.com", time.Time{})
	for id, value := range map[storage.ID]string{due.ID: "value-of-who-goes", other.ID: "value-of-who-stays"} {
		if err := n.boot.accounts(n.store).SetAttributes(t.Context(), operator(), id, map[string]any{"entitlements": []any{value}}); err != nil {
			t.Fatal(err)
		}
	}
	found := func(value string) (in []string) {
		t.Helper()
		tables, err := rowsOf(strings.TrimPrefix(n.cfg().Database.URL.Reveal(), "sqlite://"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			if strings.Contains(strings.Join(tables[name], ""), value) {
				in = append(in, name)
			}
		}
		return in
	}
	if got := found("value-of-who-goes"); !slices.Equal(got, []string{"users"}) {
		t.Errorf("before: in %v", got)
	}
	now = now.Add(2 * time.Hour)
	n.runJob(t.Context(), n.job(t, "delete_accounts"))
	if got := found("value-of-who-goes"); got != nil {
		t.Errorf("left behind in %v", got)
	}
	if got := found("value-of-who-stays"); !slices.Equal(got, []string{"users"}) {
		t.Errorf("of somebody else: in %v", got)
	}
}
