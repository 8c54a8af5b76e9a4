package settings

import (
	"net/http"

	"github.com/latchkey-id/latchkey/login/ui"
)

func (p *Pages) showOverview(w http.ResponseWriter, r *http.Request, v *visit) error {
	now := p.cfg.Now()
	person, err := p.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return unavailable("read factors", err)
	}
	sessions, err := p.cfg.Sessions.ListByUser(r.Context(), v.User.ID, now)
	if err != nil {
		return unavailable("list sessions", err)
	}
	applications, err := p.cfg.Grants.ApplicationsOf(r.Context(), v.User.ID, now)
	if err != nil {
		return unavailable("list applications", err)
	}
	data := ui.AccountOverview{
		Account: p.begin(w, r, v, "overview.title"), User: v.User, Recovery: person.Recovery,
		Factors: len(person.Credentials), Sessions: len(sessions), Applications: len(applications),
	}
	if p.cfg.Factors.Phone() == nil {
		data.User.Phone = "" // there is no page to change it
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}
