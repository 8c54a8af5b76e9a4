package config

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// clientBlock is an indented block of a document that registers clients.
var clientBlock = regexp.MustCompile(`(?m)^    clients:\n(?:(?:    .*)?\n)+`)

// The clients that documents tell people to register are accepted as they stand.
func TestClientsOfDocumentsLoad(t *testing.T) {
	files, err := filepath.Glob("../docs/recipes/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("recipes: %v, %v", files, err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, testenv.NewAuthority(t, "Acme").PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../docs/quickstart.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := clientBlock.FindAllString(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s registers no client", file)
		}
		for _, block := range blocks {
			if strings.Contains(block, "…") {
				continue // a part of one that stands above it
			}
			vars, secrets := serveEnv(), 0
			yaml := regexp.MustCompile(`secret: (?:file|env):[^\s,}]+`).ReplaceAllStringFunc(block, func(string) string {
				secrets++ // each client has its own
				name := fmt.Sprintf("SECRET_%d", secrets)
				vars[name] = fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
				return "secret: env:" + name
			})
			yaml = regexp.MustCompile(`ca_file: \S+`).ReplaceAllLiteralString(yaml, "ca_file: "+ca)
			if strings.HasSuffix(file, "quickstart.md") { // dev's, on this machine
				yaml = strings.ReplaceAll(yaml, "http://127.0.0.1:3000", "https://wiki.example.com")
			}
			c, err := load(t, strings.ReplaceAll("\n"+yaml, "\n    ", "\n"), vars)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			} else if len(c.Clients) == 0 {
				t.Errorf("%s: no client was read from\n%s", file, yaml)
			}
		}
	}
}
