package config

import (
	"net/url"
	"strings"
)

// Hosts returns the Host headers that are answered: the issuer's and those of
// allowed_hosts, in lower case (requirement CF2).
func (c *Config) Hosts() []string {
	var hosts []string
	if u, err := url.Parse(c.Issuer); err == nil && u.Host != "" {
		hosts = append(hosts, u.Host)
	}
	if u, err := url.Parse(c.MutualTLS.URL); err == nil && u.Host != "" {
		hosts = append(hosts, u.Host)
	}
	for _, h := range c.AllowedHosts {
		hosts = append(hosts, strings.ToLower(h))
	}
	return hosts
}

// IssuerPath is the issuer's path, below which everything is served; empty where it
// has none.
func (c *Config) IssuerPath() string {
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return "" // refused by validation
	}
	return u.Path
}

// IssuerOrigin is the issuer without its path.
func (c *Config) IssuerOrigin() string { return strings.TrimSuffix(c.Issuer, c.IssuerPath()) }

// hasPassword reports whether text is a URL that holds a password.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return false
	}
	_, has := u.User.Password()
	return has
}
