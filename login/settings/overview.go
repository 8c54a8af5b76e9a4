package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/ui"
)

func (h *Handler) showOverview(w http.ResponseWriter, r *http.Request, v *visit) error {
	now := h.cfg.Now()
	person, err := h.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return unavailable("read factors", err)
	}
	sessions, err := h.cfg.Sessions.ListByUser(r.Context(), v.User.ID, now)
	if err != nil {
		return unavailable("list sessions", err)
	}
	applications, err := h.cfg.Grants.ApplicationsOf(r.Context(), v.User.ID, now)
	if err != nil {
		return unavailable("list applications", err)
	}
	data := ui.AccountOverview{
		Account: h.newPage(w, r, v, "overview.title"), User: v.User, Recovery: person.Recovery,
		Factors: len(person.Credentials), Sessions: len(sessions), Applications: len(applications),
	}
	if h.cfg.Factors.Phone() == nil {
		data.User.Phone = "" // there is no page to change it
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}
