package settings

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/ui"
)

// pendingEmail is of the person: the link of the message may be opened elsewhere.
func pendingEmail(v *visit) pendingKey { return pendingKey{"email", v.User.ID} }

func (h *Handler) showEmail(w http.ResponseWriter, r *http.Request, v *visit) error {
	data := ui.AccountEmail{
		Account: h.newPage(w, r, v, "email.title"), Current: v.User.Email, Verified: v.User.EmailVerified, Typed: v.typed("email", ""),
		Resend: &ui.Resend{Action: ui.PathEmail},
	}
	waiting, err := h.loadPending(r.Context(), pendingEmail(v))
	if err != nil {
		return err
	}
	if waiting != nil && waiting.From == v.User.Email {
		data.Pending = waiting.To
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// changeEmail asks the owner of a new address to confirm it; until they do, the
// old one stays (requirement RE4). What is answered, and when, is the same for an
// address that has an account already: its owner alone is told (EN1). The page has
// two more forms: one takes the code of the message, one has the current address
// confirmed.
func (h *Handler) changeEmail(w http.ResponseWriter, r *http.Request, v *visit) error {
	switch {
	case r.PostForm.Has("resend"):
		return h.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: ui.PathEmail, Verify: v.User.Email != ""})
	case r.PostForm.Has("code"):
		return h.confirmEmail(w, r, v)
	}
	typed := strings.TrimSpace(r.PostForm.Get("email"))
	if err := h.cfg.Accounts.CheckNewEmail(&v.User, typed); err != nil {
		return h.refuse(w, r, ui.PathEmail, login.Problems(err, "")...)
	}
	if ok, err := h.checkPassword(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return h.refuse(w, r, ui.PathEmail, wrongPassword)
	}
	if err := h.cfg.Messages.AllowMessage(r, v.User.ID, typed); err != nil {
		return err
	}
	to, err := h.cfg.Accounts.RequestEmailChange(r.Context(), v.actor, v.User.ID, typed)
	if err != nil {
		return h.answerRefusal(w, r, ui.PathEmail, "request change of address", err)
	}
	if err := h.savePending(r.Context(), pendingEmail(v), pendingChange{From: v.User.Email, To: to}, h.cfg.PendingFor); err != nil {
		return err
	}
	return redirectDone(w, r, ui.PathEmail, "sent")
}

// confirmEmail takes the code that went to the new address: it proves the
// address, as the link beside it does.
func (h *Handler) confirmEmail(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, err := h.cfg.Accounts.ConfirmEmailByCode(r.Context(), v.actor, v.User.ID, r.PostForm.Get("code"))
	switch {
	case errors.Is(err, onetime.ErrInvalid):
		return h.refuse(w, r, ui.PathEmail, login.Problem{Field: "code", Text: "wrong.code"})
	case errors.Is(err, onetime.ErrExhausted):
		return pageerror.TooMany(onetime.TriesReset, err)
	case errors.Is(err, account.ErrVoid):
		return conflict(err)
	case err != nil:
		return h.answerRefusal(w, r, ui.PathEmail, "change address", err)
	}
	if err := h.deletePending(r.Context(), pendingEmail(v)); err != nil {
		return err
	}
	return redirectDone(w, r, ui.PathEmail, "email_changed")
}
