package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// linkPage is a page that a link in a message opens: GET shows a button and
// spends nothing, since mail scanners follow links; POST spends the token and
// does what it stands for (requirement OT4).
type linkPage struct {
	purpose onetime.Purpose
	// text is the key of the page's texts.
	text string
	// about says which address it is about, where the text tells.
	about func(ctx context.Context, token string) (string, error)
	// own says that only who is signed in to the account can use it.
	own bool
	// spend does what the token stands for.
	spend func(w http.ResponseWriter, r *http.Request, token string) error
}

func (p *Pages) linkPages() map[string]linkPage {
	return map[string]linkPage{
		message.PathVerifyEmail:  {purpose: onetime.VerifyEmail, text: "confirm.verify", spend: p.verifyByLink},
		message.PathConfirmEmail: {purpose: onetime.EmailChange, text: "confirm.email_change", own: true, spend: p.confirmEmailChange},
		message.PathStopEmail:    {purpose: onetime.EmailStop, text: "confirm.stop", about: p.cfg.Accounts.PeekStop, spend: p.stopEmailChange},
		message.PathUndoEmail:    {purpose: onetime.EmailUndo, text: "confirm.undo", about: p.cfg.Accounts.PeekUndo, spend: p.undoEmailChange},
		message.PathDisown:       {purpose: onetime.Disown, text: "confirm.not_me", spend: p.disown},
		message.PathKeepAccount:  {purpose: onetime.DeletionCancel, text: "confirm.keep", spend: p.keepAccountByLink},
	}
}

func (p *Pages) showLink(l linkPage) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error { return p.renderLink(w, r, l) }
}

// submittedByPerson reports whether a person sent the form, as far as can be told:
// some mail scanners submit forms by script, and browsers say of a navigation
// whether somebody's click or key was behind it (Fetch Metadata, Sec-Fetch-User).
func submittedByPerson(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "" || r.Header.Get("Sec-Fetch-User") == "?1"
}

func (p *Pages) renderLink(w http.ResponseWriter, r *http.Request, l linkPage) error {
	token := r.FormValue(message.TokenParam)
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	err = p.cfg.Accounts.CheckLink(r.Context(), by, l.purpose, token, l.own)
	if errors.Is(err, account.ErrSignIn) {
		return p.renderSignInFirst(w, r)
	}
	if err != nil {
		return accountError("read link", err)
	}
	var args []any
	if l.about != nil {
		address, err := l.about(r.Context(), token)
		if err != nil {
			return accountError("read link", err)
		}
		args = append(args, "Email", address)
	}
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: l.text + ".title", Action: r.URL.Path})
	page.Carry(message.TokenParam, token)
	return p.cfg.UI.Render(w, http.StatusOK, ui.Confirm{
		Page: page, Text: page.T(l.text+".text", args...), Submit: page.T(l.text + ".submit"), ButtonID: "verify-submit",
	})
}

func (p *Pages) spendLink(l linkPage) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !submittedByPerson(r) {
			return p.renderLink(w, r, l)
		}
		return l.spend(w, r, r.PostForm.Get(message.TokenParam))
	}
}

// linkHolder is whoever opened a link: whoever is signed in in this browser, or
// nobody that is known.
func (p *Pages) linkHolder(r *http.Request) (account.Actor, error) {
	signedIn, err := p.cfg.Sessions.Read(r)
	if err != nil || signedIn == nil {
		return p.cfg.Journal.Visitor(r, nil), err
	}
	return p.cfg.Sessions.Actor(r, signedIn), nil
}

// showConfirmSignUpLink opens the link of a sign-up. In another browser than the
// one that signed up it asks for the password, or for a new one.
func (p *Pages) showConfirmSignUpLink(w http.ResponseWriter, r *http.Request) error {
	return p.renderConfirmSignUpLink(w, r, nil)
}

func (p *Pages) renderConfirmSignUpLink(w http.ResponseWriter, r *http.Request, problems []Problem) error {
	token := r.FormValue(message.TokenParam)
	asked, err := p.cfg.Accounts.PeekSignUp(r.Context(), token)
	if err != nil {
		return accountError("read link", err)
	}
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: "confirm.sign_up.title", Action: r.URL.Path})
	page.Carry(message.TokenParam, token)
	data := ui.Confirm{
		Page: page, Text: page.T("confirm.sign_up.text"), Submit: page.T("confirm.sign_up.submit"), ButtonID: "verify-submit",
		AskPassword: !p.askedHere(r, asked.Return), MinLength: p.cfg.Accounts.MinPassword(&storage.User{}),
	}
	if data.AskPassword {
		data.Text = page.T("confirm.sign_up.elsewhere")
	}
	for _, problem := range problems {
		data.Fail(problem.Field, problem.Text, problem.Args...)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// askedHere reports whether a message was asked for in this browser.
func (p *Pages) askedHere(r *http.Request, to message.Return) bool {
	return p.cfg.Interactions.Owns(r, to.Browser)
}

// confirmSignUpByLink makes the account that was asked for.
func (p *Pages) confirmSignUpByLink(w http.ResponseWriter, r *http.Request) error {
	if !submittedByPerson(r) {
		return p.renderConfirmSignUpLink(w, r, nil)
	}
	token := r.PostForm.Get(message.TokenParam)
	asked, err := p.cfg.Accounts.PeekSignUp(r.Context(), token)
	if err != nil {
		return accountError("read link", err)
	}
	shown := account.SignUpProof{
		SameBrowser: p.askedHere(r, asked.Return), Password: r.PostForm.Get("password"), NewPassword: r.PostForm.Get("new_password"),
	}
	if !shown.SameBrowser { // it costs a hash
		if err := p.cfg.Limits.Resend(r, asked.Email); err != nil {
			return err
		}
	}
	user, confirmed, err := p.cfg.Accounts.ConfirmSignUp(r.Context(), p.cfg.Journal.Visitor(r, nil), token, shown)
	if errors.Is(err, account.ErrWrongPassword) {
		return p.renderConfirmSignUpLink(w, r, []Problem{{Field: "password", Text: "wrong.password"}})
	}
	if problems := Problems(err, "new_password"); len(problems) > 0 {
		return p.renderConfirmSignUpLink(w, r, problems)
	}
	if err != nil {
		return accountError("confirm sign-up", err)
	}
	return p.comeBack(w, r, confirmed.Return, user, "message.verified")
}

// verifyByLink confirms the address of an account that exists.
func (p *Pages) verifyByLink(w http.ResponseWriter, r *http.Request, token string) error {
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	v, err := p.cfg.Accounts.VerifyEmail(r.Context(), by, token)
	if err != nil {
		return accountError("verify e-mail", err)
	}
	return p.comeBack(w, r, v.Return, nil, "message.verified")
}

// confirmEmailChange makes the address that was proven the account's.
func (p *Pages) confirmEmailChange(w http.ResponseWriter, r *http.Request, token string) error {
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	u, err := p.cfg.Accounts.ConfirmEmail(r.Context(), by, token)
	if errors.Is(err, account.ErrSignIn) || errors.Is(err, account.ErrForbidden) {
		return p.renderSignInFirst(w, r)
	}
	if err != nil {
		return accountError("change e-mail", err)
	}
	return p.comeBack(w, r, u.Return, nil, "message.email_changed", "Email", u.To)
}

// renderSignInFirst says that the link is for whoever is signed in to the account:
// the mailbox alone moves nobody's account (requirement FE4).
func (p *Pages) renderSignInFirst(w http.ResponseWriter, r *http.Request) error {
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: "message.email_signin.title"})
	return p.cfg.UI.Render(w, http.StatusForbidden, ui.Message{
		Page: page, Text: page.T("message.email_signin.text"), NextURL: message.PathSignIn, NextLabel: page.T("message.next_signin"),
	})
}

// stopEmailChange voids a change of address that waits for its proof.
func (p *Pages) stopEmailChange(w http.ResponseWriter, r *http.Request, token string) error {
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	if err := p.cfg.Accounts.StopEmailChange(r.Context(), by, token); err != nil {
		return accountError("stop change of e-mail", err)
	}
	return p.renderDone(w, r, "message.email_stopped")
}

// undoEmailChange gives an old address back.
func (p *Pages) undoEmailChange(w http.ResponseWriter, r *http.Request, token string) error {
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	if err := p.cfg.Accounts.UndoEmail(r.Context(), by, token); err != nil {
		return accountError("undo change of e-mail", err)
	}
	return p.renderDone(w, r, "message.email_undone")
}

// disown gives the account back to its owner, who says of a change that it was not
// they.
func (p *Pages) disown(w http.ResponseWriter, r *http.Request, token string) error {
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	if err := p.cfg.Accounts.Disown(r.Context(), by, token); err != nil {
		return accountError("recover account", err)
	}
	return p.renderDone(w, r, "message.not_me")
}

// keepAccountByLink takes the planned deletion of an account back.
func (p *Pages) keepAccountByLink(w http.ResponseWriter, r *http.Request, token string) error {
	by, err := p.linkHolder(r)
	if err != nil {
		return err
	}
	if err := p.cfg.Accounts.KeepAccountByLink(r.Context(), by, token); err != nil {
		return accountError("cancel deletion", err)
	}
	return p.renderDone(w, r, "message.deletion_cancelled")
}
