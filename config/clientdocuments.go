package config

import (
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
)

// The modes of [ClientDocuments].
const (
	DocumentsOff   = "off"
	DocumentsHosts = "hosts"
	DocumentsOpen  = "open"
)

// ClientDocuments says whose metadata documents make clients of their addresses.
type ClientDocuments struct {
	Mode          string        `yaml:"mode" default:"off" oneof:"off hosts open" doc:"Which metadata documents are accepted: off, none; hosts, those on hosts; open, all."`
	Hosts         []string      `yaml:"hosts" doc:"Hosts whose documents are accepted: app.example.com, *.example.com for all its subdomains, localhost for all of loopback."`
	GrantTypes    []string      `yaml:"grant_types" default:"authorization_code,refresh_token" oneof:"@grant_types" doc:"The grant types these clients may have. Others in a document are ignored."`
	Scopes        []string      `yaml:"scopes" default:"openid,profile,email,offline_access" doc:"The scopes they may have; a client whose document names none of them gets all of them."`
	Resources     []string      `yaml:"resources" doc:"The resource servers they may request. Default: those their scopes belong to."`
	RedirectHosts []string      `yaml:"redirect_hosts" doc:"Like registration.redirect_hosts. Default: any."`
	Access        []AccessRule  `yaml:"access" doc:"Which people may use these clients, like clients[].access."`
	MinAge        time.Duration `yaml:"min_age" default:"5m" doc:"Minimum time before a document is fetched again, whatever its headers say. Beyond it, the headers apply, up to one day."`
	StaleFor      time.Duration `yaml:"stale_for" default:"24h" doc:"How long a cached document may be used if its host does not answer. A document that the host says is gone stops working at once."`
	PerHour       int           `yaml:"per_hour" default:"60" doc:"Documents of clients not yet in use that are fetched per hour for one IP address; an IPv6 address counts by its /64."`
	PerHostHour   int           `yaml:"per_host_hour" default:"600" doc:"The same from one host, no matter who asks. Clients already in use do not count, so nobody can lock them out."`
}

// On reports whether any document counts.
func (d ClientDocuments) On() bool { return d.Mode == DocumentsHosts || d.Mode == DocumentsOpen }

// Policy is what such clients may have.
func (d ClientDocuments) Policy() registration.Policy {
	return registration.Policy{
		GrantTypes: d.GrantTypes, ResponseTypes: []string{client.ResponseTypeCode}, Scopes: d.Scopes, RedirectHosts: d.RedirectHosts,
	}
}

// Rules are those by which people may use such clients; nil leaves it to the default.
func (d ClientDocuments) Rules() []access.Rule { return rulesOf(d.Access) }

func (l *loader) validateClientDocuments(c *Config) {
	const section = "client_documents"
	d := &c.ClientDocuments
	if d.Mode == DocumentsHosts && len(d.Hosts) == 0 {
		l.add(joinPath(section, "hosts"), "mode hosts needs one; or set mode: open")
	}
	for key, list := range map[string][]string{"hosts": d.Hosts, "redirect_hosts": d.RedirectHosts} {
		l.noRepeats(joinPath(section, key), list)
		for i, host := range list {
			if !isHostPattern(host) || key == "hosts" && strings.HasSuffix(host, ":") {
				l.add(indexPath(joinPath(section, key), i), "%q is not a host or *.host", host)
			}
		}
	}
	for key, list := range map[string][]string{"grant_types": d.GrantTypes, "scopes": d.Scopes, "resources": d.Resources} {
		l.noRepeats(joinPath(section, key), list)
	}
	for i, grant := range d.GrantTypes {
		if !slices.Contains([]string{client.GrantAuthorizationCode, client.GrantRefreshToken, client.GrantDeviceCode}, grant) {
			l.add(indexPath(joinPath(section, "grant_types"), i), "a client that nobody registered may act only for people who were asked; remove it")
		}
	}
	if d.On() && !slices.Contains(d.GrantTypes, client.GrantAuthorizationCode) {
		l.add(joinPath(section, "grant_types"), "authorization_code is missing: add it")
	}
	if slices.Contains(d.Scopes, client.ScopeOfflineAccess) && !slices.Contains(d.GrantTypes, client.GrantRefreshToken) {
		l.add(joinPath(section, "scopes"), "offline_access needs refresh_token in client_documents.grant_types")
	}
	for i, scope := range d.Scopes {
		if strings.HasPrefix(scope, "admin:") {
			l.add(indexPath(joinPath(section, "scopes"), i), "a client that nobody registered cannot administer anything; remove it")
		}
	}
	for i, identifier := range d.Resources {
		if !slices.ContainsFunc(c.Resources, func(r Resource) bool { return r.Identifier == identifier }) {
			l.add(indexPath(joinPath(section, "resources"), i), "no resource server has this identifier; add it to resources")
		}
	}
	for _, p := range access.Check(joinPath(section, "access"), d.Rules(), func(acr string) bool { return slices.Contains(client.ACRs(), acr) }) {
		l.add(p.Field, "%s", p.Message)
	}
	l.within(joinPath(section, "min_age"), d.MinAge, time.Minute, day)
	l.within(joinPath(section, "stale_for"), d.StaleFor, d.MinAge, 7*day)
	l.checkCount(joinPath(section, "per_hour"), d.PerHour, 1_000_000)
	l.checkCount(joinPath(section, "per_host_hour"), d.PerHostHour, 1_000_000)
}
