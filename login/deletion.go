package login

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
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

// keepFromDeletion takes the planned deletion back.
func (p *Pages) keepFromDeletion(w http.ResponseWriter, r *http.Request, s *standing) error {
	if s.signedIn == nil {
		return p.advance(w, r, s)
	}
	if err := p.KeepAccount(r, s.signedIn); err != nil {
		return err
	}
	return p.again(w, r, s.in, s.part)
}

// KeepAccount takes the planned deletion of the person's account back. That there
// is none any more is as good.
func (p *Pages) KeepAccount(r *http.Request, signedIn *storage.SignedIn) error {
	event, err := p.Event(r, signedIn, storage.EventDeletionCancelled)
	if err != nil {
		return err
	}
	err = p.cfg.Users.CancelDeletion(r.Context(), signedIn.User.ID, p.cfg.Now(), event)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return unavailable("cancel deletion", err)
	}
	return nil
}
