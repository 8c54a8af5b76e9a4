package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/ui"
)

func (p *Pages) showPassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderPassword(w, r, v)
}

func (p *Pages) renderPassword(w http.ResponseWriter, r *http.Request, v *visit, problems ...login.Problem) error {
	username := v.User.Email
	if username == "" {
		username = v.User.Username
	}
	data := ui.AccountPassword{
		Account: p.begin(w, r, v, "password.title"), Username: username,
		MinLength: p.cfg.Accounts.MinPassword(&v.User), ChangedAt: v.User.PasswordChangedAt,
	}
	fail(&data.Page, problems)
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// changePassword sets a new password, by the current one or by fresh proofs. What
// rested on the old one ends; the session of this browser goes on under a new
// secret (requirement SE1).
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	chosen := r.PostForm.Get("new_password")
	if ok, err := p.passwordShown(r, v, "current_password"); err != nil {
		return err
	} else if !ok {
		return p.renderPassword(w, r, v, login.Problem{Field: "current_password", Text: "wrong.password"})
	}
	if v.askPassword && chosen == r.PostForm.Get("current_password") {
		return p.renderPassword(w, r, v, login.Problem{Field: "new_password", Text: "wrong.password_same"})
	}
	secret, hash := session.NewSecret(p.cfg.Hasher)
	err := p.cfg.Accounts.SetPassword(r.Context(), v.by, v.User.ID, chosen, hash)
	if problems := login.Problems(err, "new_password"); len(problems) > 0 {
		return p.renderPassword(w, r, v, problems...)
	}
	if err != nil {
		return p.refused(w, r, v, ui.PathPassword, "change password", err)
	}
	p.cfg.Cookies.Set(w, web.CookieSession, secret, 0)
	p.cfg.Cookies.Clear(w, web.CookieTrust)
	return done(w, r, ui.PathSecurity, "password_changed")
}
