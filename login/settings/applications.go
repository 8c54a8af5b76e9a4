package settings

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/ui"
)

func (h *Handler) showApplications(w http.ResponseWriter, r *http.Request, v *visit) error {
	found, err := h.cfg.Grants.ApplicationsOf(r.Context(), v.User.ID, h.cfg.Now())
	if err != nil {
		return unavailable("list applications", err)
	}
	data := ui.AccountApplications{Account: h.newPage(w, r, v, "account.applications")}
	for _, application := range found {
		c, err := h.findClient(r.Context(), application.ClientID)
		if err != nil {
			return err
		}
		data.Applications = append(data.Applications, ui.Application{AccountApplication: application, Client: c})
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// findClient returns the client of the id, or nil where it is not registered any more.
func (h *Handler) findClient(ctx context.Context, id string) (*client.Client, error) {
	if id == "" {
		return nil, nil
	}
	c, err := h.cfg.Clients.Client(ctx, id)
	if errors.Is(err, client.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("look up client", err)
	}
	return c, nil
}
