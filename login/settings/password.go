package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/ui"
)

func (h *Handler) showPassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.cfg.UI.Render(w, http.StatusOK, ui.AccountPassword{
		Account: h.newPage(w, r, v, "password.title"), Username: signInName(v),
		MinLength: h.cfg.Accounts.MinPassword(&v.User), ChangedAt: v.User.PasswordChangedAt,
	})
}

// changePassword sets a new password, by the current one or by fresh proofs. What
// rested on the old one ends; the session of this browser goes on under a new
// secret (requirement SE1).
func (h *Handler) changePassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	chosen := r.PostForm.Get("new_password")
	if ok, err := h.checkPassword(r, v, "current_password"); err != nil {
		return err
	} else if !ok {
		return h.refuse(w, r, ui.PathPassword, login.Problem{Field: "current_password", Text: "wrong.password"})
	}
	if v.askPassword && chosen == r.PostForm.Get("current_password") {
		return h.refuse(w, r, ui.PathPassword, login.Problem{Field: "new_password", Text: "wrong.password_same"})
	}
	secret, hash, err := session.NewSecret(h.cfg.Hasher)
	if err != nil {
		return err
	}
	err = h.cfg.Accounts.SetPassword(r.Context(), v.actor, v.User.ID, chosen, hash)
	if problems := login.Problems(err, "new_password"); len(problems) > 0 {
		return h.refuse(w, r, ui.PathPassword, problems...)
	}
	if err != nil {
		return h.answerRefusal(w, r, ui.PathPassword, "change password", err)
	}
	h.cfg.Cookies.Set(w, web.CookieSession, secret, session.CookieAge(&v.Session, h.cfg.Now()))
	h.cfg.Cookies.Clear(w, web.CookieTrust)
	return redirectDone(w, r, ui.PathSecurity, "password_changed")
}
