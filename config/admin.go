package config

import (
	"slices"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Admin says who may administer, and by which ways in.
type Admin struct {
	API               bool       `yaml:"api" default:"false" doc:"Serve the admin API below /admin/api/v1, with the resource urn:latchkey:admin and the scopes admin:…; see docs/admin-api.md."`
	Console           bool       `yaml:"console" default:"false" doc:"Serve the console, the pages for administrators, below /admin; see docs/console.md."`
	ACR               string     `yaml:"acr" default:"aal2" oneof:"aal2 phr" doc:"The authentication context class that administrators must reach: a second factor (aal2), or a passkey (phr)."`
	Roles             AdminRoles `yaml:"roles" doc:"The roles that make people administrators. Assign one with latchkey user set-roles."`
	RequestsPerMinute int        `yaml:"requests_per_minute" default:"600" doc:"Rate limit per caller (a client, or a person through a client), refilled evenly; the whole minute's allowance may be used at once. Requests over the limit get 429."`
}

// AdminRoles are names of roles by the kind of administrator that they make.
type AdminRoles struct {
	Owner    []string `yaml:"owner" default:"latchkey-owner" doc:"May do everything, including to other administrators."`
	People   []string `yaml:"people" default:"latchkey-people" doc:"May create, change and delete people and groups, but not administrators."`
	HelpDesk []string `yaml:"help_desk" default:"latchkey-help-desk" doc:"May unlock accounts, reset second factors and end sessions of people who are not administrators; does not see attributes that people do not see themselves."`
	Auditor  []string `yaml:"auditor" default:"latchkey-auditor" doc:"May read everything and change nothing."`
}

// Policy says which roles make which kind of administrator.
func (a Admin) Policy() admin.Policy {
	return admin.Policy{
		admin.Owner: a.Roles.Owner, admin.People: a.Roles.People, admin.HelpDesk: a.Roles.HelpDesk, admin.Auditor: a.Roles.Auditor,
	}
}

func (l *loader) validateAdmin(c *Config) {
	for key, names := range map[string][]string{
		"owner": c.Admin.Roles.Owner, "people": c.Admin.Roles.People, "help_desk": c.Admin.Roles.HelpDesk, "auditor": c.Admin.Roles.Auditor,
	} {
		path := joinPath("admin.roles", key)
		l.noRepeats(path, names)
		for i, role := range names {
			if err := ident.Role(role); err != nil {
				l.add(indexPath(path, i), "%v", err)
			}
		}
	}
	l.checkCount("admin.requests_per_minute", c.Admin.RequestsPerMinute, 1_000_000)
	if (c.Admin.API || c.Admin.Console) && c.Admin.ACR == mfa.ACRPhishingResistant && !slices.Contains(c.MFA.Factors, storage.FactorPasskey) {
		l.add("admin.acr", "phr takes passkeys; add passkey to mfa.factors")
	}
}

// administration adds what the admin API is to what clients may ask for.
func (a Admin) administration(cfg *access.Config) {
	if !a.API {
		return
	}
	cfg.Resources = append(cfg.Resources, access.Resource{Identifier: admin.Resource, Path: admin.APIPath})
	for _, s := range admin.Scopes() {
		cfg.Scopes = append(cfg.Scopes, access.Scope{
			Name: s.Name, Resource: admin.Resource, Description: map[string]string{"en": s.Description},
		})
	}
}
