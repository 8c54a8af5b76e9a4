package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// verifyPage asks whoever has an unconfirmed address for the code that was sent to it.
type verifyPage struct{ *core }

// show sends the code at the first look at the page; another look sends nothing.
func (p *verifyPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	user := f.state.User
	if !f.interaction.AnswersOf(user.ID).VerificationSent {
		sent := func(a *interaction.Answers) { a.VerificationSent = true }
		if err := p.answer(r.Context(), f.interaction, user.ID, sent); err != nil {
			return err
		}
		if err := p.send(r, f); err != nil {
			return err
		}
	}
	return p.renderConfirm(w, r, p.personPage(w, r, f, "/verify", confirmTitle), ui.ConfirmEmail{Email: user.Email})
}

func (p *verifyPage) send(r *http.Request, f *flowContext) error {
	user := f.state.User
	if err := p.limits.Resend(r, user.Email); err != nil {
		return err
	}
	if err := p.limits.MemberMessage(r, user.ID, user.Email); err != nil {
		return err
	}
	err := p.accounts.RequestVerification(r.Context(), p.actor(r, f), user.ID, returnTo(f.interaction))
	return accountError("request confirmation of an address", err)
}

// check spends the code, or sends another one.
func (p *verifyPage) check(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	user := f.state.User
	if r.Form.Has("resend") {
		if err := p.send(r, f); err != nil {
			return err
		}
		return p.flash.Redirect(w, r, f.interaction.Address("/verify"), flash.Message{Done: "notice.sent"})
	}
	err := p.accounts.VerifyEmailByCode(r.Context(), p.actor(r, f), user.ID, r.PostForm.Get("code"))
	switch {
	case errors.Is(err, onetime.ErrInvalid):
		return p.refuse(w, r, f.interaction.Address("/verify"), wrongCode)
	case err != nil:
		return accountError("spend code", err)
	}
	return p.redirectToNextStep(w, r, f)
}

// confirmTitle is the title of a page that asks for a code.
const confirmTitle = "confirm.title"

// renderConfirm asks for a code that was sent to an address, on a page that was begun.
func (c *core) renderConfirm(w http.ResponseWriter, r *http.Request, page ui.Page, data ui.ConfirmEmail) error {
	said, err := c.flash.Read(r)
	if err != nil {
		return err
	}
	data.Page, data.Resend = page, &ui.Resend{Action: page.Action + "&resend=1", After: int(resendAfter / time.Second)}
	Say(&data.Page, said)
	return c.ui.Render(w, http.StatusOK, data)
}

// resendAfter is when a page offers to send once more.
const resendAfter = 30 * time.Second

// wrongCode is what a page says of a code that is not the one that was sent.
var wrongCode = flash.Message{Problems: []Problem{{Field: "code", Text: "wrong.code"}}}

// returnTo is how a message finds the way back to an interaction.
func returnTo(in *interaction.Interaction) message.Return {
	return message.Return{Interaction: in.ID, Browser: in.Browser}
}
