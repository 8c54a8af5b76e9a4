package config

import (
	"net/url"

	"github.com/latchkey-id/latchkey/client"
)

// TrustedIssuer is somebody who vouches for subjects of their own.
type TrustedIssuer struct {
	Issuer  string `yaml:"issuer" doc:"The iss of its JWTs, such as https://token.actions.githubusercontent.com. Required."`
	JWKSURI string `yaml:"jwks_uri" doc:"The JWK Set with its keys. Required. An address inside your network needs fetch.allowed_networks."`
}

// Trusted are where the keys are of those who vouch for subjects.
func (c *Config) Trusted() map[string]string {
	issuers := map[string]string{}
	for _, t := range c.TrustedIssuers {
		issuers[t.Issuer] = t.JWKSURI
	}
	return issuers
}

// validateTrusted checks who vouches for subjects. An issuer that is ourselves would let
// tokens of ours pass for something else.
func (l *loader) validateTrusted(c *Config) {
	seen := map[string]bool{}
	for i, t := range c.TrustedIssuers {
		path := indexPath("trusted_issuers", i)
		switch u, err := url.Parse(t.Issuer); {
		case err != nil || u.Scheme != "https" || u.Host == "" || u.Fragment != "" || u.User != nil:
			l.add(joinPath(path, "issuer"), "%q is not an https address; write the iss of its JWTs", t.Issuer)
		case t.Issuer == c.Issuer:
			l.add(joinPath(path, "issuer"), "this is the provider itself; use token_exchange for its own tokens")
		case seen[t.Issuer]:
			l.add(joinPath(path, "issuer"), "%q is listed twice; remove one", t.Issuer)
		}
		seen[t.Issuer] = true
		if err := client.CheckPage(t.JWKSURI, l.Dev); err != nil {
			l.add(joinPath(path, "jwks_uri"), "%q: %v", t.JWKSURI, err)
		}
	}
}
