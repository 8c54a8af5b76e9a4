package config

import (
	"maps"
	"runtime"
	"slices"
)

// maxDefaultHashes bounds password.max_concurrent where nobody chose it: more
// hashes at once only take more memory.
const maxDefaultHashes = 8

// complete fills in the defaults that depend on other values.
func (c *Config) complete() {
	if c.Password.MaxConcurrent == 0 {
		c.Password.MaxConcurrent = min(runtime.GOMAXPROCS(0), maxDefaultHashes)
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
