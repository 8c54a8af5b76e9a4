package login

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// showLink opens the link of a sign-up. In another browser than the one that signed up
// it asks for the password, or for a new one.
func (p *signUpPages) showLink(w http.ResponseWriter, r *http.Request) error {
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	token := r.FormValue(message.TokenParam)
	asked, err := p.accounts.PeekSignUp(r.Context(), token)
	if err != nil {
		return accountError("read link", err)
	}
	askedHere, err := p.askedHere(r, asked.Return)
	if err != nil {
		return err
	}
	leads, err := p.formActionOf(r, asked.Return)
	if err != nil {
		return err
	}
	page := p.ui.Begin(w, r, ui.Options{Title: "confirm.sign_up.title", Action: r.URL.Path, FormAction: leads})
	page.Carry(message.TokenParam, token)
	data := ui.Confirm{
		Page: page, Text: page.T("confirm.sign_up.text"), Submit: page.T("confirm.sign_up.submit"), ButtonID: "verify-submit",
		AskPassword: !askedHere, MinLength: p.accounts.MinPassword(&storage.User{}),
	}
	if data.AskPassword {
		data.Text = page.T("confirm.sign_up.elsewhere")
	}
	Say(&data.Page, said)
	return p.ui.Render(w, http.StatusOK, data)
}

// askedHere reports whether a message was asked for in this browser.
func (p *signUpPages) askedHere(r *http.Request, to message.Return) (bool, error) {
	own, err := p.interactions.Owns(r, to.Browser)
	if err != nil {
		return false, pageerror.Unavailable("judge browser of a sign-up", err)
	}
	return own, nil
}

// confirmByLink makes the account that was asked for.
func (p *signUpPages) confirmByLink(w http.ResponseWriter, r *http.Request) error {
	if !submittedByPerson(r) {
		return p.showLink(w, r)
	}
	token := r.PostForm.Get(message.TokenParam)
	asked, err := p.accounts.PeekSignUp(r.Context(), token)
	if err != nil {
		return accountError("read link", err)
	}
	askedHere, err := p.askedHere(r, asked.Return)
	if err != nil {
		return err
	}
	shown := account.SignUpProof{
		SameBrowser: askedHere, Password: r.PostForm.Get("password"), NewPassword: r.PostForm.Get("new_password"),
	}
	if !shown.SameBrowser { // it costs a hash
		if err := p.limits.Resend(r, asked.Email); err != nil {
			return err
		}
	}
	user, confirmed, err := p.accounts.ConfirmSignUp(r.Context(), p.journal.Visitor(r, nil), token, shown)
	if errors.Is(err, account.ErrWrongPassword) {
		return p.flash.Refuse(w, r, linkAddress(r.URL.Path, token), flash.Message{Problems: []Problem{{Field: "password", Text: "wrong.password"}}})
	}
	if problems := Problems(err, "new_password"); len(problems) > 0 {
		return p.flash.Refuse(w, r, linkAddress(r.URL.Path, token), flash.Message{Problems: problems})
	}
	if err != nil {
		return accountError("confirm sign-up", err)
	}
	return p.confirmed(w, r, confirmed.Return, user)
}
