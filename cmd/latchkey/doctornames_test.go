package main

import (
	"database/sql"
	"strings"
	"testing"
	"time"
)

// TestTH1_DoctorNamesClashes: accounts that are one under the canonical form of this
// version are named, with the command that ends it; names that only wait as well.
func TestTH1_DoctorNamesClashes(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	ada, other := n.person(t, "ada@example.com", time.Time{}), n.person(t, "other@example.com", time.Time{})
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(n.boot.cfg.Database.URL.Reveal(), "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	names := func(want, fix string) {
		t.Helper()
		d := of(t, examine(t.Context(), n.store, n.boot), "names")
		if d.OK != (want == "") || !strings.Contains(d.Problem, want) || !strings.Contains(d.Fix, fix) {
			t.Errorf("doctor says %+v, want %q and %q", d, want, fix)
		}
	}
	names("", "")
	// As a version wrote them that did not fold full width.
	if _, err := db.ExecContext(t.Context(), `UPDATE users SET email = $1, email_canonical = $1 WHERE id = $2`, "\uff41da@example.com", string(other.ID)); err != nil {
		t.Fatal(err)
	}
	names(string(ada.ID)+" and ", "latchkey user edit "+string(other.ID)+" --email ADDRESS")
	if _, err := db.ExecContext(t.Context(), `UPDATE users SET email = $1, email_canonical = $1 WHERE id = $2`, "\uff42ob@example.com", string(other.ID)); err != nil {
		t.Fatal(err)
	}
	names("1 name is stored in the form of an older version", "latchkey migrate up")
}
