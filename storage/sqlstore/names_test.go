package sqlstore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// TestTH1_AnUpgradeFindsNamesThatClash: names that an older version kept in another
// canonical form are brought into this version's. Of two that are one in it neither is
// changed; the log names both, and so does whoever looks afterwards.
func TestTH1_AnUpgradeFindsNamesThatClash(t *testing.T) {
	t.Parallel()
	const (
		composed, decomposed = "jos\u00e9@example.com", "jose\u0301@example.com"
		unicode, punycode    = "ada@b\u00fccher.example", "ada@xn--bcher-kva.example"
		longS                = "op\u017f"
	)
	for name, url := range testenv.Databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := audited{url: url(t)}
			var log bytes.Buffer
			s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: a.url, Hasher: testHasher, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			if _, err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if log.Len() > 0 {
				t.Errorf("an empty database: %s", &log)
			}
			user := func(id, email, emailForm, username, usernameForm string) {
				a.tamper(t, fmt.Sprintf(`INSERT INTO users (id, email, email_canonical, username, username_canonical, created_at, updated_at)
					VALUES ('%s', '%s', '%s', '%s', '%s', 0, 0)`, id, email, emailForm, username, usernameForm))
			}
			user("01", composed, composed, "Ada", "ada")
			user("02", decomposed, decomposed, "ada2", "ada2")
			user("03", unicode, unicode, "ada3", "ada3")
			user("04", "four@example.com", "four@example.com", "\uff41\uff44\uff4d", "\uff41\uff44\uff4d") // full width
			user("05", "five@example.com", "five@example.com", "a\u200ddm", "a\u200ddm")                   // with a joiner
			a.tamper(t, fmt.Sprintf(`INSERT INTO groups (id, name, canonical, created_at, updated_at) VALUES ('06', 'Ops', 'ops', 0, 0), ('07', '%s', '%s', 0, 0)`, longS, longS))
			a.tamper(t, fmt.Sprintf(`INSERT INTO invitations (id, token_hash, email, email_canonical, created_at, expires_at) VALUES ('08', 'h', '%s', '%s', 0, 0)`, unicode, unicode))

			clashes := []sqlstore.NameClash{
				{What: "email", Holder: "01", Other: "02", HolderName: composed, OtherName: decomposed},
				{What: "username", Holder: "04", Other: "05", HolderName: "\uff41\uff44\uff4d", OtherName: "a\u200ddm"},
				{What: "group", Holder: "06", Other: "07", HolderName: "Ops", OtherName: longS},
			}
			want := func(when string, outdated int) {
				t.Helper()
				got, err := s.Names(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(sqlstore.NameReport{Clashes: clashes, Outdated: outdated}, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", when, diff)
				}
			}
			want("before the upgrade", 2)
			for range 2 { // it may be tried again
				log.Reset()
				if _, err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, c := range clashes {
					if said := fmt.Sprintf("what=%s found_by_it=%s not_found_by_it=%s", c.What, c.Holder, c.Other); !strings.Contains(log.String(), said) {
						t.Errorf("the log does not say %q:\n%s", said, &log)
					}
				}
				if strings.Contains(log.String(), "example") {
					t.Errorf("the log holds an address:\n%s", &log)
				}
			}
			want("after the upgrade", 0)
			for typed, id := range map[string]storage.ID{
				composed: "01", decomposed: "01", unicode: "03", punycode: "03", "five@example.com": "05", "four@example.com": "04", "ada2": "02",
			} {
				if u, err := s.Users().ByIdentifier(t.Context(), typed); err != nil || u.ID != id {
					t.Errorf("%q is %+v, %v; want %s", typed, u, err, id)
				}
			}
			for id, email := range map[storage.ID]string{"02": decomposed, "05": "five@example.com"} {
				if u, err := s.Users().ByID(t.Context(), id); err != nil || u.Email != email {
					t.Errorf("%s is %+v, %v", id, u, err)
				}
			}
			if g, err := s.Groups().ByName(t.Context(), longS); err != nil || g.ID != "06" {
				t.Errorf("the group is %+v, %v", g, err)
			}

			// Whoever loses the name is renamed; then there is one of each.
			a.tamper(t, `UPDATE users SET email = 'other@example.com', email_canonical = 'other@example.com' WHERE id = '02'`,
				`UPDATE users SET username = 'other', username_canonical = 'other' WHERE id = '04'`,
				`UPDATE groups SET name = 'others', canonical = 'others' WHERE id = '07'`)
			clashes = nil
			want("once they were renamed", 1)
			log.Reset()
			if _, err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			want("in the end", 0)
			if u, err := s.Users().ByIdentifier(t.Context(), "adm"); err != nil || u.ID != "05" {
				t.Errorf("adm is %+v, %v", u, err)
			}
		})
	}
}
