package settings

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/ui"
)

func emailSlot(v *visit) slot { return slot{"email", v.User.ID} }

func (p *Pages) showEmail(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderEmail(w, r, v, "", func(*ui.AccountEmail) {})
}

func (p *Pages) renderEmail(w http.ResponseWriter, r *http.Request, v *visit, typed string, say func(*ui.AccountEmail)) error {
	data := ui.AccountEmail{
		Account: p.begin(w, r, v, "email.title"), Current: v.User.Email, Verified: v.User.EmailVerified, Typed: typed,
		Resend: &ui.Resend{Action: ui.PathEmail},
	}
	waiting, err := p.getPending(r.Context(), emailSlot(v))
	if err != nil {
		return err
	}
	if waiting != nil && waiting.From == v.User.Email {
		data.Pending = waiting.To
	}
	say(&data)
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// changeEmail asks the owner of a new address to confirm it; until they do, the
// old one stays (requirement RE4). What is answered, and when, is the same for an
// address that has an account already: its owner alone is told (EN1). The page has
// two more forms: one takes the code of the message, one has the current address
// confirmed.
func (p *Pages) changeEmail(w http.ResponseWriter, r *http.Request, v *visit) error {
	switch {
	case r.PostForm.Has("resend"):
		return p.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: ui.PathEmail, Verify: v.User.Email != ""})
	case r.PostForm.Has("code"):
		return p.confirmEmail(w, r, v)
	}
	typed := strings.TrimSpace(r.PostForm.Get("email"))
	if err := p.cfg.Accounts.CheckNewEmail(&v.User, typed); err != nil {
		return p.renderEmail(w, r, v, typed, func(data *ui.AccountEmail) { fail(&data.Page, login.Problems(err, "")) })
	}
	if ok, err := p.passwordShown(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return p.renderEmail(w, r, v, typed, func(data *ui.AccountEmail) { data.Fail("password", "wrong.password") })
	}
	if err := p.cfg.Messages.AllowMessage(r, v.User.ID, typed); err != nil {
		return err
	}
	to, err := p.cfg.Accounts.RequestEmailChange(r.Context(), v.by, v.User.ID, typed)
	if err != nil {
		return p.refused(w, r, v, ui.PathEmail, "request change of address", err)
	}
	if err := p.putPending(r.Context(), emailSlot(v), pending{From: v.User.Email, To: to}, p.cfg.PendingFor); err != nil {
		return err
	}
	return done(w, r, ui.PathEmail, "sent")
}

// confirmEmail takes the code that went to the new address: it proves the
// address, as the link beside it does.
func (p *Pages) confirmEmail(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, err := p.cfg.Accounts.ConfirmEmailByCode(r.Context(), v.by, v.User.ID, r.PostForm.Get("code"))
	switch {
	case errors.Is(err, onetime.ErrInvalid):
		return p.renderEmail(w, r, v, "", func(data *ui.AccountEmail) { data.Fail("code", "wrong.code") })
	case errors.Is(err, onetime.ErrExhausted):
		return pageerror.TooMany(onetime.TriesReset, err)
	case errors.Is(err, account.ErrVoid):
		return changedMeanwhile(err)
	case err != nil:
		return p.refused(w, r, v, ui.PathEmail, "change address", err)
	}
	if err := p.dropPending(r.Context(), emailSlot(v)); err != nil {
		return err
	}
	return done(w, r, ui.PathEmail, "email_changed")
}
