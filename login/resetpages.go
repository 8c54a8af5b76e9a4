package login

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// resetPages are for whoever forgot their password: the wish for a new one, and the
// link that sets it.
type resetPages struct{ *core }

// maxIdentifier bounds what is typed to name an account, in bytes.
const maxIdentifier = 320

// showForgot asks whose password was forgotten, or says where to look then. It
// belongs to an interaction where somebody came from one.
func (p *resetPages) showForgot(w http.ResponseWriter, r *http.Request) error {
	in, err := p.optionalInteraction(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("sent") {
		return p.ui.Render(w, http.StatusOK, ui.CheckMail{
			Page: p.page(w, r, in, message.PathForgotPassword, "checkmail.title"), SignIn: in.Address("/login"),
		})
	}
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	data := ui.ForgotPassword{Page: p.page(w, r, in, message.PathForgotPassword, "forgot.title"), SignIn: in.Address("/login")}
	if in != nil {
		data.Email = in.LoginHint()
	}
	if said.Typed.Has("email") {
		data.Email = said.Typed.Get("email")
	}
	Say(&data.Page, said)
	return p.ui.Render(w, http.StatusOK, data)
}

// forgot queues the wish for a new password. What happens to it, and whether
// there is such an account, is nothing that the answer, its time or its headers
// could tell: the look-up is made by whoever sends the message (user enumeration,
// timing: EN1, EN2).
func (p *resetPages) forgot(w http.ResponseWriter, r *http.Request) error {
	in, err := p.optionalInteraction(r)
	if err != nil {
		return err
	}
	identifier := strings.TrimSpace(r.PostForm.Get("email"))
	if identifier == "" || len(identifier) > maxIdentifier {
		return p.flash.Refuse(w, r, in.Address(message.PathForgotPassword), flash.Message{Problems: []Problem{{Field: "email", Text: "wrong.required"}}})
	}
	if err := p.countReset(r, identifier); err != nil {
		return err
	}
	var to message.Return
	next := message.PathForgotPassword + "?sent=1"
	if in != nil {
		to, next = returnTo(in), in.Address(message.PathForgotPassword)+"&sent=1"
	}
	if err := p.accounts.RequestReset(r.Context(), p.journal.Visitor(r, in), identifier, to); err != nil {
		return pageerror.Unavailable("request password reset", err)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// countReset counts a reset (rate limit). Whoever is named is looked up either way:
// that costs the same for a name that nobody has (enumeration, timing: requirement EN2).
func (p *resetPages) countReset(r *http.Request, identifier string) error {
	user, err := p.users.ByIdentifier(r.Context(), identifier)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return pageerror.Unavailable("read user", err)
	}
	return p.limits.Reset(r, identifier, user)
}

// show opens the link that sets a new password.
func (p *resetPages) show(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get(message.TokenParam)
	found, err := p.accounts.PeekReset(r.Context(), token)
	if err != nil {
		return accountError("read link", err)
	}
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	page := p.ui.Begin(w, r, ui.Options{Title: "reset.title", Action: message.PathResetPassword})
	page.Carry(message.TokenParam, token)
	data := ui.ResetPassword{Page: page, Username: found.User.Identifier(), MinLength: p.accounts.MinPassword(found.User),
		Recent: found.Recent.Factors, RecentCodes: found.Recent.Recovery, RecentPhone: endOf(found.Recent.Phone), Removed: said.Typed["remove"]}
	Say(&data.Page, said)
	return p.ui.Render(w, http.StatusOK, data)
}

// endOf is enough of a telephone number for its owner to know it by, and no more:
// whoever reads a mailbox need not learn the number.
func endOf(phone string) string {
	if len(phone) < 2 {
		return ""
	}
	return "…" + phone[len(phone)-2:]
}

// set sets the new password. It signs nobody in, and no second factor is spared
// (requirement RE1). A password that is refused does not cost the link.
func (p *resetPages) set(w http.ResponseWriter, r *http.Request) error {
	token := r.PostForm.Get(message.TokenParam)
	chosen := account.NewPassword{Password: r.PostForm.Get("new_password"), Remove: r.PostForm["remove"]}
	found, err := p.accounts.ResetPassword(r.Context(), p.journal.Visitor(r, nil), token, chosen)
	if problems := Problems(err, "new_password"); len(problems) > 0 {
		return p.flash.Refuse(w, r, linkAddress(message.PathResetPassword, token), flash.Message{Problems: problems})
	}
	if err != nil {
		return accountError("reset password", err)
	}
	p.trust.forget(w)
	if err := p.announce(r, found.Return); err != nil {
		return err
	}
	return p.resumeAfterMessage(w, r, found.Return, "reset_done")
}

// announce lets the sign-in page that the person comes back to say that the password
// was set.
func (p *resetPages) announce(r *http.Request, to message.Return) error {
	in, err := p.interactionOf(r, to)
	if err != nil || in == nil {
		return err
	}
	return p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.PasswordSet = true })
}
