package config

import (
	"cmp"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
)

// validateCatalog has package access judge scopes, claims and resources, and keeps
// what they come to. Where a rule was written is noted with it.
func (l *loader) validateCatalog(c *Config) {
	catalog, problems := access.New(c.catalog())
	for _, p := range problems {
		l.add(p.Field, "%s", p.Message)
	}
	c.Catalog = catalog
	l.validateContact(c.Access.Contact)
	for i, claim := range c.Claims {
		if !l.isReleased(c, claim.Name) {
			l.warn(indexPath("claims", i), "no scope, client or resource names it, so that nobody gets it")
		}
	}
	for i, r := range c.Resources {
		for j, id := range r.IntrospectedBy {
			if !c.hasClient(id) {
				l.add(indexPath(joinPath(indexPath("resources", i), "introspected_by"), j), "%q is not a client; add it to clients", id)
			}
		}
	}
	for i := range c.Clients {
		for j := range c.Clients[i].Access {
			c.Clients[i].Access[j].at = l.located(indexPath(joinPath(indexPath("clients", i), "access"), j))
		}
	}
}

// validateContact keeps what people are sent to on an error page to an address that a
// browser opens.
func (l *loader) validateContact(contact string) {
	if contact == "" {
		return
	}
	if strings.Contains(contact, "://") {
		if err := client.CheckPage(contact, l.Dev); err != nil {
			l.add("access.contact", "%q: %v", contact, err)
		}
		return
	}
	if a, err := mail.ParseAddress(contact); err != nil || a.Address != contact {
		l.add("access.contact", "%q is neither an email address nor the address of a page", contact)
	}
}

// located is where a value was written, with the name of its file.
func (l *loader) located(path string) string {
	where := l.where(path)
	if strings.HasPrefix(where, "line ") && l.File != "" {
		return filepath.Base(l.File) + " " + where
	}
	return where
}

func (l *loader) isReleased(c *Config, claim string) bool {
	for _, s := range c.Scopes {
		if slices.Contains(s.Claims, claim) {
			return true
		}
	}
	for _, r := range c.Resources {
		if slices.Contains(r.AccessToken.Claims, claim) {
			return true
		}
	}
	for _, written := range c.Clients {
		if slices.Contains(written.IDTokenClaims, claim) || slices.Contains(written.UserInfoClaims, claim) || slices.Contains(written.AccessTokenClaims, claim) {
			return true
		}
	}
	return false
}

func (c *Config) hasClient(id string) bool {
	for _, written := range c.Clients {
		if written.ID == id {
			return true
		}
	}
	return false
}

// catalog is what was written down, in the terms of package access.
func (c *Config) catalog() access.Config {
	cfg := access.Config{
		Default: access.Allow, Contact: c.Access.Contact, Standard: client.PersonClaims(), Protocol: client.ProtocolClaims(), SigningAlgs: c.SigningKeys.Algs,
	}
	if c.Access.Default == "nobody" {
		cfg.Default = access.Deny
	}
	for _, s := range c.Scopes {
		cfg.Scopes = append(cfg.Scopes, access.Scope(s))
	}
	for _, claim := range c.Claims {
		cfg.Claims = append(cfg.Claims, access.Claim(claim))
	}
	for _, r := range c.Resources {
		t := r.AccessToken
		cfg.Resources = append(cfg.Resources, access.Resource{
			Identifier: r.Identifier, Name: r.Name, Format: t.Format, Lifetime: *cmp.Or(t.Lifetime, new(time.Duration)), SigningAlg: t.SigningAlg,
			Claims: t.Claims, IntrospectedBy: r.IntrospectedBy,
		})
	}
	c.Admin.administration(&cfg)
	c.SCIM.provisioning(&cfg)
	return cfg
}

// rulesOf are rules in the terms of package access; nil stays nil.
func rulesOf(written []AccessRule) []access.Rule {
	if written == nil {
		return nil
	}
	rules := make([]access.Rule, len(written))
	for i, r := range written {
		rules[i] = access.Rule{
			Groups: r.Groups, Roles: r.Roles, Users: r.Users, EmailDomains: r.EmailDomains, Attributes: r.Attributes, Networks: r.Networks,
			ACR: r.ACR, Effect: access.Effect(r.Effect), At: r.at,
		}
	}
	return rules
}

// spelling is nil where nothing was written.
func (g ClientGroups) spelling() *access.Groups {
	if g == (ClientGroups{}) {
		return nil
	}
	spelling := access.Groups(g)
	return &spelling
}
