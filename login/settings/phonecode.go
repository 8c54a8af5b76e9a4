package settings

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// phoneCodePath is the page that takes the code.
const phoneCodePath = ui.PathPhone + "/code"

// sendPhoneCode has a code sent to the number, unless one is live.
func (h *Handler) sendPhoneCode(r *http.Request, v *visit, waiting *pendingChange, resend bool) (mfa.Challenge, error) {
	attempt, err := h.factorAttempt(r, v, waiting.Visit)
	if err != nil {
		return mfa.Challenge{}, err
	}
	attempt.Resend = resend
	return h.cfg.Accounts.RequestPhone(r.Context(), v.actor, attempt, waiting.To)
}

func (h *Handler) showPhoneCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	waiting, err := h.loadPending(r.Context(), pendingPhone(v))
	if err != nil {
		return err
	}
	if waiting == nil {
		http.Redirect(w, r, ui.PathPhone, http.StatusSeeOther)
		return nil
	}
	challenge, err := h.sendPhoneCode(r, v, waiting, false)
	limited := (*mfa.LimitedError)(nil)
	if tooSoon := errors.As(err, &limited) && challenge.Kind != ""; err != nil && !tooSoon {
		return h.phoneRefusal(w, r, phoneCodePath, err)
	}
	data := ui.AccountPhoneCode{
		Account: h.newPage(w, r, v, "phone.code_title"), Phone: waiting.To,
		Resend: &ui.Resend{Action: phoneCodePath, After: int(math.Ceil(challenge.ResendAfter.Seconds()))},
	}
	if limited != nil && v.said.Done == "" {
		data.Say(ui.NoticeWarning, "factor.limited", "Wait", data.Duration(limited.RetryAfter))
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// confirmPhone takes the code, or sends another one.
func (h *Handler) confirmPhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	waiting, err := h.loadPending(r.Context(), pendingPhone(v))
	if err != nil {
		return err
	}
	if waiting == nil {
		http.Redirect(w, r, ui.PathPhone, http.StatusSeeOther)
		return nil
	}
	if r.PostForm.Has("resend") {
		return h.resendPhoneCode(w, r, v, waiting)
	}
	attempt, err := h.factorAttempt(r, v, waiting.Visit)
	if err != nil {
		return err
	}
	err = h.cfg.Accounts.ConfirmPhone(r.Context(), v.actor, attempt, waiting.To, r.PostForm.Get("code"))
	switch wrong := (*mfa.WrongError)(nil); {
	case errors.As(err, &wrong):
		return h.refuse(w, r, phoneCodePath, login.Problem{Field: "code", Text: "wrong.code"})
	case errors.Is(err, mfa.ErrExpired):
		return h.refuse(w, r, phoneCodePath, login.Problem{Field: "code", Text: "wrong.code_expired"})
	case errors.Is(err, mfa.ErrSpent):
		return errors.Join(h.phoneRefusal(w, r, phoneCodePath, err), h.deletePending(r.Context(), pendingPhone(v)))
	case err != nil:
		return h.phoneRefusal(w, r, phoneCodePath, err)
	}
	if err := h.deletePending(r.Context(), pendingPhone(v)); err != nil {
		return err
	}
	return redirectDone(w, r, ui.PathPhone, "phone_changed")
}

// resendPhoneCode has another code sent, and the page say so.
func (h *Handler) resendPhoneCode(w http.ResponseWriter, r *http.Request, v *visit, waiting *pendingChange) error {
	challenge, err := h.sendPhoneCode(r, v, waiting, true)
	said := flash.Message{Done: "notice.sent"}
	if limited := (*mfa.LimitedError)(nil); errors.As(err, &limited) && challenge.Kind != "" {
		said, err = flash.Message{Limited: limited.RetryAfter}, nil
	}
	if err != nil {
		return h.phoneRefusal(w, r, phoneCodePath, err)
	}
	return h.cfg.Flash.Redirect(w, r, phoneCodePath, said)
}

// phoneRefusal says why there is no code, or no more trying (rate limit).
func (h *Handler) phoneRefusal(w http.ResponseWriter, r *http.Request, path string, err error) error {
	var (
		limited *mfa.LimitedError
		locked  *mfa.LockedError
	)
	switch {
	case errors.As(err, &limited):
		return pageerror.TooMany(limited.RetryAfter, err)
	case errors.As(err, &locked):
		return pageerror.TooMany(locked.Until.Sub(h.cfg.Now()), err)
	case errors.Is(err, mfa.ErrSpent), errors.Is(err, mfa.ErrDisabled), errors.Is(err, mfa.ErrNotOffered):
		return pageerror.TooMany(time.Hour, err)
	}
	return h.answerRefusal(w, r, path, "prove phone number", err)
}
