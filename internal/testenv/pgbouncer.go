package testenv

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// PgBouncer starts a PgBouncer in transaction mode before the database and
// returns the database's URL through it. Settings, as "name = value", are added
// to its configuration; it ends with the test.
func PgBouncer(t testing.TB, database string, settings ...string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatalf("PostgreSQL URL: %v", err)
	}
	binary, err := server.Find("pgbouncer", "pgbouncer", "/usr/sbin/pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	dir := processFolder(t, "latchkey-pgbouncer-")
	name, port := strings.TrimPrefix(u.Path, "/"), freePort(t)
	config := fmt.Sprintf(`[databases]
%s = host=%s port=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
%s
`, name, u.Hostname(), u.Port(), u.User.Username(), port, strings.Join(settings, "\n"))
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatalf("write the pooler's configuration: %v", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // it does not run as root
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	account := "postgres"
	p, err := server.Start(account, func() error { return server.Dial(address) }, binary, file)
	if err != nil {
		t.Fatalf("start PgBouncer: %v", err)
	}
	t.Cleanup(p.Kill)
	u.Host = address
	return u.String()
}
