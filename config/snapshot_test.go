package config

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func snapshotConfig() *Config {
	return &Config{
		Issuer:  "https://id.example.com",
		Secrets: Secrets{HashKeys: []SecretKey{{ID: "p1", Key: NewSecret(strings.Repeat("ab", 32))}}},
		Clients: []Client{{ID: "wiki", Name: "Wiki", Secret: NewSecret("canary-secret")}, {ID: "shop", Name: "Shop"}},
	}
}

// TestASnapshotIsComparedAsConfigurationsAre: kept and read again, it tells of the same
// changes as the configuration would that it was taken of, and holds no secret.
func TestASnapshotIsComparedAsConfigurationsAre(t *testing.T) {
	before := snapshotConfig()
	document, err := before.Snapshot().Encode()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := DecodeSnapshot(document)
	if err != nil {
		t.Fatal(err)
	}
	for path, v := range kept.Values {
		if strings.Contains(v.Text, "canary") || strings.Contains(v.Text, strings.Repeat("ab", 32)) {
			t.Errorf("the snapshot holds the secret of %s", path)
		}
	}
	for name, change := range map[string]func(*Config){
		"nothing":       func(*Config) {},
		"a name":        func(c *Config) { c.Clients[0].Name = "Knowledge" },
		"a secret":      func(c *Config) { c.Clients[0].Secret = NewSecret("another") },
		"a new secret":  func(c *Config) { c.Clients[1].Secret = NewSecret("another") },
		"a client less": func(c *Config) { c.Clients = c.Clients[:1] },
		"a client more": func(c *Config) { c.Clients = append(c.Clients, Client{ID: "new"}) },
		"a hash key in front": func(c *Config) {
			c.Secrets.HashKeys = append([]SecretKey{{ID: "p2", Key: NewSecret(strings.Repeat("cd", 32))}}, c.Secrets.HashKeys...)
		},
	} {
		after := snapshotConfig()
		change(after)
		if diff := cmp.Diff(Changes(before, after), kept.ChangesTo(after)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Where the key of the hashes is gone, nothing can be said of secrets.
func TestASnapshotUnderAKeyThatIsGone(t *testing.T) {
	kept := snapshotConfig().Snapshot()
	after := snapshotConfig()
	after.Secrets.HashKeys[0].ID, after.Clients[0].Secret = "p9", NewSecret("another")
	for _, c := range kept.ChangesTo(after) {
		if strings.Contains(c.Key, "clients") {
			t.Errorf("said of a secret that nobody can compare: %s", c)
		}
	}
	if _, err := DecodeSnapshot(bytes.Repeat([]byte("x"), 100)); err == nil {
		t.Error("nonsense was read as a snapshot")
	}
}
