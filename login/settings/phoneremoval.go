package settings

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/ui"
)

// phoneRemoval removes the phone number.
func (h *Handler) phoneRemoval() confirmation {
	return confirmation{
		path: ui.PathPhoneRemoval, back: ui.PathPhone, allowed: h.cfg.Accounts.Fresh,
		question: func(_ *http.Request, v *visit, page *ui.Page, _ string) (question, error) {
			if v.User.Phone == "" {
				return question{}, fmt.Errorf("no phone number: %w", account.ErrNotFound)
			}
			return question{page.T("ask.phone.title"), page.T("ask.phone.text", "Phone", v.User.Phone), page.T("phone.remove")}, nil
		},
		change: func(w http.ResponseWriter, r *http.Request, v *visit, _ string) error {
			if err := h.cfg.Accounts.RemovePhone(r.Context(), v.actor, v.User.ID); err != nil {
				return err
			}
			return redirectDone(w, r, ui.PathPhone, "phone_removed")
		},
	}
}
