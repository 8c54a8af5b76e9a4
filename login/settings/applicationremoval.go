package settings

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// clientParam names the client that a page is about.
const clientParam = "client"

// applicationRemoval takes a client's access away: its grants, offline ones too,
// what it was issued under them, and the consent.
func (h *Handler) applicationRemoval() confirmation {
	return confirmation{
		path: ui.PathApplicationRemoval, back: ui.PathApplications, subject: clientParam,
		question: func(r *http.Request, v *visit, page *ui.Page, clientID string) (question, error) {
			found, err := h.cfg.Grants.ApplicationsOf(r.Context(), v.User.ID, h.cfg.Now())
			if err != nil {
				return question{}, unavailable("list applications", err)
			}
			i := slices.IndexFunc(found, func(a storage.AccountApplication) bool { return a.ClientID == clientID })
			if i < 0 {
				return question{}, fmt.Errorf("client %q has no access: %w", clientID, account.ErrNotFound)
			}
			c, err := h.findClient(r.Context(), clientID)
			if err != nil {
				return question{}, err
			}
			name := ui.Application{AccountApplication: found[i], Client: c}.Name()
			return question{page.T("ask.application.title", "Client", name), page.T("ask.application.text", "Client", name), page.T("applications.revoke")}, nil
		},
		change: func(w http.ResponseWriter, r *http.Request, v *visit, clientID string) error {
			if err := h.cfg.Accounts.RevokeClient(r.Context(), v.actor, v.User.ID, clientID); err != nil {
				return err
			}
			query := url.Values{doneParam: {"application_revoked"}, clientParam: {clientID}}
			http.Redirect(w, r, ui.PathApplications+"?"+query.Encode(), http.StatusSeeOther)
			return nil
		},
	}
}
