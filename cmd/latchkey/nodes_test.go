package main

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

func newRandom() io.Reader { return rand.Reader }

// TestAC2_NodesReportWhatTheyRunWith: the digest after each reload, why one changed
// nothing, and what needs a restart; in the database, in readiness and as a metric.
func TestAC2_NodesReportWhatTheyRunWith(t *testing.T) {
	r := newReloadable(t)
	node := func() storage.Node {
		t.Helper()
		nodes, err := r.store.Nodes().List(t.Context())
		if err != nil || len(nodes) != 1 {
			t.Fatalf("%d nodes, %v", len(nodes), err)
		}
		return nodes[0]
	}
	r.report(t.Context())
	first := node()
	if first.Digest != r.cfg().Digest() || first.ID == "" || first.StartedAt.IsZero() || first.LoadedAt.IsZero() || first.Fault != "" {
		t.Errorf("reported %+v", first)
	}
	r.reread = func() (*config.Config, error) { return nil, errors.New("latchkey.yaml line 3: unknown key") }
	r.reload(t.Context())
	if got := node(); got.Digest != first.Digest || !strings.Contains(got.Fault, "line 3") {
		t.Errorf("after a reload that failed: %+v", got)
	}
	if err := r.checkConfiguration(t.Context()); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("readiness says %v", err)
	}
	r.file(func(c *config.Config) { c.Clients[0].Name, c.Listen = "Another", ":1" })
	r.reload(t.Context())
	got := node()
	if got.Digest == first.Digest || got.Digest != r.cfg().Digest() || got.Fault != "" || len(got.Waiting) != 1 || !strings.HasPrefix(got.Waiting[0], "listen: ") {
		t.Errorf("after a reload: %+v", got)
	}
	if err := r.checkConfiguration(t.Context()); err != nil {
		t.Errorf("readiness says %v", err)
	}
	if info := r.info(); info["config_digest"] != got.Digest || info["node"] != got.ID {
		t.Errorf("the details of readiness are %v", info)
	}
	document, err := r.store.Nodes().Document(t.Context(), got.Digest)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := config.DecodeSnapshot(document)
	if err != nil {
		t.Fatal(err)
	}
	if changes := snapshot.ChangesTo(r.cfg()); len(changes) > 0 {
		t.Errorf("what is kept differs from what runs: %v", changes)
	}
}

// What config diff says to need a restart is what a reload leaves as it is.
func TestWhatNeedsARestartIsNamed(t *testing.T) {
	r := newReloadable(t)
	running := r.cfg()
	for name, change := range map[string]func(*config.Config){
		"issuer":                  func(c *config.Config) { c.Issuer = "https://other.example" },
		"listen":                  func(c *config.Config) { c.Listen = ":1" },
		"tls.cert_file":           func(c *config.Config) { c.TLS.CertFile = "/x" },
		"database.timeout":        func(c *config.Config) { c.Database.Timeout++ },
		"redis.url":               func(c *config.Config) { c.Redis.URL = config.NewSecret("redis://x") },
		"secrets.hash_keys":       func(c *config.Config) { c.Secrets.HashKeys = nil },
		"timeouts.drain":          func(c *config.Config) { c.Timeouts.Drain++ },
		"limits.header_kib":       func(c *config.Config) { c.Limits.HeaderKiB++ },
		"limits.body_kib":         func(c *config.Config) { c.Limits.BodyKiB++ },
		"password.max_concurrent": func(c *config.Config) { c.Password.MaxConcurrent++ },
		"password.min_length":     func(c *config.Config) { c.Password.MinLength++ },
		"outbox.workers":          func(c *config.Config) { c.Outbox.Workers++ },
		"outbox.max_age":          func(c *config.Config) { c.Outbox.MaxAge++ },
		"log.level":               func(c *config.Config) { c.Log.Level = "warn" },
		"signing_keys.poll":       func(c *config.Config) { c.SigningKeys.Poll++ },
		"audit.retention":         func(c *config.Config) { c.Audit.Retention++ },
		"sessions.idle":           func(c *config.Config) { c.Sessions.Idle++ },
	} {
		next := *running
		change(&next)
		wanted := config.Changes(running, &next)
		keepUntilRestart(&next, running)
		left := config.Changes(running, &next)
		if len(wanted) == 0 {
			t.Errorf("%s: the change is none", name)
		}
		for _, c := range wanted {
			if kept := len(left) == 0; needsRestart(c.Key) != kept {
				t.Errorf("%s: said to need a restart: %v; kept until then: %v", c.Key, needsRestart(c.Key), kept)
			}
		}
	}
}
