package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
)

// leaveParam says that the person has seen that their account will be deleted,
// and wants no more of it.
const leaveParam = "leave"

// showDeletion tells whoever signs in that their account is about to be deleted.
func (p *Pages) showDeletion(w http.ResponseWriter, r *http.Request, s *standing) error {
	if r.URL.Query().Has(leaveParam) {
		seen := func(a *interaction.Answers) { a.DeletionSeen = true }
		if err := p.answer(r.Context(), s.in, s.state.User.ID, seen); err != nil {
			return err
		}
		return p.again(w, r, s.in, s.part)
	}
	return p.cfg.UI.Render(w, http.StatusOK, ui.DeletionPlanned{
		Page: p.page(w, r, s.in, "/deletion", "deletion.planned_title"), At: s.state.User.DeleteAt,
		Leave: address("/deletion", s.in) + "&" + leaveParam + "=1",
	})
}

// cancelDeletion takes the planned deletion back.
func (p *Pages) cancelDeletion(w http.ResponseWriter, r *http.Request, s *standing) error {
	if s.signedIn == nil {
		return p.advance(w, r, s)
	}
	if err := p.cfg.Accounts.KeepAccount(r.Context(), p.actor(r, s), s.signedIn.User.ID); err != nil {
		return accountError("cancel deletion", err)
	}
	return p.again(w, r, s.in, s.part)
}
