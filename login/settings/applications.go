package settings

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/ui"
)

func (h *Handler) showApplications(w http.ResponseWriter, r *http.Request, v *visit) error {
	found, err := h.cfg.Grants.ApplicationsOf(r.Context(), v.User.ID, h.cfg.Now())
	if err != nil {
		return unavailable("list applications", err)
	}
	data := ui.AccountApplications{Account: h.newPage(w, r, v, "account.applications")}
	data.Launcher = data.Launch(h.usable(r, v), h.cfg.Issuer, r.URL.Query().Get("q"))
	for _, application := range found {
		c, err := h.findClient(r.Context(), application.ClientID)
		if err != nil {
			return err
		}
		data.Applications = append(data.Applications, ui.Application{AccountApplication: application, Client: c})
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// usable are the configured clients that the person may use from where the browser is.
// One that takes more than they have shown is among them: it will ask for it. Those that
// registered by themselves are not: nobody chose them for people.
func (h *Handler) usable(r *http.Request, v *visit) []*client.Client {
	person := access.SubjectOf(&v.User)
	at := access.Request{Address: web.ClientAddress(r.Context()), ACR: v.Session.Authentication.ACR}
	return slices.DeleteFunc(slices.Clone(h.cfg.Clients.Snapshot().All()), func(c *client.Client) bool {
		return h.cfg.Access.Policy(c.Access).Decide(person, at, mfa.AtLeast).Outcome == access.Refused
	})
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
