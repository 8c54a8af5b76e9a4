package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func groupOperations() []operation {
	return []operation{
		row(operation{
			id: "groups.list", method: http.MethodGet, path: "/groups", scope: admin.ScopeGroupsRead, status: http.StatusOK,
			does: "List groups", more: "In the order of their names.",
		}, (*API).listGroups),
		row(operation{
			id: "groups.create", method: http.MethodPost, path: "/groups", scope: admin.ScopeGroupsWrite, status: http.StatusCreated,
			does: "Make a group", more: "Roles that make administrators are given by owners alone.", statuses: []int{http.StatusConflict},
		}, (*API).createGroup),
		row(operation{
			id: "groups.show", method: http.MethodGet, path: "/groups/{group}", scope: admin.ScopeGroupsRead, status: http.StatusOK,
			does: "Show a group",
		}, (*API).showGroup),
		row(operation{
			id: "groups.edit", method: http.MethodPatch, path: "/groups/{group}", scope: admin.ScopeGroupsWrite, status: http.StatusOK,
			does: "Change a group", more: "What is not named stays as it is. Nobody but an owner gives roles to a group that they are in.",
			statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		}, (*API).editGroup),
		row(operation{
			id: "groups.delete", method: http.MethodDelete, path: "/groups/{group}", scope: admin.ScopeGroupsWrite, status: http.StatusNoContent,
			does: "Delete a group, and every membership of it", statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		}, (*API).deleteGroup),
	}
}

// Group is people who are spoken of together.
type Group struct {
	ID          string    `json:"id"`
	Name        string    `json:"name" doc:"Unique in any case; tokens carry it, and rules of access speak of it."`
	DisplayName string    `json:"display_name,omitempty"`
	Description string    `json:"description,omitempty"`
	Source      string    `json:"source" doc:"What made it: manual, import, or a source of provisioning."`
	ExternalID  string    `json:"external_id,omitempty"`
	Roles       []string  `json:"roles" nullable:"false" doc:"Every member has them."`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

func showGroup(g *storage.Group) Group {
	return Group{
		ID: string(g.ID), Name: g.Name, DisplayName: g.DisplayName, Description: g.Description, Source: g.Source.String(), ExternalID: g.ExternalID,
		Roles: listed(g.Roles), CreatedAt: g.CreatedAt.UTC(), UpdatedAt: g.UpdatedAt.UTC(),
	}
}

type GroupPath struct {
	Group string `path:"group" pattern:"^[0-9a-f]{32}$" doc:"Its id."`
}

func (p *GroupPath) id() storage.ID { return storage.ID(p.Group) }

type groupOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     Group
}

func groupOutputOf(g *storage.Group) (*groupOutput, error) {
	out := &groupOutput{Body: showGroup(g)}
	var err error
	out.ETag, err = etagOf(out.Body)
	return out, err
}

func (a *API) listGroups(ctx context.Context, in *PageParams) (*pageOutput[Group], error) {
	after, err := in.place()
	if err != nil {
		return nil, err
	}
	groups, err := a.cfg.Groups.List(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return pageOf(groups, in.Limit, func(g *storage.Group) string { return g.Name }, showGroup), nil
}

type newGroup struct {
	Name        string   `json:"name" minLength:"1" maxLength:"128"`
	DisplayName string   `json:"display_name,omitempty" maxLength:"200"`
	Description string   `json:"description,omitempty" maxLength:"1000"`
	ExternalID  string   `json:"external_id,omitempty" maxLength:"1000"`
	Roles       []string `json:"roles,omitempty" maxItems:"100" nullable:"false"`
}

type createGroupInput struct {
	Idempotent
	Body newGroup
}

func (a *API) createGroup(ctx context.Context, in *createGroupInput) (*groupOutput, error) {
	return once(ctx, a, "groups.create", in.Idempotent, in.Body, func() (*groupOutput, error) {
		g, err := a.cfg.Accounts.CreateGroup(ctx, callerOf(ctx).actor, account.NewGroup{
			Name: in.Body.Name, DisplayName: in.Body.DisplayName, Description: in.Body.Description, ExternalID: in.Body.ExternalID, Roles: in.Body.Roles,
		})
		if err != nil {
			return nil, err
		}
		out, err := a.showGroup(ctx, &GroupPath{string(g.ID)}) // as it is kept, to the microsecond
		if err == nil {
			out.Location = a.cfg.Issuer + Prefix + "/groups/" + string(g.ID)
		}
		return out, err
	})
}

func (a *API) showGroup(ctx context.Context, in *GroupPath) (*groupOutput, error) {
	g, err := a.cfg.Groups.ByID(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return groupOutputOf(g)
}

// ifGroup is the condition of the request on a group, which is judged with the write;
// nil: there is none.
func (c *Conditional) ifGroup() func(*storage.Group) error {
	if c.IfMatch == "" {
		return nil
	}
	return func(g *storage.Group) error { return c.check(showGroup(g)) }
}

// Forced says that a change is made even where rules of access name the group.
type Forced struct {
	Force bool `query:"force" doc:"Do it even where the access of applications names the group, whose rule then fits nobody."`
}

type editGroupInput struct {
	GroupPath
	Conditional
	Forced
	Body struct {
		Name        *string   `json:"name,omitempty" minLength:"1" maxLength:"128"`
		DisplayName *string   `json:"display_name,omitempty" maxLength:"200"`
		Description *string   `json:"description,omitempty" maxLength:"1000"`
		ExternalID  *string   `json:"external_id,omitempty" maxLength:"1000"`
		Roles       *[]string `json:"roles,omitempty" maxItems:"100" nullable:"false"`
	}
}

func (a *API) editGroup(ctx context.Context, in *editGroupInput) (*groupOutput, error) {
	g, err := a.cfg.Groups.ByID(ctx, in.id())
	if err != nil {
		return nil, err
	}
	changed, err := a.cfg.Accounts.ChangeGroup(ctx, callerOf(ctx).actor, g.Name, account.GroupChange{
		Name: in.Body.Name, DisplayName: in.Body.DisplayName, Description: in.Body.Description, ExternalID: in.Body.ExternalID,
		Roles: in.Body.Roles, Force: in.Force, If: in.ifGroup(),
	})
	if err != nil {
		return nil, err
	}
	return a.showGroup(ctx, &GroupPath{string(changed.ID)})
}

type deleteGroupInput struct {
	GroupPath
	Conditional
	Forced
}

func (a *API) deleteGroup(ctx context.Context, in *deleteGroupInput) (*nothing, error) {
	g, err := a.cfg.Groups.ByID(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.DeleteGroup(ctx, callerOf(ctx).actor, g.Name, account.GroupDeletion{Force: in.Force, If: in.ifGroup()}))
}
