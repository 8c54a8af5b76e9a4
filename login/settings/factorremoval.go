package settings

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// factorRemoval removes a second factor, unless it is the last one and policy wants
// one (requirement PK3).
func (h *Handler) factorRemoval() confirmation {
	return confirmation{
		path: ui.PathFactorRemoval, back: ui.PathSecurity, subject: "factor", allowed: h.cfg.Accounts.Fresh,
		question: func(r *http.Request, v *visit, page *ui.Page, factor string) (question, error) {
			person, err := h.cfg.Factors.Person(r.Context(), &v.User)
			if err != nil {
				return question{}, unavailable("read factors", err)
			}
			i := slices.IndexFunc(person.Credentials, func(c storage.Credential) bool { return string(c.ID) == factor })
			if i < 0 {
				return question{}, fmt.Errorf("no factor %q: %w", factor, account.ErrNotFound)
			}
			text := "ask.factor.text"
			if v.User.PasswordHash != "" && h.cfg.Accounts.PasswordAlone(&v.User, len(person.Credentials)-1) {
				text = "ask.factor.last"
			}
			return question{page.T("ask.remove.title", "Name", page.NameOf(person.Credentials[i])), page.T(text), page.T("account.remove")}, nil
		},
		change: func(w http.ResponseWriter, r *http.Request, v *visit, factor string) error {
			err := h.cfg.Accounts.RemoveFactor(r.Context(), v.actor, v.User.ID, storage.ID(factor))
			if errors.Is(err, account.ErrLast) {
				return redirectDone(w, r, ui.PathSecurity, "factor_kept")
			}
			if err != nil {
				return err
			}
			return redirectDone(w, r, ui.PathSecurity, "factor_removed")
		},
	}
}
