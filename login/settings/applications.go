package settings

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/ui"
)

// clientParam names the client that a notice is about.
const clientParam = "client"

func (p *Pages) showApplications(w http.ResponseWriter, r *http.Request, v *visit) error {
	found, err := p.cfg.Grants.ApplicationsOf(r.Context(), v.User.ID, p.cfg.Now())
	if err != nil {
		return unavailable("list applications", err)
	}
	data := ui.AccountApplications{Account: p.begin(w, r, v, "account.applications")}
	for _, application := range found {
		c, err := p.clientNamed(r.Context(), application.ClientID)
		if err != nil {
			return err
		}
		data.Applications = append(data.Applications, ui.Application{AccountApplication: application, Client: c})
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// clientNamed returns the client of the id, or nil where it is not registered any more.
func (p *Pages) clientNamed(ctx context.Context, id string) (*client.Client, error) {
	if id == "" {
		return nil, nil
	}
	c, err := p.cfg.Clients.Client(ctx, id)
	if errors.Is(err, client.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("look up client", err)
	}
	return c, nil
}

// revokeApplication takes a client's access away: its grants, offline ones too,
// what it was issued under them, and the consent.
func (p *Pages) revokeApplication(w http.ResponseWriter, r *http.Request, v *visit) error {
	clientID := r.PostForm.Get("revoke")
	if err := p.cfg.Accounts.RevokeClient(r.Context(), v.by, v.User.ID, clientID); err != nil {
		return p.refused(w, r, v, ui.PathApplications, "revoke access", err)
	}
	query := url.Values{doneParam: {"application_revoked"}, clientParam: {clientID}}
	http.Redirect(w, r, ui.PathApplications+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}
