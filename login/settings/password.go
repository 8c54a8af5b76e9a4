package settings

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

func (p *Pages) showPassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderPassword(w, r, v, "", "")
}

func (p *Pages) renderPassword(w http.ResponseWriter, r *http.Request, v *visit, field, key string) error {
	username := v.User.Email
	if username == "" {
		username = v.User.Username
	}
	data := ui.AccountPassword{
		Account: p.begin(w, r, v, "password.title"), Username: username,
		MinLength: p.cfg.Flow.MinPassword(&v.User), ChangedAt: v.User.PasswordChangedAt,
	}
	if field != "" {
		data.Fail(field, key, strconv.Itoa(data.MinLength))
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// changePassword sets a new password, by the current one or by fresh evidence.
// What rested on the old one ends: other sessions, grants, trusted devices.
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	chosen := r.PostForm.Get("new_password")
	if ok, err := p.passwordShown(r, v, "current_password"); err != nil {
		return err
	} else if !ok {
		return p.renderPassword(w, r, v, "current_password", "wrong.password")
	}
	if v.askPassword && chosen == r.PostForm.Get("current_password") {
		return p.renderPassword(w, r, v, "new_password", "wrong.password_same")
	}
	if key := p.cfg.Flow.PasswordProblem(r.Context(), &v.User, chosen); key != "" {
		return p.renderPassword(w, r, v, "new_password", key)
	}
	err := p.cfg.Flow.SetPassword(w, r, v.SignedIn, chosen, true)
	if errors.Is(err, storage.ErrConflict) {
		return changedMeanwhile(err)
	}
	if err != nil {
		return err
	}
	return done(w, r, ui.PathSecurity, "password_changed")
}
