package login

import (
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

func (p *Pages) showConsent(w http.ResponseWriter, r *http.Request, s *standing) error {
	return p.cfg.UI.Render(w, http.StatusOK, ui.Consent{
		Page: p.page(w, r, s.in, "/consent", "consent.title"), Person: displayName(s.state.User), Scopes: s.in.Request.Scopes,
	})
}

// consent records the person's answer.
func (p *Pages) consent(w http.ResponseWriter, r *http.Request, s *standing) error {
	in := s.in
	if r.PostForm.Get("decision") != "allow" {
		return p.deny(w, r, in)
	}
	event, err := p.event(r, storage.EventConsentGranted, s.signedIn.User.ID)
	if err != nil {
		return err
	}
	event.ClientID, event.SID = in.ClientID(), s.signedIn.Session.SID
	event.Detail = strings.Join(in.Request.Scopes, " ")
	now := p.cfg.Now()
	err = p.cfg.Consents.Put(r.Context(), s.signedIn.User.ID, in.ClientID(), in.Request.Scopes, now, event)
	if err != nil {
		return unavailable("write consent", err)
	}
	err = p.answer(r.Context(), in, s.signedIn.User.ID, func(a *interaction.Answers) {
		a.Consented, a.ConsentedAt = slices.Clone(in.Request.Scopes), now
	})
	if err != nil {
		return err
	}
	return p.again(w, r, in, s.part)
}

// displayName is how a page speaks of a person.
func displayName(u *storage.User) string {
	for _, name := range []string{u.Profile.Name, u.Username, u.Email} {
		if name != "" {
			return name
		}
	}
	return string(u.ID)
}
