package console

import (
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
)

// resetLinkPath shows a link that was just made.
const resetLinkPath = personPath + "/make-reset/link"

// makeReset makes a link that sets a new password, and hands it to the page that shows
// it, for a moment and in this browser alone: it is in no store, address or log
// (requirement OT3).
func makeReset(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	token, err := c.cfg.Accounts.IssueReset(r.Context(), by, t.ID, c.cfg.ResetLasts, "")
	if err != nil {
		return false, err
	}
	address := c.cfg.Issuer + message.PathResetPassword + "?" + url.Values{message.TokenParam: {token}}.Encode()
	return true, c.cfg.Flash.Hand(w, r, t.page+"/make-reset/link", address)
}

// showResetLink shows it, for as long as it is there to be shown.
func (c *Console) showResetLink(r *http.Request, _ *visit, s *screen) error {
	u, err := c.person(r)
	if err != nil {
		return err
	}
	s.Up = link{URL: pathOf(u.ID), Label: called(u)}
	c.showSecret(r, s, "console.link_label", s.T("console.link", "Time", s.Duration(c.cfg.ResetLasts)))
	return nil
}

// showSecret shows a secret that was just made, or that it is not shown any more.
func (c *Console) showSecret(r *http.Request, s *screen, label, lead string) {
	b := block{ID: "secret", Acts: []link{{ID: "secret-back", URL: s.Up.URL, Label: s.Up.Label}}}
	if secret := c.cfg.Flash.Handed(r); secret != "" {
		s.Lead, b.Registered, b.Facts = lead, true, []fact{{s.T(label), []cell{code(secret)}}}
	} else {
		s.Lead = s.T("console.shown_once")
	}
	s.Blocks = append(s.Blocks, b)
}
