package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestAC2_NodesWithOtherTemplatesAreToldApart: two nodes on one PostgreSQL read the same
// configuration, and one of them before a template was changed. status sees two digests, diff
// names the template, and both are as one when the other has reloaded.
func TestAC2_NodesWithOtherTemplatesAreToldApart(t *testing.T) {
	dir := t.TempDir()
	file, templates := filepath.Join(dir, "latchkey.yaml"), filepath.Join(dir, "templates", "locales")
	if err := os.MkdirAll(templates, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("KEY_A", keyA)
	t.Setenv("KEY_B", keyB)
	write(file, fmt.Sprintf("issuer: http://localhost\ninsecure_http: true\nmetrics: {listen: \"\"}\nmessages: {templates: templates}\ndatabase: {url: %q}\n"+
		"secrets: {sealing_keys: [{id: k1, key: 'env:KEY_A'}], hash_keys: [{id: p1, key: 'env:KEY_B'}]}\n", testenv.Postgres(t)))
	german := filepath.Join(templates, "de.json")
	write(german, `{"mail.code": "Oder dieser Code:"}`)
	now := time.Now()
	load := func() (*config.Config, error) { return config.Load(config.LoadOptions{File: file}) }
	nodes := make([]*reloadable, 2)
	for i := range nodes {
		cfg, err := load()
		if err != nil {
			t.Fatal(err)
		}
		nodes[i] = &reloadable{idleServer: newIdleServerOf(t, cfg, &now)}
		nodes[i].reread = load
		nodes[i].report(t.Context())
	}
	status := func(want int) configStatus {
		t.Helper()
		code, out, errs := latchkeyRun(t, "config", "status", "--config", file, "--json")
		var status configStatus
		if err := json.Unmarshal([]byte(out), &status); err != nil || code != want || len(status.Nodes) != len(nodes) {
			t.Fatalf("config status = %d, want %d (%v):\n%s%s", code, want, err, out, errs)
		}
		return status
	}
	diff := func(want int) string {
		t.Helper()
		code, out, errs := latchkeyRun(t, "config", "diff", "--config", file)
		if code != want {
			t.Fatalf("config diff = %d, want %d:\n%s%s", code, want, out, errs)
		}
		return out
	}
	if s := status(0); s.Nodes[0].Digest != s.Digest || s.Nodes[1].Digest != s.Digest {
		t.Errorf("nodes with the same templates: %+v", s)
	}
	if !slices.Contains(nodes[0].watched.Load().files, templates) {
		t.Errorf("the folder of texts is not watched: %v", nodes[0].watched.Load().files)
	}

	write(german, `{"mail.code": "Oder mit diesem Code:"}`)
	nodes[1].reload(t.Context())
	s := status(1)
	i := slices.IndexFunc(s.Nodes, func(n nodeStatus) bool { return n.Node == nodes[1].node.id })
	if one, other := s.Nodes[i], s.Nodes[1-i]; !one.Current || one.Digest != s.Digest || other.Current || other.Digest == s.Digest {
		t.Errorf("nodes with different templates: %+v", s)
	}
	const changed = "messages.templates[locales/de.json].content: changed\n    messages that are sent from now on have it"
	if out := diff(1); !strings.HasPrefix(out, changed) || strings.Count(out, "\n") != 2 {
		t.Errorf("config diff:\n%s", out)
	}
	nodes[0].reload(t.Context())
	if s := status(0); s.Nodes[0].Digest != s.Nodes[1].Digest {
		t.Errorf("after both reloaded: %+v", s)
	}
	if out := diff(0); out != "nothing would change\n" {
		t.Errorf("config diff:\n%s", out)
	}
}
