package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func invitationOperations() []operation {
	return []operation{
		row(operation{
			id: "invitations.list", method: http.MethodGet, path: "/invitations", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "List invitations, the newest first", more: "Those that were used or have expired too, while they are kept. Never a link.",
		}, (*API).listInvitations),
		row(operation{
			id: "invitations.create", method: http.MethodPost, path: "/invitations", scope: admin.ScopePeopleWrite, status: http.StatusCreated,
			does:     "Invite somebody to sign up, where sign_up.mode is invitation",
			more:     "With deliver `link` nothing is sent: the link is in the answer, once, for whoever hands it over.",
			statuses: []int{http.StatusConflict},
		}, (*API).invite),
		row(operation{
			id: "invitations.revoke", method: http.MethodDelete, path: "/invitations/{invitation}", scope: admin.ScopePeopleWrite, status: http.StatusNoContent,
			does: "Take an invitation back that nobody used", more: "Its link is void from then on. One that was used or has expired is not there (404).",
		}, (*API).revokeInvitation),
	}
}

type newInvitation struct {
	Email   string `json:"email" minLength:"1" maxLength:"254"`
	Locale  string `json:"locale,omitempty" maxLength:"35" doc:"The language of the message (BCP 47)."`
	Deliver string `json:"deliver" enum:"email,link"`
}

type inviteInput struct {
	Idempotent
	Body newInvitation
}

// Invitation lets one person sign up.
type Invitation struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"When somebody signed up with it."`
	Link      string     `json:"link,omitempty" format:"uri" doc:"It works once, and is told once. Whoever has it can sign up with this address."`
}

// ShowInvitation shows an invitation, without its link.
func ShowInvitation(inv *storage.Invitation) Invitation {
	return Invitation{ID: string(inv.ID), Email: inv.Email, CreatedAt: inv.CreatedAt.UTC(), ExpiresAt: inv.ExpiresAt.UTC(), UsedAt: timeOf(inv.UsedAt)}
}

type invitationOutput struct{ Body Invitation }

func (a *API) invite(ctx context.Context, in *inviteInput) (*invitationOutput, error) {
	if err := line("body.locale", in.Body.Locale); err != nil {
		return nil, err
	}
	return once(ctx, a, "invitations.create", in.Idempotent, in.Body, func() (*invitationOutput, error) {
		token, made, err := a.cfg.Accounts.Invite(ctx, callerOf(ctx).actor, in.Body.Email, in.Body.Locale, in.Body.Deliver == "email")
		if err != nil {
			return nil, err
		}
		out := &invitationOutput{ShowInvitation(made)}
		if in.Body.Deliver == "link" {
			out.Body.Link = a.link(message.PathSignUp, message.InvitationParam, token)
		}
		return out, nil
	})
}

func (a *API) listInvitations(ctx context.Context, in *PageParams) (*pageOutput[Invitation], error) {
	before, err := in.place()
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Invitations.List(ctx, storage.ID(before), in.Limit+1)
	if err != nil {
		return nil, err
	}
	return pageOf(found, in.Limit, func(inv *storage.Invitation) string { return string(inv.ID) }, ShowInvitation), nil
}

type invitationInput struct {
	Invitation string `path:"invitation" pattern:"^[0-9a-f]{32}$" doc:"Its id."`
}

func (a *API) revokeInvitation(ctx context.Context, in *invitationInput) (*nothing, error) {
	return done(a.cfg.Accounts.RevokeInvitation(ctx, callerOf(ctx).actor, storage.ID(in.Invitation)))
}
