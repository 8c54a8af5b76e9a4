package testenv

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// StartCaddy runs Caddy until the test ends, with the site block of a Caddyfile, which
// serves at address.
func StartCaddy(t testing.TB, address, site string) {
	t.Helper()
	dir := processFolder(t, "latchkey-caddy-")
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte("{\n\tadmin off\n\tauto_https off\n\tstorage file_system "+dir+"\n}\n"+site), 0o600); err != nil {
		t.Fatalf("configure Caddy: %v", err)
	}
	answers := func() error { return server.Dial(address) }
	s, err := server.Start("", answers, find(t, "caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", file)
	if err != nil {
		t.Fatalf("start Caddy: %v", err)
	}
	t.Cleanup(s.Kill)
}
