package main

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// destroyingVerbs are the names of commands that take something away.
var destroyingVerbs = []string{"delete", "disable", "end", "end-sessions", "lockdown", "raise", "replay", "reset-mfa", "restore", "revoke", "revoke-grants", "rotate-secret"}

// Whatever takes something away says with --dry-run what it would do, and takes --yes.
func TestWhatDestroysHasDryRunAndYes(t *testing.T) {
	for path, cmd := range leaves(rootCommand()) {
		_, marked := cmd.Annotations[destroys]
		if by := slices.Contains(destroyingVerbs, cmd.Name()); by != marked {
			t.Errorf("%s: destroys by its name %v, by its flags %v", path, by, marked)
		}
		for _, name := range []string{"yes", "dry-run"} {
			if marked && cmd.Flags().Lookup(name) == nil {
				t.Errorf("%s has no --%s", path, name)
			}
		}
	}
}

// installation is one on a file, with a store beside the one that each command opens.
type installation struct {
	idleServer
	file string
	// clock is the node's: commands have their own.
	clock *time.Time
}

func newInstallation(t *testing.T, more string) *installation {
	t.Helper()
	file := serveConfig(t, "sqlite://"+t.TempDir()+"/latchkey.db")
	appendTo(t, file, "metrics: {listen: \"\"}\n"+more)
	cfg, err := config.Load(config.LoadOptions{File: file})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	return &installation{newIdleServerOf(t, cfg, &now), file, &now}
}

// run runs a command on it.
func (i *installation) run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return latchkeyRun(t, append(args, "--config", i.file)...)
}

// signIn begins a session of a person some time ago, and in it a grant of each client.
func (i *installation) signIn(t *testing.T, u *storage.User, ago time.Duration, clients ...string) storage.ID {
	t.Helper()
	event := func(typ storage.EventType) storage.Event {
		e, err := account.NewEvent(i.now(), rand.Reader, account.System("test"), typ, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	sid, at := newID(t), i.now().Add(-ago)
	s := &storage.Session{
		SID: sid, UserID: u.ID, SecretHash: "p1." + string(sid), Authentication: storage.Authentication{Time: at, ACR: "aal1"},
		UserAgent: hostileAgent, Address: "192.0.2.1", CreatedAt: at, LastSeenAt: at, IdleExpiresAt: i.now().Add(time.Hour), ExpiresAt: i.now().Add(2 * time.Hour),
		Proofs: []storage.Proof{{Kind: storage.FactorPassword, At: at}},
	}
	if err := i.store.Sessions().Create(t.Context(), s, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, event(storage.EventSignIn)); err != nil {
		t.Fatal(err)
	}
	for _, client := range clients {
		g := &storage.Grant{
			ID: newID(t), ClientID: client, UserID: u.ID, SID: sid, Scopes: []string{"openid"}, CodeHash: "p1." + string(newID(t)), Generation: 1, Salt: make([]byte, 16),
			Authentication: s.Authentication, RotatedAt: at, CreatedAt: at, IdleExpiresAt: i.now().Add(9 * time.Hour), ExpiresAt: i.now().Add(9 * time.Hour),
		}
		if _, err := i.store.Grants().Create(t.Context(), g, storage.GrantStart{Subject: string(u.ID), PasswordEpoch: u.PasswordEpoch}, event(storage.EventGrantIssued)); err != nil {
			t.Fatal(err)
		}
	}
	return sid
}
