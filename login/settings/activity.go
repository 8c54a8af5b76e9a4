package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/ui"
)

// recentEvents is how many events the page shows.
const recentEvents = 100

func (h *Handler) showActivity(w http.ResponseWriter, r *http.Request, v *visit) error {
	found, err := h.cfg.Events.ListByUser(r.Context(), v.User.ID, recentEvents)
	if err != nil {
		return unavailable("list events", err)
	}
	data := ui.AccountActivity{Account: h.newPage(w, r, v, "account.activity")}
	for _, event := range found {
		shown := ui.Activity{Event: event}
		c, err := h.findClient(r.Context(), event.ClientID)
		if err != nil {
			return err
		}
		if c != nil {
			shown.ClientName = c.Name
		}
		data.Events = append(data.Events, shown)
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}
