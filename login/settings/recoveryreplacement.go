package settings

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/ui"
)

// recoveryReplacement makes new recovery codes and shows them once; those before
// are void.
func (h *Handler) recoveryReplacement() confirmation {
	return confirmation{
		path: ui.PathRecoveryReplacement, back: ui.PathSecurity, allowed: h.cfg.Accounts.FreshToEnroll,
		question: func(r *http.Request, v *visit, page *ui.Page, _ string) (question, error) {
			if err := h.recoveryOffered(); err != nil {
				return question{}, err
			}
			person, err := h.cfg.Factors.Person(r.Context(), &v.User)
			if err != nil {
				return question{}, unavailable("read factors", err)
			}
			if person.Recovery.Total == 0 {
				return question{page.T("ask.recovery.first"), page.T("security.recovery_meaning"), page.T("security.recovery_make")}, nil
			}
			return question{page.T("ask.recovery.title"), page.T("ask.recovery.text"), page.T("security.recovery_replace")}, nil
		},
		change: func(w http.ResponseWriter, r *http.Request, v *visit, _ string) error {
			if err := h.recoveryOffered(); err != nil {
				return err
			}
			codes, err := h.cfg.Accounts.ReplaceRecoveryCodes(r.Context(), v.actor, v.User.ID)
			if err != nil {
				return err
			}
			return h.cfg.Flow.ShowRecoveryCodes(w, r, v.SignedIn, codes, ui.PathSecurity)
		},
	}
}

// recoveryOffered answers account.ErrNotFound where recovery codes are of no use.
func (h *Handler) recoveryOffered() error {
	if !h.cfg.Accounts.RecoveryCounts() {
		return fmt.Errorf("recovery codes do not count: %w", account.ErrNotFound)
	}
	return nil
}
