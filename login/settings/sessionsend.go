package settings

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/ui"
)

// What the page that ends many sessions at once may be asked to end.
const (
	otherSessions = "others"
	everySession  = "everywhere"
)

// sessionsEnd ends all sessions but this one, or all with every access of
// applications.
func (h *Handler) sessionsEnd() confirmation {
	return confirmation{
		path: ui.PathSessionsEnd, back: ui.PathSessions, subject: "which",
		question: func(_ *http.Request, _ *visit, page *ui.Page, which string) (question, error) {
			switch which {
			case otherSessions:
				return question{page.T("ask.sessions_others.title"), page.T("ask.sessions_others.text"), page.T("sessions.end_all")}, nil
			case everySession:
				return question{page.T("ask.sessions_everywhere.title"), page.T("ask.sessions_everywhere.text"), page.T("sessions.end_everywhere")}, nil
			}
			return question{}, fmt.Errorf("sessions %q: %w", which, account.ErrNotFound)
		},
		change: func(w http.ResponseWriter, r *http.Request, v *visit, which string) error {
			switch which {
			case otherSessions:
				if err := h.cfg.Accounts.EndOtherSessions(r.Context(), v.actor, v.User.ID); err != nil {
					return err
				}
				return redirectDone(w, r, ui.PathSessions, "sessions_ended")
			case everySession:
				if err := h.cfg.Accounts.EndAllSessions(r.Context(), v.actor, v.User.ID); err != nil {
					return err
				}
				h.cfg.Cookies.Clear(w, web.CookieSession)
				http.Redirect(w, r, ui.PathSignOut, http.StatusSeeOther) // which says that nobody is signed in
				return nil
			}
			return fmt.Errorf("sessions %q: %w", which, account.ErrNotFound)
		},
	}
}
