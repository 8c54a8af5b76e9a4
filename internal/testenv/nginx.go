package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// StartNginx runs nginx at an address until the test ends, with what its server block
// says: locations, and what is done in each.
func StartNginx(t testing.TB, address, block string) {
	t.Helper()
	StartNginxWith(t, address, NginxParts{Server: block})
}

// NginxParts are what the contexts of a configuration of nginx hold.
type NginxParts struct{ Main, HTTP, Server string }

// StartNginxWith is [StartNginx] with modules, and with settings of all servers.
func StartNginxWith(t testing.TB, address string, parts NginxParts) {
	t.Helper()
	dir := processFolder(t, "latchkey-nginx-")
	// One process, so that the end of it is the end of all.
	config := fmt.Sprintf(`
daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr;
%[4]s
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
    %[5]s
    server {
        listen %[2]s;
        %[3]s
    }
}
`, dir, address, parts.Server, parts.Main, parts.HTTP)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatalf("configure nginx: %v", err)
	}
	answers := func() error { return server.Dial(address) }
	s, err := server.Start("", answers, find(t, "nginx", "nginx", "/usr/sbin/nginx"), "-c", file, "-p", dir)
	if err != nil {
		t.Fatalf("start nginx: %v", err)
	}
	t.Cleanup(s.Kill)
}
