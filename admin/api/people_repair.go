package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/admin"
)

var errNotUnverified = errors.New("what is known is not forgotten: set another address instead")

func personOperations() []operation {
	write := func(id, path, does, more string) operation {
		return operation{
			id: "people." + id, method: http.MethodPost, path: "/people/{person}/" + path, scope: admin.ScopePeopleWrite,
			status: http.StatusNoContent, does: does, more: more,
		}
	}
	reset := write("reset_password", "reset-password", "Send a link to set a new password, or make one",
		"With deliver `link` nothing is sent: the link is in the answer, once, for whoever hands it over. A link that was made before is void.")
	reset.status = http.StatusCreated
	roles := write("set_roles", "roles", "Replace the roles of a person",
		"Roles that make administrators are given and taken by owners alone. Roles by groups stay.")
	roles.method, roles.status, roles.statuses = http.MethodPut, http.StatusOK, []int{http.StatusPreconditionFailed}
	return []operation{
		row(write("disable", "disable", "Keep a person out, and end everything that they are signed in to", "One who is disabled stays so."), (*API).disable),
		row(write("enable", "enable", "Let a disabled person sign in again", "One who is not disabled stays so."), (*API).enable),
		row(write("keep", "keep", "Take the deletion of an account back", "That none is planned is as good."), (*API).keep),
		row(reset, (*API).resetPassword),
		row(roles, (*API).setRoles),
	}
}

type whyInput struct {
	PersonPath
	Body Why
}

func (in *whyInput) reason() (string, error) {
	return in.Body.Reason, line("body.reason", in.Body.Reason)
}

// done is the answer to a change after which things are as was asked: that they were so
// before is as good (idempotent).
func done(err error) (*nothing, error) {
	if err != nil && !errors.Is(err, account.ErrUnchanged) {
		return nil, err
	}
	return &nothing{}, nil
}

func (a *API) disable(ctx context.Context, in *whyInput) (*nothing, error) {
	reason, err := in.reason()
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.Disable(ctx, callerOf(ctx).actor, in.id(), reason))
}

func (a *API) enable(ctx context.Context, in *PersonPath) (*nothing, error) {
	return done(a.cfg.Accounts.Enable(ctx, callerOf(ctx).actor, in.id()))
}

func (a *API) keep(ctx context.Context, in *PersonPath) (*nothing, error) {
	return done(a.cfg.Accounts.KeepAccount(ctx, callerOf(ctx).actor, in.id()))
}

type resetPasswordInput struct {
	PersonPath
	Idempotent
	Body struct {
		Why
		Deliver string `json:"deliver" enum:"email,link" doc:"email sends it to their address; link answers with it."`
	}
}

type linkOutput struct {
	Body struct {
		Link      string     `json:"link,omitempty" format:"uri" doc:"It works once. Whoever has it can use it."`
		ExpiresAt *time.Time `json:"expires_at,omitempty"`
	}
}

func (a *API) resetPassword(ctx context.Context, in *resetPasswordInput) (*linkOutput, error) {
	if err := line("body.reason", in.Body.Reason); err != nil {
		return nil, err
	}
	asked := struct{ Person, Reason, Deliver string }{in.Person, in.Body.Reason, in.Body.Deliver}
	return once(ctx, a, "people.reset_password", in.Idempotent, asked, func() (*linkOutput, error) {
		by, out := callerOf(ctx).actor, &linkOutput{}
		if in.Body.Deliver == "email" {
			return out, a.cfg.Accounts.SendReset(ctx, by, in.id(), in.Body.Reason)
		}
		token, err := a.cfg.Accounts.IssueReset(ctx, by, in.id(), a.cfg.ResetLasts, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		out.Body.Link = a.link(message.PathResetPassword, message.TokenParam, token)
		out.Body.ExpiresAt = timeOf(a.cfg.Now().Add(a.cfg.ResetLasts))
		return out, nil
	})
}

// link is the address that a one-time token is used at.
func (a *API) link(path, parameter, token string) string {
	return a.cfg.Issuer + path + "?" + url.Values{parameter: {token}}.Encode()
}

type setRolesInput struct {
	PersonPath
	Conditional
	Body struct {
		Roles []string `json:"roles" maxItems:"100" nullable:"false"`
	}
}

func (a *API) setRoles(ctx context.Context, in *setRolesInput) (*personOutput, error) {
	who := callerOf(ctx)
	edit := account.Edit{Roles: &in.Body.Roles, If: a.ifPerson(who, &in.Conditional)}
	if err := a.cfg.Accounts.Edit(ctx, who.actor, in.id(), edit); err != nil {
		return nil, err
	}
	return a.showPerson(ctx, &in.PersonPath)
}
