package login

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
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
	if err := p.allowReset(r, identifier); err != nil {
		return err
	}
	var to message.Return
	if in != nil {
		to = returnTo(in)
	}
	if err := p.cfg.Accounts.RequestReset(r.Context(), p.cfg.Journal.Visitor(r, in), identifier, to); err != nil {
		return pageerror.Unavailable("request password reset", err)
	}
	next := address(message.PathForgotPassword, in)
	if in == nil {
		next += "?sent=1"
	} else {
		next += "&sent=1"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// allowReset counts a reset. A device on which the person signed in before has a
// budget of its own, which strangers cannot use up (requirement TH3). Whoever is
// named is looked up either way: that costs the same for a name that nobody has
// (enumeration, timing: requirement EN2).
func (p *Pages) allowReset(r *http.Request, identifier string) error {
	user, err := p.cfg.Users.ByIdentifier(r.Context(), identifier)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return pageerror.Unavailable("read user", err)
	}
	return p.cfg.Limits.Reset(r, identifier, user)
}

// maxIdentifier bounds what is typed to name an account, in bytes.
const maxIdentifier = 320

func (p *Pages) showReset(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get(message.TokenParam)
	found, err := p.cfg.Accounts.PeekReset(r.Context(), token)
	if err != nil {
		return accountError("read link", err)
	}
	return p.renderReset(w, r, token, found, nil)
}

func (p *Pages) renderReset(w http.ResponseWriter, r *http.Request, token string, found *account.Reset, problems []Problem) error {
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: "reset.title", Action: message.PathResetPassword})
	page.Carry(message.TokenParam, token)
	data := ui.ResetPassword{Page: page, Username: identifierOf(found.User), MinLength: p.cfg.Accounts.MinPassword(found.User),
		Recent: found.Recent.Factors, RecentCodes: found.Recent.Recovery, RecentPhone: endOf(found.Recent.Phone)}
	for _, problem := range problems {
		data.Fail(problem.Field, problem.Text, problem.Args...)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// endOf is enough of a telephone number for its owner to know it by, and no more:
// whoever reads a mailbox need not learn the number.
func endOf(phone string) string {
	if len(phone) < 2 {
		return ""
	}
	return "…" + phone[len(phone)-2:]
}

// reset sets the new password. It signs nobody in, and no second factor is spared
// (requirement RE1). A password that is refused does not cost the link.
func (p *Pages) reset(w http.ResponseWriter, r *http.Request) error {
	token := r.PostForm.Get(message.TokenParam)
	chosen := account.NewPassword{Password: r.PostForm.Get("new_password"), RemoveRecent: r.PostForm.Has("remove_recent")}
	found, err := p.cfg.Accounts.ResetPassword(r.Context(), p.cfg.Journal.Visitor(r, nil), token, chosen)
	if problems := Problems(err, "new_password"); len(problems) > 0 {
		found, err := p.cfg.Accounts.PeekReset(r.Context(), token)
		if err != nil {
			return accountError("read link", err)
		}
		return p.renderReset(w, r, token, found, problems)
	}
	if err != nil {
		return accountError("reset password", err)
	}
	p.cfg.Cookies.Clear(w, web.CookieTrust)
	if err := p.announceReset(r, found.Return); err != nil {
		return err
	}
	return p.comeBack(w, r, found.Return, nil, "message.reset_done")
}

// announceReset lets the sign-in page that the person comes back to say that the
// password was set.
func (p *Pages) announceReset(r *http.Request, to message.Return) error {
	in, err := p.interactionOf(r, to)
	if err != nil || in == nil {
		return err
	}
	return p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.PasswordSet = true })
}
