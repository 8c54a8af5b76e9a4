package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// withClaims is an application whose tokens carry three groups and an expression: what
// that costs is the difference to the rows of application.
const withClaims = "application-with-claims"

// groups are those of every person.
var groups = []string{"staff", "editors", "admins"}

// claimsConfig is the client and the claim, behind the other clients.
func claimsConfig(secret string) string {
	return fmt.Sprintf(`  - id: %s
    type: confidential
    secret: %s
    redirect_uris: [%s]
    scopes: [openid, profile, email, offline_access, groups]
    id_token_signing_alg: ES256
    id_token_claims: [groups, is_admin]
    access_token_claims: [groups, is_admin]
claims: [{name: is_admin, expression: '"admins" in user.groups'}]
`, withClaims, secret, redirectURI)
}

// join makes a person a member of every group, and the groups where there are none.
func (in *installation) join(ctx context.Context, name string) error {
	for _, group := range groups {
		create := child(ctx, in.binary, "group", "create", group, "--data", filepath.Join(in.dir, "data"), "--config", in.config)
		_ = create.Run() // all but the first time there is one
		add := child(ctx, in.binary, "group", "add", group, name, "--data", filepath.Join(in.dir, "data"), "--config", in.config)
		if output, err := add.CombinedOutput(); err != nil {
			return fmt.Errorf("join a group: %w: %s", err, output)
		}
	}
	return nil
}

func (p *party) codeFlowWithClaims(w *wire, i int) (work, error) {
	return p.codeFlowOf(w, withClaims, p.people[i], &p.people[i].claimed)
}

func (p *party) refreshWithClaims(w *wire, i int) (work, error) {
	return p.refreshOf(w, withClaims, p.people[i], &p.people[i].claimed)
}
