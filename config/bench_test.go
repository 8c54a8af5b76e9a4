package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// BenchmarkStartWithTenThousandClients reads them from a file, with all that a start and
// a reload make of them: validation, digest, snapshot and the registry.
func BenchmarkStartWithTenThousandClients(b *testing.B) {
	const many = 10_000
	var text strings.Builder
	text.WriteString("clients:\n")
	for i := range many {
		fmt.Fprintf(&text, "  - {id: app%d, name: App %d, type: public, redirect_uris: [https://app%d.example.com/cb], access: [{groups: [team%d]}]}\n", i, i, i, i%100)
	}
	file := filepath.Join(b.TempDir(), "latchkey.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	setenv(b, serveEnv())
	for b.Loop() {
		c, err := Load(LoadOptions{File: file})
		if err != nil {
			b.Fatal(err)
		}
		clients, err := c.ClientList(func(id, secret string) string { return id + secret })
		if err != nil {
			b.Fatal(err)
		}
		registry := client.NewRegistry(client.NewSnapshot(clients))
		if last, err := registry.Client(b.Context(), fmt.Sprint("app", many-1)); err != nil || last.Name != fmt.Sprint("App ", many-1) || c.Digest() == "" {
			b.Fatal(last, err)
		}
		if _, err := c.Snapshot().Encode(); err != nil {
			b.Fatal(err)
		}
	}
}
