//go:build linux

package main

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
)

// destruction is a command that takes something away.
type destruction struct {
	path, args string
	// would is what --dry-run says, and done what is said of what was done; by a question
	// it begins with "would".
	would, done string
	// scripted says that a script need not say --yes.
	scripted bool
}

// Every command that takes something away does nothing with --dry-run, asks at a
// terminal, takes no, and the end of the input, for no, and does on yes what it said.
func TestWhatDestroysAsks(t *testing.T) {
	secret, err := eventfeed.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOOK", secret)
	i := newInstallation(t, "registration: {mode: token}\nsign_up: {mode: invitation}\nmail: {smtp_url: smtps://mail.example.com, from: id@example.com}\nevents: {webhooks: [{name: siem, url: https://siem.example.com/in, secret: env:HOOK}]}\n")
	ctx := t.Context()
	if err := i.ring.Load(ctx); err != nil {
		t.Fatal(err)
	}
	ada, grace := i.person(t, "ada@example.com", time.Time{}), i.person(t, "grace@example.com", time.Time{})
	sid := i.signIn(t, ada, 0, "wiki")
	i.signIn(t, grace, 0, "wiki")
	i.signIn(t, i.person(t, "eve@example.com", time.Time{}), 0, "wiki")
	i.signIn(t, grace, 48*time.Hour, "wiki")
	key := i.ring.Keys()[0].ID
	for _, line := range []string{"group create staff", "group add staff ada@example.com", "backup --to " + i.file + ".db"} {
		if status, _, errs := i.run(t, strings.Fields(line)...); status != 0 {
			t.Fatalf("%s: %s", line, errs)
		}
	}
	var token issuedToken
	_, out, errs := i.run(t, "client", "registration-token", "create", "--json")
	if err := json.Unmarshal([]byte(out), &token); err != nil {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	var invited []shownInvitation
	for _, line := range []string{"invite create --email late@example.com --print-link", "invite list --json"} {
		status, out, errs := i.run(t, strings.Fields(line)...)
		if status != 0 {
			t.Fatalf("%s: %s", line, errs)
		}
		if err := json.Unmarshal([]byte(out), &invited); err != nil && strings.HasSuffix(line, "--json") {
			t.Fatal(err)
		}
	}
	if len(invited) != 1 || invited[0].Email != "late@example.com" || invited[0].State != invitationOpen {
		t.Fatalf("invited: %+v", invited)
	}
	app, _ := i.registersClient(t, `{"client_name":"App","redirect_uris":["https://app.example.com/cb"]}`)
	if _, err := i.store.Feeds().Place(ctx, eventfeed.WebhookPrefix+"siem", i.now()); err != nil {
		t.Fatal(err)
	}

	list := []destruction{
		{"session end", "ada@example.com " + string(sid), "end session " + string(sid) + " of ada@example.com", "ended session", true},
		{"session end", "--older-than 24h", "end 1 session that began longer than 24h ago", "ended 1 session", false},
		{"grant revoke", "grace@example.com wiki", "end the access of wiki to the account of grace@example.com", "ended the access of wiki", false},
		{"user revoke-grants", "eve@example.com", "end the access of wiki to the account of eve@example.com", "ended the access of wiki", false},
		{"user end-sessions", "ada@example.com", "sign ada@example.com out everywhere", "is signed out everywhere", false},
		{"user reset-mfa", "ada@example.com --reason lost", "remove the second factors, recovery codes and trusted devices of ada@example.com", "is signed out", true},
		{"user disable", "ada@example.com", "keep ada@example.com out", "disabled ada@example.com", true},
		{"user delete", "ada@example.com", "delete the account of ada@example.com in 14d", "will be deleted on", false},
		{"group delete", "staff", "delete the group staff, which has 1 member", "deleted group staff", true},
		{"client registration-token revoke", string(token.ID), "take the initial access token " + string(token.ID) + " back", "revoked initial access token", true},
		{"invite revoke", string(invited[0].ID), "take the invitation " + string(invited[0].ID) + " back", "does not work any more", false},
		{"client rotate-secret", app, "give the client " + app + " another secret, and end 1 secret in 1d", "", true},
		{"client delete", app, "delete the client " + app, "deleted client " + app, false},
		{"events replay", "siem --after 0", "bring every event after place 0 to siem again", "siem gets every event after position 0 again", false},
		{"lockdown", "grace@example.com --reason stolen", "lock grace@example.com down", "grace@example.com is locked down", false},
		{"keys revoke", key + " --now", "take the signing key " + key + " out of the JWKS", "signing", true},
		{"epoch raise", "--reason restored", "sign everybody out of everything", "the epoch is raised", false},
	}
	seen := map[string]bool{"restore": true} // see TestRestoreAsks: no node may have the file open
	for _, d := range list {
		seen[d.path] = true
		args := append(append(strings.Fields(d.path), strings.Fields(d.args)...), "--config", i.file)
		before := i.record(t)
		if status, out, errs := latchkeyRun(t, append(args, "--dry-run")...); status != 0 || !strings.HasPrefix(out, "would "+d.would) {
			t.Errorf("%s --dry-run = %d %s%s", d.path, status, out, errs)
		}
		for _, keys := range []string{"n\n", "\x04", "perhaps\n"} {
			status, out, screen := atTerminal(t, keys, args...)
			if status != exitRefused || !strings.Contains(screen, "This will "+d.would) || !strings.Contains(screen, "Continue? [y/N] ") || !strings.Contains(screen, "nothing was done") {
				t.Errorf("%s, answered %q = %d\n%s%s", d.path, keys, status, screen, out)
			}
		}
		if !d.scripted {
			if status, _, errs := latchkeyRun(t, args...); status != exitUsage || !strings.Contains(errs, "this would "+d.would) || !strings.Contains(errs, "add --yes") {
				t.Errorf("%s without a terminal = %d %s", d.path, status, errs)
			}
		}
		if after := i.record(t); after != before {
			t.Errorf("%s did something before it was told to:\n%s", d.path, strings.TrimPrefix(after, before))
		}
		if status, out, screen := atTerminal(t, "y\n", args...); status != 0 || !strings.Contains(out, d.done) {
			t.Errorf("%s, answered y = %d\n%s%s", d.path, status, screen, out)
		}
	}
	for path, cmd := range leaves(rootCommand()) {
		if _, marked := cmd.Annotations[destroys]; marked && !seen[path] {
			t.Errorf("nobody tries %s", path)
		}
	}
}

// record is what is on record, with the keys that are published and where events went.
func (i *installation) record(t *testing.T) string {
	t.Helper()
	_, events, _ := i.run(t, "audit", "export")
	_, keys, _ := i.run(t, "keys", "list")
	_, feeds, _ := i.run(t, "events", "list")
	return events + keys + feeds
}

// restore asks too, when it has looked at the backup, and takes its copy away.
func TestRestoreAsks(t *testing.T) {
	dir := t.TempDir()
	file := serveConfig(t, "sqlite://"+dir+"/latchkey.db")
	for _, line := range []string{"migrate up", "backup --to " + dir + "/monday.db", "user create --email late@example.com"} {
		if status, _, errs := latchkeyRun(t, append(strings.Fields(line), "--config", file)...); status != 0 {
			t.Fatal(errs)
		}
	}
	restore := []string{"restore", "--from", dir + "/monday.db", "--reason", "the disk failed", "--config", file}
	untouched := func(when string) {
		t.Helper()
		if _, err := os.Stat(dir + "/latchkey.db-restored"); !os.IsNotExist(err) {
			t.Errorf("%s a copy is left: %v", when, err)
		}
		if status, _, errs := latchkeyRun(t, "user", "show", "late@example.com", "--config", file); status != 0 {
			t.Errorf("%s the database is another: %s", when, errs)
		}
	}
	if status, out, errs := latchkeyRun(t, append(restore, "--dry-run")...); status != 0 || !strings.HasPrefix(out, "would put the backup "+dir+"/monday.db in the place of the database") {
		t.Errorf("restore --dry-run = %d %s%s", status, out, errs)
	}
	untouched("after --dry-run")
	if status, _, errs := latchkeyRun(t, "restore", "--from", file, "--reason", "by mistake", "--dry-run", "--config", file); status != exitRefused || errs == "" {
		t.Errorf("a dry run with what is no backup = %d %s", status, errs)
	}
	for _, keys := range []string{"n\n", "\x04"} {
		if status, _, screen := atTerminal(t, keys, restore...); status != exitRefused || !strings.Contains(screen, "nothing was done") {
			t.Errorf("restore, answered %q = %d %s", keys, status, screen)
		}
		untouched("after no")
	}
	if status, out, screen := atTerminal(t, "y\n", restore...); status != 0 || !strings.Contains(out, "the backup is restored") {
		t.Errorf("restore, answered y = %d %s%s", status, screen, out)
	}
	if status, _, _ := latchkeyRun(t, "user", "show", "late@example.com", "--config", file); status != exitRefused {
		t.Errorf("somebody of after the backup is there: %d", status)
	}
}
