package settings

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
)

// phonePendingFor is how long a new number waits for its code.
const phonePendingFor = 30 * time.Minute

// pendingPhone is of the session: only where the number was asked for, on fresh
// evidence, is its code taken.
func pendingPhone(v *visit) pendingKey { return pendingKey{"phone", v.Session.SID} }

func (h *Handler) showPhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.renderPhone(w, r, v, "", "", "")
}

func (h *Handler) renderPhone(w http.ResponseWriter, r *http.Request, v *visit, typed, field, key string) error {
	data := ui.AccountPhone{
		Account: h.newPage(w, r, v, "phone.title"), Current: v.User.Phone, Verified: v.User.PhoneVerified, Typed: typed,
	}
	if field != "" {
		data.Fail(field, key)
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// changePhone sends a code to a new number.
func (h *Handler) changePhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	typed := r.PostForm.Get("phone")
	number, ok := ident.CanonicalPhone(typed)
	if !ok {
		return h.renderPhone(w, r, v, typed, "phone", "wrong.phone")
	}
	if ok, err := h.checkPassword(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return h.renderPhone(w, r, v, typed, "password", "wrong.password")
	}
	waiting := pendingChange{From: v.User.Phone, To: number, Visit: web.NewSecret()}
	_, err := h.sendPhoneCode(r, v, &waiting, false)
	if errors.Is(err, mfa.ErrNotOffered) {
		return h.renderPhone(w, r, v, typed, "phone", "wrong.phone_country")
	}
	if err != nil {
		return h.phoneRefusal(w, r, ui.PathPhone, err)
	}
	if err := h.savePending(r.Context(), pendingPhone(v), waiting, phonePendingFor); err != nil {
		return err
	}
	http.Redirect(w, r, phoneCodePath, http.StatusSeeOther)
	return nil
}
