package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
)

// Registration says whether and how clients register themselves.
type Registration struct {
	Mode          registration.Mode    `yaml:"mode" default:"off" oneof:"@registration_mode" doc:"What a client needs to register itself (RFC 7591): off, registration is disabled; open, nothing; token, an initial access token from latchkey client registration-token create; statement, a software statement from one of statement_issuers."`
	GrantTypes    []string             `yaml:"grant_types" default:"authorization_code,refresh_token" oneof:"@grant_types" doc:"The grant types that registered clients may have. Others that a client requests are left out, and the response says so."`
	ResponseTypes []string             `yaml:"response_types" default:"code" oneof:"@response_types" doc:"The response types they may have, with others left out likewise."`
	Scopes        []string             `yaml:"scopes" default:"openid,profile,email,offline_access" doc:"The scopes they may have, with others left out likewise; a client that requests none gets all of them."`
	Resources     []string             `yaml:"resources" doc:"The resource servers they may request. Default: those their scopes belong to."`
	PublicOnly    bool                 `yaml:"public_only" default:"false" doc:"Register every client without a secret (token_endpoint_auth_method none), whatever it requests; the response says so. These clients must use PKCE."`
	RedirectHosts []string             `yaml:"redirect_hosts" doc:"Hosts allowed in their redirect URIs: app.example.com, *.example.com for all its subdomains, localhost for all of loopback, or the scheme of an installed application with a colon, such as com.example.app:. Default: any."`
	Consent       client.ConsentPolicy `yaml:"consent" default:"always" oneof:"always remember" doc:"When people are asked for consent: always, or once (remember). Consent is never implied, and is always asked for by a client whose codes any program on the machine could intercept."`
	RequirePKCE   bool                 `yaml:"require_pkce" default:"true" doc:"Like clients[].require_pkce, for registered clients that authenticate."`
	MaxClients    int                  `yaml:"max_clients" default:"1000" doc:"Maximum number of clients registered at one time without a token or statement (mode open)."`
	UnusedFor     time.Duration        `yaml:"unused_for" default:"30d" doc:"A client that gets no tokens for this long is deleted, along with its consents. 0s keeps it."`
	LastsFor      time.Duration        `yaml:"lasts_for" default:"0s" doc:"A client is deleted after this long, however much it is used. 0s keeps it."`
	PerHour       int                  `yaml:"per_hour" default:"20" doc:"Registrations, and changes to them, that one IP address may send per hour; an IPv6 address counts by its /64."`
	Statements    []StatementIssuer    `yaml:"statement_issuers" doc:"Issuers whose software statements are trusted (RFC 7591 section 2.3): metadata in a statement takes precedence over what the client sends."`
}

// StatementIssuer is somebody whose software statements are trusted.
type StatementIssuer struct {
	Issuer  string `yaml:"issuer" doc:"The iss of its software statements. Required."`
	JWKSURI string `yaml:"jwks_uri" doc:"The JWK Set with its keys. Required."`
}

// On reports whether clients may register themselves.
func (r Registration) On() bool { return r.Mode != registration.ModeOff }

// Policy is what clients that register themselves may have.
func (r Registration) Policy() registration.Policy {
	return registration.Policy{
		Mode: r.Mode, GrantTypes: r.GrantTypes, ResponseTypes: r.ResponseTypes, Scopes: r.Scopes, RedirectHosts: r.RedirectHosts, PublicOnly: r.PublicOnly,
		Most: r.MaxClients, UnusedFor: r.UnusedFor, LastsFor: r.LastsFor,
	}
}

// Issuers are where the keys are of those whose software statements are trusted.
func (r Registration) Issuers() map[string]string {
	issuers := map[string]string{}
	for _, s := range r.Statements {
		issuers[s.Issuer] = s.JWKSURI
	}
	return issuers
}

func (l *loader) validateRegistration(c *Config) {
	r := &c.Registration
	for key, list := range map[string][]string{"grant_types": r.GrantTypes, "response_types": r.ResponseTypes, "scopes": r.Scopes} {
		path := joinPath("registration", key)
		l.noRepeats(path, list)
		if len(list) == 0 && r.On() && key != "scopes" {
			l.add(path, "name at least one")
		}
	}
	if slices.Contains(r.GrantTypes, client.GrantTokenExchange) {
		l.add("registration.grant_types", "token exchange needs rules, which a client that registers itself cannot bring; remove it")
	}
	if slices.Contains(r.Scopes, client.ScopeOfflineAccess) && !slices.Contains(r.GrantTypes, client.GrantRefreshToken) {
		l.add("registration.scopes", "offline_access needs refresh_token in registration.grant_types")
	}
	for i, scope := range r.Scopes {
		if strings.HasPrefix(scope, "admin:") {
			l.add(indexPath("registration.scopes", i), "a client that registers itself cannot administer anything; remove it")
		}
	}
	for i, host := range r.RedirectHosts {
		if !isHostPattern(host) {
			l.add(indexPath("registration.redirect_hosts", i), "%q is not a host, *.host, or scheme with a colon", host)
		}
	}
	for i, identifier := range r.Resources {
		if !slices.ContainsFunc(c.Resources, func(of Resource) bool { return of.Identifier == identifier }) {
			l.add(indexPath("registration.resources", i), "no resource server has this identifier; add it to resources")
		}
	}
	l.checkCount("registration.max_clients", r.MaxClients, 10_000_000)
	l.checkCount("registration.per_hour", r.PerHour, 1_000_000)
	const most = 10 * 366 * day
	if r.UnusedFor != 0 {
		l.within("registration.unused_for", r.UnusedFor, 2*day, most)
	}
	if r.LastsFor != 0 {
		l.within("registration.lasts_for", r.LastsFor, time.Hour, most)
	}
	if r.Mode == registration.ModeStatement && len(r.Statements) == 0 {
		l.add("registration.statement_issuers", "mode statement needs one whose statements are trusted")
	}
	seen := map[string]bool{}
	for i, s := range r.Statements {
		path := indexPath("registration.statement_issuers", i)
		if s.Issuer == "" || seen[s.Issuer] {
			l.add(joinPath(path, "issuer"), "required, and once")
		}
		seen[s.Issuer] = true
		if err := client.CheckPage(s.JWKSURI, l.Dev); err != nil {
			l.add(joinPath(path, "jwks_uri"), "%q: %v", s.JWKSURI, err)
		}
	}
}

// isHostPattern reports whether text can be one of redirect_hosts.
func isHostPattern(text string) bool {
	if scheme, isScheme := strings.CutSuffix(text, ":"); isScheme {
		u, err := url.Parse(scheme + ":/x")
		return err == nil && u.Scheme == scheme && strings.Contains(scheme, ".")
	}
	host := strings.TrimPrefix(text, "*.")
	u, err := url.Parse("https://" + host + "/")
	return err == nil && host != "" && u.Hostname() == host && client.CheckAuthority(u) == nil && !strings.Contains(host, "*")
}
