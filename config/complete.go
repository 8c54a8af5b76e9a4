package config

import (
	"maps"
	"runtime"
	"slices"
	"time"
)

// maxDefaultHashes bounds password.max_concurrent where nobody chose it: more
// hashes at once only take more memory.
const maxDefaultHashes = 8

// Hashes is how many hashes a node computes at once. It is no part of what the
// configuration says where that leaves it to the node: nodes of another size run with
// the same configuration.
func (p Password) Hashes() int {
	if p.MaxConcurrent == 0 {
		return min(runtime.GOMAXPROCS(0), maxDefaultHashes)
	}
	return p.MaxConcurrent
}

// complete fills in the defaults that depend on other values.
func (c *Config) complete() {
	c.Database.complete(c.Timeouts.Request)
	c.completeProfile()
}

// complete derives the timeouts that nobody chose, each from what it backs up.
func (d *Database) complete(request time.Duration) {
	for _, derived := range []struct {
		of   *time.Duration
		from func() time.Duration
	}{
		{&d.Timeout, func() time.Duration { return request }},
		{&d.StatementTimeout, func() time.Duration { return 2 * d.Timeout }},
		{&d.LockTimeout, func() time.Duration { return d.Timeout }},
		{&d.IdleInTransactionTimeout, func() time.Duration { return 4 * d.Timeout }},
	} {
		if *derived.of == 0 {
			*derived.of = derived.from()
		}
	}
}

// presetClients lays what the default tags say under every client.
func (l *loader) presetClients() {
	defaults := root.field("clients").elem.defaults()
	clients := slices.Clone(asList(l.viper.Get("clients")))
	for i, c := range clients {
		written, _ := c.(map[string]any)
		client := maps.Clone(defaults)
		maps.Copy(client, written)
		clients[i] = client
	}
	l.viper.Set("clients", clients)
}
