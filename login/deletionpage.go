package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/ui"
)

// deletionPage tells whoever signs in that their account is about to be deleted.
type deletionPage struct{ *core }

// leaveParam says that the person has seen that their account will be deleted,
// and wants no more of it.
const leaveParam = "leave"

func (p *deletionPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if r.URL.Query().Has(leaveParam) {
		seen := func(a *interaction.Answers) { a.DeletionSeen = true }
		if err := p.answer(r.Context(), f.interaction, f.state.User.ID, seen); err != nil {
			return err
		}
		return p.redirectToNextStep(w, r, f)
	}
	return p.ui.Render(w, http.StatusOK, ui.DeletionPlanned{
		Page: p.personPage(w, r, f, "/deletion", "deletion.planned_title"), At: f.state.User.DeleteAt,
		Leave: f.interaction.Address("/deletion") + "&" + leaveParam + "=1",
	})
}

// cancel takes the planned deletion back.
func (p *deletionPage) cancel(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if f.signedIn == nil {
		return p.advance(w, r, f)
	}
	if err := p.accounts.KeepAccount(r.Context(), p.actor(r, f), f.signedIn.User.ID); err != nil {
		return accountError("cancel deletion", err)
	}
	return p.redirectToNextStep(w, r, f)
}
