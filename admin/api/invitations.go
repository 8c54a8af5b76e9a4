package api

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/admin"
)

func invitationOperations() []operation {
	return []operation{
		row(operation{
			id: "invitations.create", method: http.MethodPost, path: "/invitations", scope: admin.ScopePeopleWrite, status: http.StatusCreated,
			does:     "Invite somebody to sign up, where sign_up.mode is invitation",
			more:     "With deliver `link` nothing is sent: the link is in the answer, once, for whoever hands it over.",
			statuses: []int{http.StatusConflict},
		}, (*API).invite),
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
	Email     string    `json:"email"`
	ExpiresAt time.Time `json:"expires_at"`
	Link      string    `json:"link,omitempty" format:"uri" doc:"It works once. Whoever has it can sign up with this address."`
}

type invitationOutput struct{ Body Invitation }

func (a *API) invite(ctx context.Context, in *inviteInput) (*invitationOutput, error) {
	if err := line("body.locale", in.Body.Locale); err != nil {
		return nil, err
	}
	return once(ctx, a, "invitations.create", in.Idempotent, in.Body, func() (*invitationOutput, error) {
		token, expires, err := a.cfg.Accounts.Invite(ctx, callerOf(ctx).actor, in.Body.Email, in.Body.Locale, in.Body.Deliver == "email")
		if err != nil {
			return nil, err
		}
		out := &invitationOutput{Invitation{Email: in.Body.Email, ExpiresAt: expires.UTC()}}
		if in.Body.Deliver == "link" {
			out.Body.Link = a.link(message.PathSignUp, message.InvitationParam, token)
		}
		return out, nil
	})
}
