package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func accessOperations() []operation {
	list := func(id, path, does string) operation {
		return operation{id: id, method: http.MethodGet, path: "/people/{person}/" + path, scope: admin.ScopePeopleRead, status: http.StatusOK, does: does}
	}
	end := func(id, path, scope, does, more string) operation {
		return operation{
			id: id, method: http.MethodDelete, path: "/people/{person}/" + path, scope: scope, status: http.StatusNoContent,
			does: does, more: more,
		}
	}
	return []operation{
		row(list("sessions.list", "sessions", "List the browsers that a person is signed in in"), (*API).listSessions),
		row(end("sessions.end_all", "sessions", admin.ScopeHelpDesk, "Sign a person out everywhere",
			"Every session ends, and every access that applications have; they are told."), (*API).endSessions),
		row(end("sessions.end", "sessions/{session}", admin.ScopeHelpDesk, "End one session", "The applications that it signed in to are told."), (*API).endSession),
		row(list("grants.list", "grants", "List what applications were issued for a person, revoked grants too while they are kept"), (*API).listGrants),
		row(operation{
			id: "grants.all", method: http.MethodGet, path: "/grants", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "List what applications were issued for anybody, the oldest first", more: "Revoked grants too while they are kept.",
		}, (*API).allGrants),
		row(list("consents.list", "consents", "List what a person allowed applications"), (*API).listConsents),
		row(end("grants.revoke", "applications/{client}", admin.ScopePeopleWrite, "Take an application’s access to a person’s account away",
			"Its grants end, offline ones too, and its consent is forgotten."), (*API).revokeClient),
	}
}

// Session is a browser that is signed in.
type Session struct {
	ID         string    `json:"id" doc:"The sid claim."`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	UserAgent  string    `json:"user_agent" doc:"The browser’s own word."`
	Address    string    `json:"address"`
}

type sessionsOutput struct{ Body Page[Session] }

func (a *API) listSessions(ctx context.Context, in *PersonPath) (*sessionsOutput, error) {
	if err := a.known(ctx, in.id()); err != nil {
		return nil, err
	}
	sessions, err := a.cfg.Sessions.ListByUser(ctx, in.id(), a.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := &sessionsOutput{Body: Page[Session]{Items: []Session{}}}
	for _, s := range sessions {
		out.Body.Items = append(out.Body.Items, Session{string(s.SID), s.CreatedAt.UTC(), s.LastSeenAt.UTC(), s.UserAgent, s.Address})
	}
	return out, nil
}

func (a *API) endSessions(ctx context.Context, in *PersonPath) (*nothing, error) {
	return done(a.cfg.Accounts.EndAllSessions(ctx, callerOf(ctx).actor, in.id()))
}

type sessionInput struct {
	PersonPath
	Session string `path:"session" pattern:"^[0-9a-f]{32}$" doc:"Its sid."`
}

func (a *API) endSession(ctx context.Context, in *sessionInput) (*nothing, error) {
	return done(a.cfg.Accounts.EndSession(ctx, callerOf(ctx).actor, in.id(), storage.ID(in.Session)))
}

// Grant is what a person allowed a client, and the tokens that were issued for it.
type Grant struct {
	ID            string     `json:"id"`
	ClientID      string     `json:"client_id"`
	Session       string     `json:"session,omitempty"`
	Scopes        []string   `json:"scopes" nullable:"false"`
	Resources     []string   `json:"resources" nullable:"false"`
	Offline       bool       `json:"offline"`
	ACR           string     `json:"acr,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	UsedAt        time.Time  `json:"used_at" doc:"When it was last refreshed."`
	ExpiresAt     time.Time  `json:"expires_at"`
	RevokedAt     *time.Time `json:"revoked_at,omitempty"`
	RevokedReason string     `json:"revoked_reason,omitempty"`
}

func showGrant(g *storage.Grant) Grant {
	return Grant{
		ID: string(g.ID), ClientID: g.ClientID, Session: string(g.SID), Scopes: listed(g.Scopes), Resources: listed(g.Resource),
		Offline: g.Offline, ACR: g.Authentication.ACR, CreatedAt: g.CreatedAt.UTC(), UsedAt: g.RotatedAt.UTC(), ExpiresAt: g.ExpiresAt.UTC(),
		RevokedAt: timeOf(g.RevokedAt), RevokedReason: g.RevokedReason,
	}
}

type grantsOutput struct{ Body Page[Grant] }

func (a *API) listGrants(ctx context.Context, in *PersonPath) (*grantsOutput, error) {
	if err := a.known(ctx, in.id()); err != nil {
		return nil, err
	}
	grants, err := a.cfg.Grants.ListByUser(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &grantsOutput{Body: Page[Grant]{Items: []Grant{}}}
	for i := range grants {
		out.Body.Items = append(out.Body.Items, showGrant(&grants[i]))
	}
	return out, nil
}

// ListedGrant is a grant of anybody.
type ListedGrant struct {
	Grant
	Person string `json:"person" doc:"The id of whose it is."`
}

type allGrantsInput struct {
	PageParams
	Client string `query:"client" maxLength:"256" doc:"Is of this application."`
}

func (a *API) allGrants(ctx context.Context, in *allGrantsInput) (*pageOutput[ListedGrant], error) {
	after, err := in.place()
	if err == nil {
		err = line("query.client", in.Client)
	}
	if err != nil {
		return nil, err
	}
	var found []storage.Grant
	if in.Client == "" {
		found, err = a.cfg.Grants.List(ctx, storage.ID(after), in.Limit+1)
	} else {
		found, err = a.cfg.Grants.ListByClient(ctx, in.Client, storage.ID(after), in.Limit+1)
	}
	if err != nil {
		return nil, err
	}
	return pageOf(found, in.Limit, func(g *storage.Grant) string { return string(g.ID) }, func(g *storage.Grant) ListedGrant {
		return ListedGrant{Grant: showGrant(g), Person: string(g.UserID)}
	}), nil
}

// Consent is what a person allowed a client, to be remembered.
type Consent struct {
	ClientID  string    `json:"client_id"`
	Scopes    []string  `json:"scopes" nullable:"false"`
	UpdatedAt time.Time `json:"updated_at"`
}

type consentsOutput struct{ Body Page[Consent] }

func (a *API) listConsents(ctx context.Context, in *PersonPath) (*consentsOutput, error) {
	if err := a.known(ctx, in.id()); err != nil {
		return nil, err
	}
	consents, err := a.cfg.Consents.ListByUser(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &consentsOutput{Body: Page[Consent]{Items: []Consent{}}}
	for _, c := range consents {
		out.Body.Items = append(out.Body.Items, Consent{c.ClientID, listed(c.Scopes), c.UpdatedAt.UTC()})
	}
	return out, nil
}

type applicationInput struct {
	PersonPath
	Client string `path:"client" maxLength:"256" doc:"The client_id."`
}

func (a *API) revokeClient(ctx context.Context, in *applicationInput) (*nothing, error) {
	if err := line("path.client", in.Client); err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.RevokeClient(ctx, callerOf(ctx).actor, in.id(), in.Client))
}
