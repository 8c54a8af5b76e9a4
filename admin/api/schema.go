package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/admin"
)

func schemaOperations() []operation {
	read := func(id, path, does, more string) operation {
		return operation{id: id, method: http.MethodGet, path: path, scope: admin.ScopePeopleRead, status: http.StatusOK, does: does, more: more}
	}
	return []operation{
		row(read("attributes.list", "/attributes", "List the custom attributes that people have", "Those that the caller sees; they are defined in the configuration."), (*API).listAttributes),
		row(read("roles.list", "/roles", "List the roles that make administrators, and the scopes that they are good for", "They are named in the configuration. Other roles are whatever people and groups are given."), (*API).listRoles),
	}
}

// Attribute is the definition of a custom attribute.
type Attribute struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	VisibleTo  string `json:"visible_to" doc:"person, administrator or nobody: who sees it on pages."`
	EditableBy string `json:"editable_by"`
}

type attributesOutput struct{ Body Page[Attribute] }

func (a *API) listAttributes(ctx context.Context, _ *struct{}) (*attributesOutput, error) {
	out := &attributesOutput{Body: Page[Attribute]{Items: []Attribute{}}}
	for _, d := range a.cfg.Accounts.Attributes().Seen(callerOf(ctx).may.Sees()) {
		out.Body.Items = append(out.Body.Items, Attribute{d.Name, string(d.Type), string(d.VisibleTo), string(d.EditableBy)})
	}
	return out, nil
}

// Role is a kind of administrator.
type Role struct {
	Kind   string   `json:"kind" enum:"owner,people,help_desk,auditor"`
	Roles  []string `json:"roles" nullable:"false" doc:"Whoever has one of these is one."`
	Scopes []string `json:"scopes" nullable:"false" doc:"What it is good for, where the client has it too."`
}

type rolesOutput struct{ Body Page[Role] }

func (a *API) listRoles(context.Context, *struct{}) (*rolesOutput, error) {
	out := &rolesOutput{Body: Page[Role]{Items: []Role{}}}
	for _, kind := range admin.Roles() {
		shown := Role{Kind: string(kind), Roles: listed(a.cfg.Policy[kind]), Scopes: []string{}}
		for _, s := range admin.Scopes() {
			if slices.Contains(s.Roles, kind) {
				shown.Scopes = append(shown.Scopes, s.Name)
			}
		}
		out.Body.Items = append(out.Body.Items, shown)
	}
	return out, nil
}
