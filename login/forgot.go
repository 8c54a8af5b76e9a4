package login

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// showForgot asks whose password was forgotten, or says where to look then. It
// belongs to an interaction where somebody came from one.
func (p *Pages) showForgot(w http.ResponseWriter, r *http.Request) error {
	in, err := p.optionalInteraction(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("sent") {
		return p.cfg.UI.Render(w, http.StatusOK, ui.CheckMail{
			Page: p.page(w, r, in, message.PathForgotPassword, "checkmail.title"), SignIn: address("/login", in),
		})
	}
	data := ui.ForgotPassword{Page: p.page(w, r, in, message.PathForgotPassword, "forgot.title"), SignIn: address("/login", in)}
	if in != nil {
		data.Email = in.LoginHint()
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// forgot queues the wish for a new password. What happens to it, and whether
// there is such an account, is nothing that the answer, its time or its headers
// could tell: the look-up is made by whoever sends the message (EN1, EN2).
func (p *Pages) forgot(w http.ResponseWriter, r *http.Request) error {
	in, err := p.optionalInteraction(r)
	if err != nil {
		return err
	}
	identifier := strings.TrimSpace(r.PostForm.Get("email"))
	if identifier == "" || len(identifier) > maxIdentifier {
		data := ui.ForgotPassword{Page: p.page(w, r, in, message.PathForgotPassword, "forgot.title"), SignIn: address("/login", in)}
		data.Fail("email", "wrong.required")
		return p.cfg.UI.Render(w, http.StatusOK, data)
	}
	limits := p.cfg.Limits.Reset
	err = p.throttle(r, "",
		p.limitOf("reset_address", limits.Address, addressBucket(r.Context())),
		p.limitOf("reset_account", limits.Account, ident.Canonical(identifier)))
	if err != nil {
		return err
	}
	body, locales := message.PasswordReset{Identifier: identifier}, []string(nil)
	if in != nil {
		body.Return, locales = returnTo(in), in.Locales()
	}
	if err := p.send(r, locales, storage.EventResetRequested, identifier, body); err != nil {
		return err
	}
	to := address(message.PathForgotPassword, in)
	if in == nil {
		to += "?sent=1"
	} else {
		to += "&sent=1"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// maxIdentifier bounds what is typed to name an account, in bytes.
const maxIdentifier = 320

// reset is a token for a new password together with what it stands for.
type reset struct {
	message.Reset
	token string
	user  *storage.User
}

// valid reports whether the link still is for its person as they are: whoever
// reads a mailbox that they have left sets no password.
func (f *reset) valid() bool {
	return f.user.PasswordEpoch == f.Epoch && f.user.Email == f.Email && !f.user.Disabled()
}

// resetOf looks at the token without spending it.
func (p *Pages) resetOf(r *http.Request, token string) (*reset, error) {
	entry, err := p.cfg.Tokens.Peek(r.Context(), onetime.PasswordReset, token)
	if err != nil {
		return nil, linkFailed(err)
	}
	found := &reset{token: token}
	if err := entry.Decode(&found.Reset); err != nil {
		return nil, err
	}
	found.user, err = p.cfg.Users.ByID(r.Context(), found.UserID)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !found.valid():
		return nil, errLinkVoid(errors.New("the password or the address was changed since the link was made"))
	case err != nil:
		return nil, unavailable("read user", err)
	}
	return found, nil
}

func (p *Pages) showReset(w http.ResponseWriter, r *http.Request) error {
	found, err := p.resetOf(r, r.URL.Query().Get(message.TokenParam))
	if err != nil {
		return err
	}
	return p.renderReset(w, r, found, nil)
}

func (p *Pages) renderReset(w http.ResponseWriter, r *http.Request, found *reset, problems []password.Problem) error {
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: "reset.title", Action: message.PathResetPassword})
	page.Carry(message.TokenParam, found.token)
	data := ui.ResetPassword{Page: page, Username: identifierOf(found.user), MinLength: p.minPassword(found.user)}
	for _, problem := range problems {
		data.Fail("new_password", problemText(problem), "Count", data.MinLength)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// reset sets the new password and ends what rested on the old one. It signs
// nobody in, and no second factor is spared (requirement RE1). A password that
// is refused does not cost the link.
func (p *Pages) reset(w http.ResponseWriter, r *http.Request) error {
	found, err := p.resetOf(r, r.PostForm.Get(message.TokenParam))
	if err != nil {
		return err
	}
	chosen := r.PostForm.Get("new_password")
	if problems := p.CheckPassword(r.Context(), found.user, chosen); len(problems) > 0 {
		return p.renderReset(w, r, found, problems)
	}
	verifier, err := p.cfg.Password.Hash(r.Context(), chosen)
	if err != nil {
		return busy(err)
	}
	if _, err := p.cfg.Tokens.Redeem(r.Context(), onetime.PasswordReset, found.token); err != nil {
		return linkFailed(err)
	}
	change := storage.PasswordChange{
		UserID: found.UserID, Epoch: found.Epoch, Hash: verifier, Now: p.cfg.Now(), EndOffline: true, ByEmail: true,
	}
	if err := p.ChangePassword(r, found.user, change); err != nil {
		return err
	}
	if err := p.noteProvenAddress(r, found); err != nil {
		return err
	}
	p.cfg.Cookies.Clear(w, web.CookieTrust)
	if err := p.sayPasswordSet(r, found.Return); err != nil {
		return err
	}
	return p.comeBack(w, r, found.Return, nil, "message.reset_done")
}

// sayPasswordSet lets the sign-in page that the person comes back to say so.
func (p *Pages) sayPasswordSet(r *http.Request, to message.Return) error {
	in, err := p.interactionOf(r, to)
	if err != nil || in == nil {
		return err
	}
	return p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.PasswordSet = true })
}

// ChangePassword sets a new password and tells the owner. Where the password
// was changed meanwhile it answers that the link is void.
func (p *Pages) ChangePassword(r *http.Request, user *storage.User, change storage.PasswordChange) error {
	event, err := p.event(r, storage.EventPasswordChanged, user.ID)
	if err != nil {
		return err
	}
	told, err := p.Notice(r, user, message.Notice{Kind: storage.MessagePasswordChanged})
	if err != nil {
		return err
	}
	err = p.cfg.Users.ChangePassword(r.Context(), change, event, told...)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return errLinkVoid(err)
	}
	if err != nil {
		return unavailable("change password", err)
	}
	p.cfg.Queued()
	return nil
}

// noteProvenAddress: who could read the link has the mailbox.
func (p *Pages) noteProvenAddress(r *http.Request, found *reset) error {
	if found.user.EmailVerified {
		return nil
	}
	event, err := p.event(r, storage.EventEmailVerified, found.UserID)
	if err != nil {
		return err
	}
	err = p.cfg.Users.VerifyEmail(r.Context(), found.UserID, found.Email, p.cfg.Now(), event)
	if err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrNotFound) {
		return unavailable("verify e-mail", err)
	}
	return nil
}
