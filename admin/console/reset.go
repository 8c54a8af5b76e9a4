package console

import (
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/ui"
)

// makeReset makes a link that sets a new password, and shows it: this once, in the answer
// to the form. It is in no store, address or log, so that there is nothing to redirect to
// (requirement OT3); sent again the form makes another link, and this one is void.
func makeReset(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	u := t.User
	token, err := c.cfg.Accounts.IssueReset(r.Context(), by, u.ID, c.cfg.ResetLasts, "")
	if err != nil {
		return false, err
	}
	page := c.cfg.UI.Begin(w, r, ui.Options{Title: "console.make_reset.title", Action: r.URL.Path})
	s := &screen{Page: page, Person: called(u), Up: link{URL: pathOf(u.ID), Label: called(u)}, ctx: r.Context()}
	s.Lead = s.T("console.link", "Time", s.Duration(c.cfg.ResetLasts))
	address := c.cfg.Issuer + message.PathResetPassword + "?" + url.Values{message.TokenParam: {token}}.Encode()
	s.Blocks = []block{{Facts: []fact{{s.T("console.link_label"), []cell{code(address)}}}, Acts: []link{{ID: "reset-back", URL: pathOf(u.ID), Label: called(u)}}}}
	return true, c.render(w, s)
}
