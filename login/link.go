package login

import (
	"errors"
	"net/http"

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
	about func(*onetime.Entry) (string, error)
	// effect does what the spent token stands for.
	effect func(w http.ResponseWriter, r *http.Request, entry *onetime.Entry) error
}

func (p *Pages) linkPages() map[string]linkPage {
	return map[string]linkPage{
		message.PathConfirmSignUp: {onetime.SignUp, "confirm.sign_up", nil, p.makeAccountByLink},
		message.PathVerifyEmail:   {onetime.VerifyEmail, "confirm.verify", nil, p.verifyByLink},
		message.PathConfirmEmail:  {onetime.EmailChange, "confirm.email_change", nil, p.confirmEmailChange},
		message.PathUndoEmail:     {onetime.EmailUndo, "confirm.undo", formerAddress, p.undoEmailChange},
		message.PathKeepAccount:   {onetime.DeletionCancel, "confirm.keep", nil, p.keepAccount},
	}
}

func (p *Pages) showLink(l linkPage) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error { return p.showLinkAgain(w, r, l) }
}

// pressed reports whether a person sent the form, as far as can be told: some
// mail scanners submit forms by script, and browsers say of a navigation whether
// somebody's click or key was behind it (Fetch Metadata, Sec-Fetch-User).
func pressed(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "" || r.Header.Get("Sec-Fetch-User") == "?1"
}

func (p *Pages) showLinkAgain(w http.ResponseWriter, r *http.Request, l linkPage) error {
	token := r.FormValue(message.TokenParam)
	entry, err := p.cfg.Tokens.Peek(r.Context(), l.purpose, token)
	if err != nil {
		return linkFailed(err)
	}
	var args []any
	if l.about != nil {
		address, err := l.about(entry)
		if err != nil {
			return err
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
		if !pressed(r) {
			return p.showLinkAgain(w, r, l)
		}
		entry, err := p.cfg.Tokens.Redeem(r.Context(), l.purpose, r.PostForm.Get(message.TokenParam))
		if err != nil {
			return linkFailed(err)
		}
		return l.effect(w, r, entry)
	}
}

func linkFailed(err error) error {
	if errors.Is(err, onetime.ErrInvalid) {
		return errLinkVoid(err)
	}
	return unavailable("read one-time token", err)
}

func errLinkVoid(cause error) error {
	return &web.Error{
		Status: http.StatusGone, Key: "link_void",
		Title:  "This link no longer works",
		Detail: "It has been used, it has expired, or a newer message has replaced it. Ask for a new one where you asked for this one.",
		Cause:  cause,
	}
}

// verifyByLink confirms the address of an account that exists.
func (p *Pages) verifyByLink(w http.ResponseWriter, r *http.Request, entry *onetime.Entry) error {
	to, err := p.verifyEmail(r, entry)
	if err != nil {
		return err
	}
	return p.comeBack(w, r, to, nil, "message.verified")
}

// verifyEmail notes that the address that the token went to is its person's.
func (p *Pages) verifyEmail(r *http.Request, entry *onetime.Entry) (message.Return, error) {
	var v message.Verification
	if err := entry.Decode(&v); err != nil {
		return message.Return{}, err
	}
	event, err := p.event(r, storage.EventEmailVerified, v.UserID)
	if err != nil {
		return message.Return{}, err
	}
	err = p.cfg.Users.VerifyEmail(r.Context(), v.UserID, v.Email, p.cfg.Now(), event)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return message.Return{}, errLinkVoid(err) // the address is not theirs any more
	}
	if err != nil {
		return message.Return{}, unavailable("verify e-mail", err)
	}
	return v.Return, nil
}

// confirmEmailChange makes the address that was proven the account's; the owner
// of the old one is told, with a way to undo it (requirement RE4).
func (p *Pages) confirmEmailChange(w http.ResponseWriter, r *http.Request, entry *onetime.Entry) error {
	u, err := p.moveEmail(r, entry)
	if err != nil {
		return err
	}
	return p.comeBack(w, r, u.Return, nil, "message.email_changed", "Email", u.To)
}

func (p *Pages) moveEmail(r *http.Request, entry *onetime.Entry) (message.EmailUpdate, error) {
	var u message.EmailUpdate
	if err := entry.Decode(&u); err != nil {
		return u, err
	}
	event, err := p.event(r, storage.EventEmailChanged, u.UserID)
	if err != nil {
		return u, err
	}
	var told []storage.Message
	if u.From != "" {
		m, err := p.Message(r, nil, message.EmailChanged{UserID: u.UserID, From: u.From, To: u.To})
		if err != nil {
			return u, err
		}
		told = append(told, m)
	}
	change := storage.EmailChange{UserID: u.UserID, From: u.From, To: u.To, Verified: true, Now: p.cfg.Now()}
	return u, p.changeEmail(r, change, event, told...)
}

func (p *Pages) changeEmail(r *http.Request, change storage.EmailChange, event storage.Event, m ...storage.Message) error {
	err := p.cfg.Users.ChangeEmail(r.Context(), change, event, m...)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return errLinkVoid(err)
	}
	if err != nil {
		return unavailable("change e-mail", err)
	}
	p.cfg.Queued()
	return nil
}

// formerAddress is the address that a change took away.
func formerAddress(entry *onetime.Entry) (string, error) {
	var u message.EmailUpdate
	err := entry.Decode(&u)
	return u.From, err
}

// undoEmailChange gives the old address back, whatever the address is by now.
// Whoever needs this may have had an intruder, who knows the password and would
// be back at once: it signs nobody in any more, every session and grant ends, and
// a link to set a new one goes to the address that was given back.
func (p *Pages) undoEmailChange(w http.ResponseWriter, r *http.Request, entry *onetime.Entry) error {
	var u message.EmailUpdate
	if err := entry.Decode(&u); err != nil {
		return err
	}
	user, err := p.cfg.Users.ByID(r.Context(), u.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return errLinkVoid(err)
	}
	if err != nil {
		return unavailable("read user", err)
	}
	event, err := p.event(r, storage.EventEmailChangeUndone, u.UserID)
	if err != nil {
		return err
	}
	change := storage.EmailChange{UserID: u.UserID, From: user.Email, To: u.From, Verified: true, Now: p.cfg.Now()}
	if err := p.changeEmail(r, change, event); err != nil {
		return err
	}
	if err := p.voidPassword(r, user, u.From); err != nil {
		return err
	}
	return p.renderDone(w, r, "message.email_undone")
}

// voidPassword leaves a person without a password, and sends the address a link
// to set one. Where the password is changed at that very moment it is that one.
func (p *Pages) voidPassword(r *http.Request, user *storage.User, address string) error {
	event, err := p.event(r, storage.EventPasswordChanged, user.ID)
	if err != nil {
		return err
	}
	event.Detail = "void: the address was given back"
	reset, err := p.Message(r, nil, message.PasswordReset{Identifier: address})
	if err != nil {
		return err
	}
	for {
		change := storage.PasswordChange{UserID: user.ID, Epoch: user.PasswordEpoch, Now: p.cfg.Now(), EndOffline: true, ByEmail: true}
		err := p.cfg.Users.ChangePassword(r.Context(), change, event, reset)
		if err == nil {
			p.cfg.Queued()
			return nil
		}
		if !errors.Is(err, storage.ErrConflict) {
			return unavailable("void password", err)
		}
		if user, err = p.cfg.Users.ByID(r.Context(), user.ID); errors.Is(err, storage.ErrNotFound) {
			return errLinkVoid(err)
		} else if err != nil {
			return unavailable("read user", err)
		}
	}
}

// keepAccount takes the planned deletion of an account back.
func (p *Pages) keepAccount(w http.ResponseWriter, r *http.Request, entry *onetime.Entry) error {
	var d message.Deletion
	if err := entry.Decode(&d); err != nil {
		return err
	}
	event, err := p.event(r, storage.EventDeletionCancelled, d.UserID)
	if err != nil {
		return err
	}
	err = p.cfg.Users.CancelDeletion(r.Context(), d.UserID, p.cfg.Now(), event)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
		return errLinkVoid(err)
	}
	if err != nil {
		return unavailable("cancel deletion", err)
	}
	return p.renderDone(w, r, "message.deletion_cancelled")
}
