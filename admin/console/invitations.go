package console

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// The pages of invitations: all of them, and the link of one that was just made.
const (
	invitationsPath    = Root + "/invitations"
	invitationLinkPath = invitationsPath + "/link"
)

// byInvitation reports whether invitations are of use: where people sign up with one.
func byInvitation(c *Console) bool {
	return c.cfg.Accounts.SignUpPolicy().Mode == account.SignUpInvitation
}

// showInvitations says where they are of no use, above the list.
func (c *Console) showInvitations(_ *http.Request, _ *visit, s *screen) error {
	if !byInvitation(c) {
		s.Lead = s.T("console.no_invitations")
	}
	return nil
}

// invitationList are those who were invited, the newest first; never a link.
func invitationList() *list {
	return &list{
		columns: []string{"field.email", "console.state", "console.created", "console.expires", ""},
		read: func(r *http.Request, c *Console, v *visit, _ url.Values, after string, limit int) ([]item, string, error) {
			found, err := c.cfg.Invitations.List(r.Context(), storage.ID(after), limit+1)
			rows, next := itemsOf(found, limit, func(inv *storage.Invitation) string { return string(inv.ID) }, func(inv *storage.Invitation) item {
				return item{record: api.ShowInvitation(inv), cells: func(s *screen) []cell { return c.invitationCells(s, v, inv) }}
			})
			return rows, next, err
		},
	}
}

func (c *Console) invitationCells(s *screen, v *visit, inv *storage.Invitation) []cell {
	state, revoke := tag("good", s.T("console.open")), cell{}
	switch {
	case !inv.UsedAt.IsZero():
		state = tag("plain", s.T("console.accepted"))
	case !c.cfg.Now().Before(inv.ExpiresAt):
		state = tag("plain", s.T("console.expired"))
	default:
		revoke = c.doListed(v, invitationsPath, "revoke", s, string(inv.ID), inv.Email)
	}
	return []cell{text(inv.Email), {All: []cell{state}}, s.at(inv.CreatedAt), s.at(inv.ExpiresAt), revoke}
}

// invitationActs is what is done about invitations.
func invitationActs() []*act {
	return []*act{
		{
			of: invitationsPath, name: "new", text: "console.invite", operation: "invitations.create", command: "invite create …", used: byInvitation,
			fields: invitationFields, do: invite,
		},
		{
			of: invitationsPath, name: "revoke", text: "console.revoke_invitation", operation: "invitations.revoke", command: "invite revoke {invitation}",
			danger: true, subject: "invitation",
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
				return false, c.cfg.Accounts.RevokeInvitation(r.Context(), by, storage.ID(t.subject))
			},
		},
	}
}

// invitationFields ask for whom it is, and whether it is sent or shown.
func invitationFields(_ *Console, v *visit, _ *target, s *screen, f *form) error {
	if err := f.field(s, v, "email", "", "type=email", "required", "maxlength=254", "plain", "autocomplete=off"); err != nil {
		return err
	}
	language, err := s.Select("locale", v.typed("locale", ""), s.LocaleOptions(), "autocomplete=off")
	if err != nil {
		return err
	}
	delivery, err := s.Select("deliver", v.typed("deliver", "email"), []ui.Option{
		{Value: "email", Label: s.T("console.deliver_email")}, {Value: "link", Label: s.T("console.deliver_link")},
	}, "label=console.deliver", "required", "autocomplete=off")
	f.Fields = append(f.Fields, language, delivery)
	return err
}

// invite makes an invitation. A link that is not sent is handed to the page that shows
// it, for a moment and in this browser alone (requirement OT3).
func invite(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, _ *target) (bool, error) {
	deliver, language := r.PostForm.Get("deliver"), ident.Clean(r.PostForm.Get("locale"))
	switch {
	case deliver != "email" && deliver != "link":
		return false, &account.FieldError{Field: "deliver", Problem: account.Required}
	case ident.Text(language) != nil || len(language) > 35:
		return false, &account.FieldError{Field: "locale", Problem: account.Invalid}
	}
	token, _, err := c.cfg.Accounts.Invite(r.Context(), by, ident.Clean(r.PostForm.Get("email")), language, deliver == "email")
	if errors.Is(err, account.ErrTaken) {
		return false, &account.FieldError{Field: "email", Problem: account.Same, Cause: err}
	}
	if err != nil || deliver == "email" {
		return false, err
	}
	address := c.cfg.Issuer + message.PathSignUp + "?" + url.Values{message.InvitationParam: {token}}.Encode()
	return true, c.cfg.Flash.Hand(w, r, invitationLinkPath, address)
}

// showInvitationLink shows it, for as long as it is there to be shown.
func (c *Console) showInvitationLink(r *http.Request, _ *visit, s *screen) error {
	s.Up = link{URL: invitationsPath, Label: s.T("console.invitations")}
	c.showSecret(r, s, "console.link_label", s.T("console.invitation_link"))
	return nil
}
