package main

import (
	"database/sql"
	"strings"
	"testing"
	"time"
)

// TestManyAreEndedAtOnce: sessions and grants of several people that a filter selects end,
// each as an event of its person; those that it does not select stay, and a person whose
// access to a client is younger in one grant keeps it.
func TestManyAreEndedAtOnce(t *testing.T) {
	const day = 24 * time.Hour
	i := newInstallation(t, "")
	ada, grace, eve := i.person(t, "ada@example.com", time.Time{}), i.person(t, "grace@example.com", time.Time{}), i.person(t, "eve@example.com", time.Time{})
	i.signIn(t, ada, 40*day, "wiki", "other")
	i.signIn(t, grace, 40*day, "wiki")
	i.signIn(t, eve, 40*day, "wiki")
	i.signIn(t, eve, time.Hour, "wiki")
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(i.boot.cfg.Database.URL.Reveal(), "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// The store notes itself when a grant begins.
	if _, err := db.ExecContext(t.Context(), `UPDATE grants SET created_at = (SELECT s.created_at FROM sessions s WHERE s.sid = grants.sid)`); err != nil {
		t.Fatal(err)
	}
	count := func(args ...string) int {
		t.Helper()
		status, out, errs := i.run(t, append(args, "--json")...)
		if status != 0 {
			t.Fatal(errs)
		}
		return strings.Count(out, `"user_id": `)
	}
	for _, step := range []struct {
		line             []string
		status           int
		said             string
		sessions, grants int
	}{
		{[]string{"grant", "revoke", "--client", "wiki", "--older-than", "30d", "--dry-run"}, 0, "would end the access of applications to accounts, 2 times", 4, 5},
		{[]string{"grant", "revoke", "--client", "wiki", "--older-than", "30d", "--yes"}, 0, "ended 2 accesses\n", 4, 3},
		{[]string{"grant", "revoke", "--client", "wiki", "--older-than", "30d", "--yes"}, exitRefused, "", 4, 3},
		{[]string{"session", "end", "--older-than", "30d", "--yes"}, 0, "ended 3 sessions\n", 1, 1},
		{[]string{"session", "end", "--older-than", "30d", "--yes"}, exitRefused, "", 1, 1},
		{[]string{"grant", "revoke", "--client", "wiki", "--yes"}, 0, "ended 1 access\n", 1, 0},
	} {
		status, out, errs := i.run(t, step.line...)
		if status != step.status || !strings.HasPrefix(out, step.said) {
			t.Errorf("%v = %d %q %s", step.line, status, out, errs)
		}
		if sessions, grants := count("session", "list"), count("grant", "list"); sessions != step.sessions || grants != step.grants {
			t.Errorf("after %v there are %d sessions and %d grants, want %d and %d", step.line, sessions, grants, step.sessions, step.grants)
		}
	}
	for who, want := range map[string]int{string(ada.ID): 1, string(grace.ID): 1, string(eve.ID): 1} {
		_, out, _ := i.run(t, "audit", "list", "--user", who, "--type", "session_ended", "--json")
		if got := strings.Count(out, `"type":"session_ended"`); got != want {
			t.Errorf("%s has %d events of an ended session, want %d:\n%s", who, got, want, out)
		}
	}
}
