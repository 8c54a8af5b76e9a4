package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func memberOperations() []operation {
	change := func(id, method, does, more string) operation {
		return operation{
			id: id, method: method, path: "/groups/{group}/members/{person}", scope: admin.ScopeGroupsWrite, status: http.StatusNoContent,
			does: does, more: more,
		}
	}
	return []operation{
		row(operation{
			id: "members.list", method: http.MethodGet, path: "/groups/{group}/members", scope: admin.ScopeGroupsRead, status: http.StatusOK,
			does: "List who is in a group",
		}, (*API).listMembers),
		row(change("members.add", http.MethodPut, "Make a person a member", "One who is a member by your word stays so."), (*API).addMember),
		row(change("members.remove", http.MethodDelete, "Take a person out of a group",
			"As far as an administrator made them a member: what a source of provisioning says stays. That they are none is as good."), (*API).removeMember),
		row(operation{
			id: "members.groups", method: http.MethodGet, path: "/people/{person}/groups", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "List the groups of a person, by whose word, and the roles that they give",
		}, (*API).groupsOf),
	}
}

// Member is a person as a member of a group.
type Member struct {
	Person   string    `json:"person" doc:"Their id."`
	Email    string    `json:"email,omitempty"`
	Username string    `json:"username,omitempty"`
	Sources  []string  `json:"sources" nullable:"false" doc:"Who says so: manual, import, or sources of provisioning."`
	AddedAt  time.Time `json:"added_at"`
}

func sourceNames(sources []storage.MembershipSource) []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.String()
	}
	return names
}

func showMember(m *storage.Member) Member {
	return Member{string(m.UserID), m.Email, m.Username, sourceNames(m.Sources), m.AddedAt.UTC()}
}

type listMembersInput struct {
	GroupPath
	PageParams
}

func (a *API) listMembers(ctx context.Context, in *listMembersInput) (*pageOutput[Member], error) {
	after, err := in.place()
	if err != nil {
		return nil, err
	}
	if _, err := a.cfg.Groups.ByID(ctx, in.id()); err != nil {
		return nil, err
	}
	members, err := a.cfg.Memberships.Members(ctx, in.id(), storage.ID(after), in.Limit+1)
	if err != nil {
		return nil, err
	}
	return pageOf(members, in.Limit, func(m *storage.Member) string { return string(m.UserID) }, showMember), nil
}

type memberInput struct {
	GroupPath
	PersonPath
}

func (a *API) addMember(ctx context.Context, in *memberInput) (*nothing, error) {
	g, err := a.cfg.Groups.ByID(ctx, in.GroupPath.id())
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.AddToGroup(ctx, callerOf(ctx).actor, in.PersonPath.id(), g.Name))
}

func (a *API) removeMember(ctx context.Context, in *memberInput) (*nothing, error) {
	g, err := a.cfg.Groups.ByID(ctx, in.GroupPath.id())
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.RemoveFromGroup(ctx, callerOf(ctx).actor, in.PersonPath.id(), g.Name, storage.SourceManual))
}

// Membership is a group as one of its members has it.
type Membership struct {
	Group       string    `json:"group" doc:"Its id."`
	Name        string    `json:"name"`
	DisplayName string    `json:"display_name,omitempty"`
	Roles       []string  `json:"roles" nullable:"false" doc:"That it gives."`
	Sources     []string  `json:"sources" nullable:"false"`
	AddedAt     time.Time `json:"added_at"`
}

type membershipsOutput struct{ Body Page[Membership] }

func (a *API) groupsOf(ctx context.Context, in *PersonPath) (*membershipsOutput, error) {
	if err := a.known(ctx, in.id()); err != nil {
		return nil, err
	}
	groups, err := a.cfg.Memberships.Of(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &membershipsOutput{Body: Page[Membership]{Items: []Membership{}}}
	for _, g := range groups {
		out.Body.Items = append(out.Body.Items, Membership{string(g.ID), g.Name, g.DisplayName, listed(g.Roles), sourceNames(g.Sources), g.AddedAt.UTC()})
	}
	return out, nil
}
