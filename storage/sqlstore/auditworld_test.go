package sqlstore_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// audited is a store with linked events, and a way into its database past the store.
type audited struct {
	*sqlstore.Store
	url   string
	clock *storagetest.Clock
	user  storage.ID
}

// eachAudited runs a test on each backend, with ten events that are linked: of
// changes, of a grant, and of nothing else.
func eachAudited(t *testing.T, test func(t *testing.T, a audited)) {
	for name, url := range testenv.Databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := audited{url: url(t), clock: storagetest.NewClock()}
			a.Store = open(t, a.url, a.clock.Now)
			now := a.clock.Now()
			user := &storage.User{ID: a.id(t), Email: "ada@example.com", CreatedAt: now, UpdatedAt: now}
			a.user = user.ID
			session := &storage.Session{SID: a.id(t), UserID: user.ID, SecretHash: "p1.s", Authentication: storage.Authentication{Time: now}, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}
			g := &storage.Grant{
				ID: a.id(t), UserID: user.ID, SID: session.SID, CodeHash: "p1.code", Generation: 1, Salt: benchSalt, RotatedAt: now, CreatedAt: now,
				Authentication: storage.Authentication{Time: now}, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
			}
			err1 := a.Users().Create(t.Context(), user, a.event(t))
			err2 := a.Sessions().Create(t.Context(), session, storage.SessionStart{}, a.event(t))
			_, err3 := a.Grants().Create(t.Context(), g, storage.GrantStart{}, a.event(t))
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
			a.append(t, 7)
			a.link(t)
			test(t, a)
		})
	}
}

func (a audited) id(t *testing.T) storage.ID {
	t.Helper()
	id, err := storage.NewID(a.clock.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (a audited) event(t *testing.T) storage.Event {
	t.Helper()
	a.clock.Advance(time.Second)
	return storage.Event{
		ID: a.id(t), At: a.clock.Now(), Type: storage.EventSignIn, UserID: a.user, ClientID: "wiki", Address: "192.0.2.1",
		UserAgent: "Test/1", RequestID: "r1", Outcome: storage.Success, Detail: "why",
	}
}

func (a audited) append(t *testing.T, n int) {
	t.Helper()
	for range n {
		if err := a.Events().Append(t.Context(), a.event(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func (a audited) link(t *testing.T) {
	t.Helper()
	for {
		n, err := a.Events().Link(t.Context(), 4)
		if err != nil {
			t.Fatal(err)
		}
		if n < 4 {
			return
		}
	}
}

func (a audited) verify(t *testing.T, known ...storage.AuditMark) storage.AuditReport {
	t.Helper()
	report, err := a.Events().Verify(t.Context(), nil, known...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// tamper runs statements as somebody would who has the database but not the key.
func (a audited) tamper(t *testing.T, statements ...string) {
	t.Helper()
	driver, source := "pgx", a.url
	if path, ok := strings.CutPrefix(a.url, "sqlite://"); ok {
		driver, source = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// linked names the event with the number.
func linked(seq int) string {
	return fmt.Sprintf(`(SELECT l.id FROM audit_links l WHERE l.seq = %d)`, seq)
}

// copyOf inserts a copy of the event with the number under another id, to be
// linked under a number; empty has it wait for one.
func copyOf(seq int, id, as string) []string {
	const columns = `version, at, type, actor_kind, actor_id, user_id, client_id, grant_id, sid, address, user_agent,
		request_id, identifier_hash, outcome, detail, personal_salt, personal_hash, mac`
	copied := fmt.Sprintf(`INSERT INTO audit_events (id, %s) SELECT '%s', %s FROM audit_events WHERE id = %s`, columns, id, columns, linked(seq))
	if as == "" {
		return []string{copied, fmt.Sprintf(`INSERT INTO audit_queue (id) VALUES ('%s')`, id)}
	}
	return []string{copied, fmt.Sprintf(`INSERT INTO audit_links (seq, id, chain) SELECT %s, '%s', chain FROM audit_links WHERE seq = %d`, as, id, seq)}
}

// removal deletes the event with the number and its link.
func removal(seq int) []string {
	return []string{`DELETE FROM audit_events WHERE id = ` + linked(seq), fmt.Sprintf(`DELETE FROM audit_links WHERE seq = %d`, seq)}
}

// under opens the same database under other keys.
func (a audited) under(t *testing.T, keys storagetest.Hasher) audited {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: a.url, Hasher: keys, Now: a.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a.Store = s
	return a
}
