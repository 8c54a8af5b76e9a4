package config

import (
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
)

// SCIM says who provisions people and groups.
type SCIM struct {
	Sources           []SCIMSource `yaml:"sources" doc:"Sources that provision people and groups by SCIM 2.0 below /scim/v2, which is served if there is at least one. Each sees and changes only what it created."`
	RequestsPerMinute int          `yaml:"requests_per_minute" default:"1500" doc:"Rate limit per source, refilled evenly; the whole minute's allowance may be used at once. Requests over the limit get 429."`
	BodyKiB           int          `yaml:"body_kib" default:"1024" doc:"Largest request body of a source in KiB, instead of limits.body_kib: sources send many changes in one request."`
}

// SCIMSource is a source of provisioning.
type SCIMSource struct {
	Name          string   `yaml:"name" doc:"A short name, unique: letters, digits, - and _. It owns what it created, so renaming it makes it a different source."`
	Token         Secret   `yaml:"token" secret:"ref" doc:"Its bearer token, as a file: or env: reference: at least 32 random characters, such as from openssl rand -base64 32."`
	Client        string   `yaml:"client" doc:"The id of a client of type service whose access tokens are accepted too, or instead. The client needs the scope scim."`
	EmailVerified bool     `yaml:"email_verified" default:"false" doc:"Whether to treat the email addresses it sends as verified. Only for a source that is authoritative for the domains of its addresses: applications link accounts by verified address."`
	Adopt         []string `yaml:"adopt" oneof:"email username" doc:"Which existing people the source takes over when it creates somebody with the same name: email, by an address that is verified here (needs email_verified); username, by the username. Never people of another source or administrators. Empty: a name that is taken is refused."`
}

const (
	minToken     = 32 // characters
	adoptByEmail = "email"
)

func (l *loader) validateSCIM(c *Config) {
	l.checkCount("scim.requests_per_minute", c.SCIM.RequestsPerMinute, 1_000_000)
	l.checkCount("scim.body_kib", c.SCIM.BodyKiB, 16<<10)
	names, clients, tokens := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, s := range c.SCIM.Sources {
		at := indexPath("scim.sources", i)
		token := s.Token.Reveal()
		switch {
		case s.Name == "" || len(s.Name) > 32 || strings.Trim(s.Name, headerName) != "":
			l.add(joinPath(at, "name"), "%q is not a name: use 1 to 32 letters, digits, - and _", s.Name)
		case names[s.Name]:
			l.add(joinPath(at, "name"), "another source already has the name %q", s.Name)
		}
		switch {
		case token == "" && s.Client == "":
			l.add(joinPath(at, "token"), "a source needs a token, or a client")
		case token != "" && (len(token) < minToken || distinctBytes(token) < minToken/4):
			l.add(joinPath(at, "token"), "it is too easy to guess; make one with `openssl rand -base64 32`")
		case token != "" && tokens[token]:
			l.add(joinPath(at, "token"), "another source has the same token")
		}
		if slices.Contains(s.Adopt, adoptByEmail) && !s.EmailVerified {
			l.add(joinPath(at, "adopt"), "email needs email_verified: an address that nobody has verified must not take over an account")
		}
		if s.Client != "" && clients[s.Client] {
			l.add(joinPath(at, "client"), "another source has the same client")
		}
		for j := range c.Clients {
			if named := &c.Clients[j]; named.ID == s.Client && s.Client != "" && named.Type != client.TypeService {
				l.add(joinPath(at, "client"), "it is of type %s: only a client of type service acts for itself", named.Type)
			}
		}
		names[s.Name], clients[s.Client], tokens[token] = true, true, true
	}
}

// provisioning adds what SCIM is to what clients may ask for, where one is a source.
func (s SCIM) provisioning(cfg *access.Config) {
	for _, source := range s.Sources {
		if source.Client == "" {
			continue
		}
		cfg.Resources = append(cfg.Resources, access.Resource{Identifier: admin.ProvisioningResource, Path: admin.ProvisioningPath})
		cfg.Scopes = append(cfg.Scopes, access.Scope{
			Name: admin.ProvisioningScope, Resource: admin.ProvisioningResource, Description: map[string]string{"en": "Provision people and groups (SCIM)."},
		})
		return
	}
}
