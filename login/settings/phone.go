package settings

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/ui"
)

// phonePendingFor is how long a new number waits for its code.
const phonePendingFor = 30 * time.Minute

// pendingPhone is of the session: only where the number was asked for, on fresh
// evidence, is its code taken.
func pendingPhone(v *visit) pendingKey { return pendingKey{"phone", v.Session.SID} }

func (h *Handler) showPhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.cfg.UI.Render(w, http.StatusOK, ui.AccountPhone{
		Account: h.newPage(w, r, v, "phone.title"), Current: v.User.Phone, Verified: v.User.PhoneVerified, Typed: v.typed("phone", ""),
	})
}

// changePhone sends a code to a new number.
func (h *Handler) changePhone(w http.ResponseWriter, r *http.Request, v *visit) error {
	number, ok := ident.CanonicalPhone(r.PostForm.Get("phone"))
	if !ok {
		return h.refuse(w, r, ui.PathPhone, login.Problem{Field: "phone", Text: "wrong.phone"})
	}
	if ok, err := h.checkPassword(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return h.refuse(w, r, ui.PathPhone, wrongPassword)
	}
	waiting := pendingChange{From: v.User.Phone, To: number, Visit: web.NewSecret()}
	_, err := h.sendPhoneCode(r, v, &waiting, false)
	if errors.Is(err, mfa.ErrNotOffered) {
		return h.refuse(w, r, ui.PathPhone, login.Problem{Field: "phone", Text: "wrong.phone_country"})
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
