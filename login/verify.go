package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
)

// showVerify asks whoever has an unconfirmed address for the code that was sent
// to it. The first look at the page sends it; another look sends nothing.
func (p *Pages) showVerify(w http.ResponseWriter, r *http.Request, s *standing) error {
	if user := s.state.User.ID; !s.in.AnswersOf(user).VerificationSent {
		sent := func(a *interaction.Answers) { a.VerificationSent = true }
		if err := p.answer(r.Context(), s.in, user, sent); err != nil {
			return err
		}
		if err := p.sendVerification(r, s); err != nil {
			return err
		}
	}
	return p.renderConfirm(w, r, s.in, "/verify", s.state.User.Email, func(*ui.ConfirmEmail) {})
}

func (p *Pages) sendVerification(r *http.Request, s *standing) error {
	user := s.state.User
	if err := p.cfg.Limits.Resend(r, user.Email); err != nil {
		return err
	}
	if err := p.cfg.Limits.MemberMessage(r, user.ID, user.Email); err != nil {
		return err
	}
	err := p.cfg.Accounts.RequestVerification(r.Context(), p.actor(r, s), user.ID, returnTo(s.in))
	return accountError("request confirmation of an address", err)
}

func (p *Pages) verify(w http.ResponseWriter, r *http.Request, s *standing) error {
	user := s.state.User
	if r.Form.Has("resend") {
		if err := p.sendVerification(r, s); err != nil {
			return err
		}
		return p.renderConfirm(w, r, s.in, "/verify", user.Email, func(data *ui.ConfirmEmail) {
			data.Say(ui.NoticeDone, "notice.sent")
		})
	}
	err := p.cfg.Accounts.VerifyEmailByCode(r.Context(), p.actor(r, s), user.ID, r.PostForm.Get("code"))
	if err != nil {
		return p.codeFailed(w, r, s.in, "/verify", user.Email, err)
	}
	return p.again(w, r, s.in, s.part)
}
