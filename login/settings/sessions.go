package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

func (p *Pages) showSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	sessions, err := p.cfg.Sessions.ListByUser(r.Context(), v.User.ID, p.cfg.Now())
	if err != nil {
		return unavailable("list sessions", err)
	}
	return p.cfg.UI.Render(w, http.StatusOK, ui.AccountSessions{
		Account: p.begin(w, r, v, "account.sessions"), Sessions: sessions, Current: v.Session.SID,
	})
}

// The words that name sessions besides an id.
const (
	allOthers  = "all"
	everywhere = "everywhere"
)

// endSessions ends one of the person's own sessions, all others, or all with
// every access of applications.
func (p *Pages) endSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	var err error
	key := "sessions_ended"
	switch which := r.PostForm.Get("end"); which {
	case allOthers:
		err = p.cfg.Accounts.EndOtherSessions(r.Context(), v.by, v.User.ID)
	case everywhere:
		err = p.cfg.Accounts.EndAllSessions(r.Context(), v.by, v.User.ID)
	default:
		key = "session_ended"
		err = p.cfg.Accounts.EndSession(r.Context(), v.by, v.User.ID, storage.ID(which))
	}
	if err != nil {
		return p.refused(w, r, v, ui.PathSessions, "end sessions", err)
	}
	if r.PostForm.Get("end") == everywhere {
		p.cfg.Cookies.Clear(w, web.CookieSession)
		http.Redirect(w, r, ui.PathSignOut, http.StatusSeeOther) // which says that nobody is signed in
		return nil
	}
	return done(w, r, ui.PathSessions, key)
}
