package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

func (p *Pages) showConsent(w http.ResponseWriter, r *http.Request, s *standing) error {
	return p.cfg.UI.Render(w, http.StatusOK, ui.Consent{
		Page: p.page(w, r, s.in, "/consent", "consent.title"), Person: displayName(s.state.User), Scopes: s.in.Request.ConsentScopes(),
	})
}

// consent records the person's answer.
func (p *Pages) consent(w http.ResponseWriter, r *http.Request, s *standing) error {
	in := s.in
	if r.PostForm.Get("decision") != "allow" {
		return p.deny(w, r, in)
	}
	scopes := in.Request.ConsentScopes()
	at, err := p.cfg.Accounts.AllowClient(r.Context(), p.actor(r, s), s.signedIn.User.ID, in.Request.ClientID, scopes)
	if err != nil {
		return accountError("write consent", err)
	}
	err = p.answer(r.Context(), in, s.signedIn.User.ID, func(a *interaction.Answers) {
		a.Consented, a.ConsentedAt = scopes, at
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
