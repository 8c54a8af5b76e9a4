package settings

import (
	"errors"
	"net/http"

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

// endSessions ends one of the person's own sessions, all others, or all.
func (p *Pages) endSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	switch which := r.PostForm.Get("end"); which {
	case allOthers:
		if err := p.endAll(r, v, v.Session.SID); err != nil {
			return err
		}
		return done(w, r, ui.PathSessions, "sessions_ended")
	case everywhere:
		if err := p.endAll(r, v, ""); err != nil {
			return err
		}
		p.cfg.Flow.ForgetSession(w)
		http.Redirect(w, r, ui.PathSignOut, http.StatusSeeOther) // which says that nobody is signed in
		return nil
	default:
		return p.endSession(w, r, v, storage.ID(which))
	}
}

func (p *Pages) endAll(r *http.Request, v *visit, except storage.ID) error {
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventSessionsEnded)
	if err != nil {
		return err
	}
	if err := p.cfg.Sessions.EndAll(r.Context(), v.User.ID, except, p.cfg.Now(), false, event); err != nil {
		return unavailable("end sessions", err)
	}
	return nil
}

func (p *Pages) endSession(w http.ResponseWriter, r *http.Request, v *visit, sid storage.ID) error {
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventSessionEnded)
	if err != nil {
		return err
	}
	event.SID = sid
	err = p.cfg.Sessions.EndOf(r.Context(), v.User.ID, sid, p.cfg.Now(), event)
	if errors.Is(err, storage.ErrNotFound) {
		return notTheirs(err)
	}
	if err != nil {
		return unavailable("end session", err)
	}
	return done(w, r, ui.PathSessions, "session_ended")
}
