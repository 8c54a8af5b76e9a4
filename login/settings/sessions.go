package settings

import (
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

func (h *Handler) showSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	sessions, err := h.cfg.Sessions.ListByUser(r.Context(), v.User.ID, h.cfg.Now())
	if err != nil {
		return unavailable("list sessions", err)
	}
	here := slices.IndexFunc(sessions, func(s storage.AccountSession) bool { return s.SID == v.Session.SID })
	if here > 0 { // this browser comes first
		sessions = slices.Insert(slices.Delete(slices.Clone(sessions), here, here+1), 0, sessions[here])
	}
	return h.cfg.UI.Render(w, http.StatusOK, ui.AccountSessions{
		Account: h.newPage(w, r, v, "account.sessions"), Sessions: sessions, Current: v.Session.SID,
	})
}

// endSession ends one of the person's own sessions.
func (h *Handler) endSession(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := h.cfg.Accounts.EndSession(r.Context(), v.actor, v.User.ID, storage.ID(r.PostForm.Get("end"))); err != nil {
		return h.answerRefusal(w, r, ui.PathSessions, "end session", err)
	}
	return redirectDone(w, r, ui.PathSessions, "session_ended")
}
