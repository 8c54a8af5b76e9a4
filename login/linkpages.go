package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/ui"
)

// linkPages are what the links of messages open, but for those that set a password.
type linkPages struct{ *core }

// linkPage is one of them: GET shows a button and spends nothing, since mail scanners
// follow links; POST spends the token and does what it stands for (requirement OT4).
type linkPage struct {
	*linkPages
	purpose onetime.Purpose
	// text is the key of the page's texts, and recovers that of the text of a link that
	// gives the account back to its owner.
	text, recovers string
	// about says what it does to an address, where the text tells.
	about func(ctx context.Context, token string) (account.TakenBack, error)
	// own says that only who is signed in to the account can use it.
	own bool
	// spend does what the token stands for.
	spend func(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error
}

// all are the pages by their path: each line is one.
func (p *linkPages) all() map[string]linkPage {
	return map[string]linkPage{
		message.PathVerifyEmail:  {p, onetime.VerifyEmail, "confirm.verify", "", nil, false, p.verify},
		message.PathConfirmEmail: {p, onetime.EmailChange, "confirm.email_change", "", nil, true, p.confirmEmail},
		message.PathStopEmail:    {p, onetime.EmailStop, "confirm.stop", "confirm.stop_recovers", p.accounts.PeekStop, false, p.stopEmail},
		message.PathUndoEmail:    {p, onetime.EmailUndo, "confirm.undo", "confirm.undo.text", p.accounts.PeekUndo, false, p.undoEmail},
		message.PathDisown:       {p, onetime.Disown, "confirm.not_me", "", nil, false, p.disown},
		message.PathKeepAccount:  {p, onetime.DeletionCancel, "confirm.keep", "", nil, false, p.keepAccount},
	}
}

// show asks for a click.
func (l linkPage) show(w http.ResponseWriter, r *http.Request) error {
	token := r.FormValue(message.TokenParam)
	by, err := l.holder(r)
	if err != nil {
		return err
	}
	back, err := l.accounts.CheckLink(r.Context(), by, l.purpose, token, l.own)
	if errors.Is(err, account.ErrSignIn) {
		return l.renderSignInFirst(w, r)
	}
	if err != nil {
		return accountError("read link", err)
	}
	var about account.TakenBack
	if l.about != nil {
		if about, err = l.about(r.Context(), token); err != nil {
			return accountError("read link", err)
		}
	}
	leads, err := l.formActionOf(r, back)
	if err != nil {
		return err
	}
	page := l.ui.Begin(w, r, ui.Options{Title: l.text + ".title", Action: r.URL.Path, FormAction: leads})
	page.Carry(message.TokenParam, token)
	confirm := ui.Confirm{Page: page, Submit: page.T(l.text + ".submit"), ButtonID: "verify-submit"}
	if about.Recovers {
		confirm.Text = page.T(l.recovers, "Email", about.Email, "What", page.T("confirm.not_me.text"))
	} else {
		confirm.Text = page.T(l.text+".text", "Email", about.Email)
	}
	return l.ui.Render(w, http.StatusOK, confirm)
}

// submit spends the token.
func (l linkPage) submit(w http.ResponseWriter, r *http.Request) error {
	if !submittedByPerson(r) {
		return l.show(w, r)
	}
	by, err := l.holder(r)
	if err != nil {
		return err
	}
	return l.spend(w, r, by, r.PostForm.Get(message.TokenParam))
}

// linkAddress is the address that a link in a message has.
func linkAddress(path, token string) string {
	return path + "?" + url.Values{message.TokenParam: {token}}.Encode()
}

// submittedByPerson reports whether a person sent the form, as far as can be told:
// some mail scanners submit forms by script, and browsers say of a navigation
// whether somebody's click or key was behind it (Fetch Metadata, Sec-Fetch-User).
func submittedByPerson(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "" || r.Header.Get("Sec-Fetch-User") == "?1"
}

// holder is whoever opened a link: whoever is signed in in this browser, or
// nobody that is known.
func (p *linkPages) holder(r *http.Request) (account.Actor, error) {
	signedIn, err := p.sessions.Read(r)
	if err != nil || signedIn == nil {
		return p.journal.Visitor(r, nil), err
	}
	return p.sessions.Actor(r, signedIn), nil
}

// verify confirms the address of an account that exists.
func (p *linkPages) verify(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error {
	v, err := p.accounts.VerifyEmail(r.Context(), by, token)
	if err != nil {
		return accountError("verify email", err)
	}
	return p.resumeAfterMessage(w, r, v.Return, "verified")
}

// confirmEmail makes the address that was proven the account's.
func (p *linkPages) confirmEmail(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error {
	u, err := p.accounts.ConfirmEmail(r.Context(), by, token)
	if errors.Is(err, account.ErrSignIn) || errors.Is(err, account.ErrForbidden) {
		return p.renderSignInFirst(w, r)
	}
	if err != nil {
		return accountError("change email", err)
	}
	return p.resumeAfterMessage(w, r, u.Return, "email_changed")
}

// stopEmail voids a change of address that waits for its proof.
func (p *linkPages) stopEmail(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error {
	done, err := p.accounts.StopEmailChange(r.Context(), by, token)
	if err != nil {
		return accountError("stop change of email", err)
	}
	if done.Recovers {
		return redirectDone(w, r, "not_me")
	}
	return redirectDone(w, r, "email_stopped")
}

// undoEmail gives an old address back.
func (p *linkPages) undoEmail(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error {
	if err := p.accounts.UndoEmail(r.Context(), by, token); err != nil {
		return accountError("undo change of email", err)
	}
	return redirectDone(w, r, "email_undone")
}

// keepAccount takes the planned deletion of an account back.
func (p *linkPages) keepAccount(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error {
	if err := p.accounts.KeepAccountByLink(r.Context(), by, token); err != nil {
		return accountError("cancel deletion", err)
	}
	return redirectDone(w, r, "deletion_cancelled")
}

// disown gives the account back to its owner, who says of a change that it was not
// they.
func (p *linkPages) disown(w http.ResponseWriter, r *http.Request, by account.Actor, token string) error {
	if err := p.accounts.Disown(r.Context(), by, token); err != nil {
		return accountError("recover account", err)
	}
	return redirectDone(w, r, "not_me")
}

// renderSignInFirst says that the link is for whoever is signed in to the account:
// the mailbox alone moves nobody's account (requirement FE4).
func (p *linkPages) renderSignInFirst(w http.ResponseWriter, r *http.Request) error {
	page := p.ui.Begin(w, r, ui.Options{Title: "message.email_signin.title"})
	return p.ui.Render(w, http.StatusForbidden, ui.Message{
		Page: page, Text: page.T("message.email_signin.text"), NextURL: message.PathSignIn, NextLabel: page.T("message.next_signin"),
	})
}
