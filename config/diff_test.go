package config

import (
	"slices"
	"testing"
	"time"
)

func TestDiffNamesTheKeysThatDifferAndNoValue(t *testing.T) {
	hour := time.Hour
	base := func() *Config {
		return &Config{
			Issuer: "https://id.example.com", AllowedHosts: []string{"a"},
			Database: Database{URL: NewSecret("postgres://one")},
			Secrets:  Secrets{HashKeys: []SecretKey{{ID: "h2", Key: NewSecret("2")}, {ID: "h1", Key: NewSecret("1")}}},
			Clients:  []Client{{ID: "wiki", Name: "Wiki", AccessTokenLifetime: &hour}, {ID: "mail"}},
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"nothing":        {func(*Config) {}, nil},
		"equal pointers": {func(c *Config) { same := time.Hour; c.Clients[0].AccessTokenLifetime = &same }, nil},
		"a value":        {func(c *Config) { c.Password.MinLength = 20 }, []string{"password.min_length"}},
		"a list":         {func(c *Config) { c.AllowedHosts = append(c.AllowedHosts, "b") }, []string{"allowed_hosts"}},
		"a secret":       {func(c *Config) { c.Database.URL = NewSecret("postgres://two") }, []string{"database.url"}},
		"an equal secret": {func(c *Config) {
			c.Database.URL = NewSecret("postgres://one")
		}, nil},
		"a client changed": {func(c *Config) {
			c.Clients[0].RedirectURIs = []string{"https://wiki.example.com/"}
		}, []string{"clients[wiki].redirect_uris"}},
		"a client more, one less": {func(c *Config) { c.Clients[1].ID = "news" }, []string{"clients[mail]", "clients[news]"}},
		"keys in another order":   {func(c *Config) { slices.Reverse(c.Secrets.HashKeys) }, []string{"secrets.hash_keys"}},
	} {
		after := base()
		c.change(after)
		if got := Diff(base(), after); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
