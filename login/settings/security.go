package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

func (h *Handler) showSecurity(w http.ResponseWriter, r *http.Request, v *visit) error {
	person, err := h.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return unavailable("read factors", err)
	}
	devices, err := h.cfg.Devices.ListByUser(r.Context(), v.User.ID, h.cfg.Now())
	if err != nil {
		return unavailable("list trusted devices", err)
	}
	data := ui.AccountSecurity{
		Account:     h.newPage(w, r, v, "account.security"),
		HasPassword: v.User.PasswordHash != "", PasswordChangedAt: v.User.PasswordChangedAt,
		Credentials: person.Credentials, Recovery: person.Recovery, Devices: devices,
		Required: h.cfg.Accounts.FactorRequired(&v.User), RecoveryCounts: h.cfg.Accounts.RecoveryCounts(),
		Renamed: storage.ID(v.typed("rename", "")), Typed: v.typed("name", ""),
	}
	for _, kind := range h.cfg.Accounts.Enrollable() {
		data.Add = append(data.Add, ui.FactorLink{Kind: kind, URL: addFactorURL(kind)})
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// renameFactor gives a second factor another name.
func (h *Handler) renameFactor(w http.ResponseWriter, r *http.Request, v *visit) error {
	factor, name := storage.ID(r.PostForm.Get("rename")), ident.Clean(r.PostForm.Get("name"))
	err := h.cfg.Accounts.RenameFactor(r.Context(), v.actor, v.User.ID, factor, name)
	if problems := login.Problems(err, ""); len(problems) > 0 {
		return h.cfg.Flash.Refuse(w, r, ui.PathSecurity, flash.Message{Failure: problems[0].Text})
	}
	if err != nil {
		return h.answerRefusal(w, r, ui.PathSecurity, "rename factor", err)
	}
	return redirectDone(w, r, ui.PathSecurity, "saved")
}
