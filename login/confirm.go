package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
)

// showConfirmSignUp asks for the code that was sent. The link in the message
// opens the same address with a token.
func (p *Pages) showConfirmSignUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	pending, err := p.pendingSignUp(s.in)
	if err != nil {
		return err
	}
	if pending == nil {
		http.Redirect(w, r, address("/signup", s.in), http.StatusSeeOther)
		return nil
	}
	return p.renderConfirm(w, r, s.in, message.PathConfirmSignUp, pending.Email, func(*ui.ConfirmEmail) {})
}

// renderConfirm asks for a code that was sent to an address.
func (p *Pages) renderConfirm(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, path, email string, say func(*ui.ConfirmEmail)) error {
	data := ui.ConfirmEmail{
		Page: p.page(w, r, in, path, "confirm.title"), Email: email,
		Resend: &ui.Resend{Action: address(path, in) + "&resend=1", After: int(resendAfter / time.Second)},
	}
	if path == message.PathConfirmSignUp { // at the others they are signed in
		data.SignIn = address("/login", in)
	}
	say(&data)
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// resendAfter is when a page offers to send once more.
const resendAfter = 30 * time.Second

// confirmSignUp spends the code, or sends another one.
func (p *Pages) confirmSignUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	pending, err := p.pendingSignUp(s.in)
	if err != nil {
		return err
	}
	if pending == nil {
		return p.advance(w, r, s)
	}
	if r.Form.Has("resend") {
		if err := p.cfg.Limits.Resend(r, pending.Email); err != nil {
			return err
		}
		if err := p.requestSignUp(r, s.in, pending); err != nil {
			return err
		}
		return p.renderConfirm(w, r, s.in, message.PathConfirmSignUp, pending.Email, func(data *ui.ConfirmEmail) {
			data.Say(ui.NoticeDone, "notice.sent")
		})
	}
	user, err := p.cfg.Accounts.ConfirmSignUpByCode(r.Context(), p.cfg.Journal.Visitor(r, s.in), *pending, r.PostForm.Get("code"))
	if errors.Is(err, onetime.ErrInvalid) {
		return p.codeFailed(w, r, s.in, message.PathConfirmSignUp, pending.Email, err)
	}
	if err != nil {
		return accountError("confirm sign-up", err)
	}
	return p.comeBack(w, r, pending.Return, user, "message.verified")
}

// codeFailed shows the page again, or says that there is no more trying for now.
func (p *Pages) codeFailed(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, path, email string, failure error) error {
	if errors.Is(failure, onetime.ErrInvalid) {
		return p.renderConfirm(w, r, in, path, email, func(data *ui.ConfirmEmail) { data.Fail("code", "wrong.code") })
	}
	return accountError("spend code", failure)
}
