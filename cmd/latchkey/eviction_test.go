package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestTH5_ARedisThatEvictsIsWarnedOf at the start, and when it begins to: one that is
// away at the start is asked when it is back, and each policy is one warning.
func TestTH5_ARedisThatEvictsIsWarnedOf(t *testing.T) {
	server, log := testenv.StartRedis(t), &testenv.Log{}
	cfg := &config.Config{Issuer: "https://id.example.com"}
	cfg.Redis.URL = config.NewSecret(server.URL)
	short, err := openEphemeral(cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := short.close(); err != nil {
			t.Error(err)
		}
	})
	watch := &evictionWatch{ask: short.policy, log: slog.New(slog.NewTextHandler(log, nil))}
	warned := func(want int, when string) {
		t.Helper()
		watch.check(t.Context())
		watch.check(t.Context())
		if got := strings.Count(log.String(), "set maxmemory-policy noeviction"); got != want {
			t.Errorf("%s: warned %d times, want %d\n%s", when, got, want, log.String())
		}
	}
	warned(0, "as it is without a configuration")
	server.Ask("CONFIG SET maxmemory-policy allkeys-lru")
	warned(1, "with allkeys-lru")
	server.Ask("CONFIG SET maxmemory-policy volatile-ttl")
	warned(2, "with volatile-ttl")
	if text := log.String(); !strings.Contains(text, "maxmemory_policy=allkeys-lru") || !strings.Contains(text, "maxmemory_policy=volatile-ttl") {
		t.Errorf("the warnings do not name the policy:\n%s", text)
	}
	server.Ask("CONFIG SET maxmemory-policy noeviction")
	warned(2, "mended")
	server.Stop()
	warned(2, "gone")
	server.Start()
	server.Ask("CONFIG SET maxmemory-policy allkeys-lru")
	for range 100 { // until the client has connected anew
		if watch.check(t.Context()); strings.Count(log.String(), "set maxmemory-policy") == 3 {
			break
		}
	}
	warned(3, "back, and evicting")
}
