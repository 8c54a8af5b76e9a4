package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin"
)

func TestAdminIsValidated(t *testing.T) {
	for text, want := range map[string]string{
		"admin: {acr: aal1}":                                                "admin.acr",
		"admin: {requests_per_minute: 0}":                                   "admin.requests_per_minute",
		"admin: {roles: {owner: [a b]}}":                                    "admin.roles.owner[0]",
		"admin: {roles: {auditor: [a, a]}}":                                 "admin.roles.auditor[1]",
		"admin: {api: true, acr: phr}\nmfa: {factors: [totp]}":              "admin.acr",
		"admin: {api: true}\nresources: [{identifier: urn:latchkey:admin}]": "urn:latchkey:admin",
	} {
		_, err := load(t, text, serveEnv())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a problem with %s", text, err, want)
		}
	}
}

// TestAdministrationIsThereOnlyWhereItIsOn: its scopes and its resource.
func TestAdministrationIsThereOnlyWhereItIsOn(t *testing.T) {
	for text, on := range map[string]bool{"admin: {api: false}": false, "admin: {api: true}": true} {
		c, err := load(t, text, serveEnv())
		if err != nil {
			t.Fatal(err)
		}
		if (c.Catalog.Resource(admin.Resource) != nil) != on || (c.Catalog.Scope(admin.ScopeOwner) != nil) != on {
			t.Errorf("%s: resource %v, scope %v", text, c.Catalog.Resource(admin.Resource), c.Catalog.Scope(admin.ScopeOwner))
		}
		if named := c.Admin.Policy().Named(); !slices.Contains(named, "latchkey-owner") || len(named) != 4 {
			t.Errorf("roles are %v", named)
		}
	}
}
