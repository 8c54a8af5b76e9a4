package settings

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
)

// phoneCodePath is the page that takes the code.
const phoneCodePath = ui.PathPhone + "/code"

// phonePendingFor is how long a new number waits for its code.
const phonePendingFor = 30 * time.Minute

// phoneSlot is of the session: only where the number was asked for, on fresh
// evidence, is its code taken.
func phoneSlot(v *visit) slot { return slot{"phone", v.Session.SID} }

func (p *Pages) showPhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderPhone(w, r, v, "", "", "")
}

func (p *Pages) renderPhone(w http.ResponseWriter, r *http.Request, v *visit, typed, field, key string) error {
	data := ui.AccountPhone{
		Account: p.begin(w, r, v, "phone.title"), Current: v.User.Phone, Verified: v.User.PhoneVerified, Typed: typed,
	}
	if field != "" {
		data.Fail(field, key)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// changePhone sends a code to a new number, or removes the number.
func (p *Pages) changePhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	typed := r.PostForm.Get("phone")
	number, ok := ident.CanonicalPhone(typed)
	remove := r.PostForm.Has("remove")
	if !ok && !remove {
		return p.renderPhone(w, r, v, typed, "phone", "wrong.phone")
	}
	if ok, err := p.passwordShown(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return p.renderPhone(w, r, v, typed, "password", "wrong.password")
	}
	if remove {
		if err := p.cfg.Accounts.RemovePhone(r.Context(), v.by, v.User.ID); err != nil {
			return p.refused(w, r, v, ui.PathPhone, "remove phone number", err)
		}
		return done(w, r, ui.PathPhone, "phone_removed")
	}
	waiting := pending{From: v.User.Phone, To: number, Visit: web.NewSecret()}
	_, err := p.askPhone(r, v, &waiting, false)
	if errors.Is(err, mfa.ErrNotOffered) {
		return p.renderPhone(w, r, v, typed, "phone", "wrong.phone_country")
	}
	if err != nil {
		return p.phoneFailed(w, r, v, ui.PathPhone, err)
	}
	if err := p.putPending(r.Context(), phoneSlot(v), waiting, phonePendingFor); err != nil {
		return err
	}
	http.Redirect(w, r, phoneCodePath, http.StatusSeeOther)
	return nil
}

// askPhone has a code sent to the number, unless one is live.
func (p *Pages) askPhone(r *http.Request, v *visit, waiting *pending, resend bool) (mfa.Challenge, error) {
	attempt, err := p.attempt(r, v, waiting.Visit)
	if err != nil {
		return mfa.Challenge{}, err
	}
	attempt.Resend = resend
	return p.cfg.Accounts.RequestPhone(r.Context(), v.by, attempt, waiting.To)
}

func (p *Pages) showPhoneCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	waiting, err := p.getPending(r.Context(), phoneSlot(v))
	if err != nil {
		return err
	}
	if waiting == nil {
		http.Redirect(w, r, ui.PathPhone, http.StatusSeeOther)
		return nil
	}
	return p.renderPhoneCode(w, r, v, waiting, false, "")
}

func (p *Pages) renderPhoneCode(w http.ResponseWriter, r *http.Request, v *visit, waiting *pending, resend bool, wrong string) error {
	challenge, err := p.askPhone(r, v, waiting, resend)
	limited := (*mfa.LimitedError)(nil)
	if tooSoon := errors.As(err, &limited) && challenge.Kind != ""; err != nil && !tooSoon {
		return p.phoneFailed(w, r, v, phoneCodePath, err)
	}
	data := ui.AccountPhoneCode{
		Account: p.begin(w, r, v, "phone.code_title"), Phone: waiting.To,
		Resend: &ui.Resend{Action: phoneCodePath, After: int(math.Ceil(challenge.ResendAfter.Seconds()))},
	}
	switch {
	case limited != nil:
		data.Say(ui.NoticeWarning, "factor.limited", "Wait", data.Duration(limited.RetryAfter))
	case resend:
		data.Say(ui.NoticeDone, "notice.sent")
	}
	if wrong != "" {
		data.Fail("code", wrong)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// confirmPhone takes the code, or sends another one.
func (p *Pages) confirmPhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	waiting, err := p.getPending(r.Context(), phoneSlot(v))
	if err != nil {
		return err
	}
	if waiting == nil {
		http.Redirect(w, r, ui.PathPhone, http.StatusSeeOther)
		return nil
	}
	if r.PostForm.Has("resend") {
		return p.renderPhoneCode(w, r, v, waiting, true, "")
	}
	attempt, err := p.attempt(r, v, waiting.Visit)
	if err != nil {
		return err
	}
	err = p.cfg.Accounts.ConfirmPhone(r.Context(), v.by, attempt, waiting.To, r.PostForm.Get("code"))
	switch wrong := (*mfa.WrongError)(nil); {
	case errors.As(err, &wrong):
		return p.renderPhoneCode(w, r, v, waiting, false, "wrong.code")
	case errors.Is(err, mfa.ErrExpired):
		return p.renderPhoneCode(w, r, v, waiting, false, "wrong.code_expired")
	case errors.Is(err, mfa.ErrSpent):
		return errors.Join(p.phoneFailed(w, r, v, phoneCodePath, err), p.dropPending(r.Context(), phoneSlot(v)))
	case err != nil:
		return p.phoneFailed(w, r, v, phoneCodePath, err)
	}
	if err := p.dropPending(r.Context(), phoneSlot(v)); err != nil {
		return err
	}
	return done(w, r, ui.PathPhone, "phone_changed")
}

// phoneFailed says why there is no code, or no more trying.
func (p *Pages) phoneFailed(w http.ResponseWriter, r *http.Request, v *visit, path string, err error) error {
	var (
		limited *mfa.LimitedError
		locked  *mfa.LockedError
	)
	switch {
	case errors.As(err, &limited):
		return pageerror.TooMany(limited.RetryAfter, err)
	case errors.As(err, &locked):
		return pageerror.TooMany(locked.Until.Sub(p.cfg.Now()), err)
	case errors.Is(err, mfa.ErrSpent), errors.Is(err, mfa.ErrDisabled), errors.Is(err, mfa.ErrNotOffered):
		return pageerror.TooMany(time.Hour, err)
	}
	return p.refused(w, r, v, path, "prove phone number", err)
}
