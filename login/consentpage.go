package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/ui"
)

// consentPage asks what the client may know.
type consentPage struct{ *core }

func (p *consentPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	return p.ui.Render(w, http.StatusOK, ui.Consent{
		Page: p.personPage(w, r, f, "/consent", "consent.title"), Person: DisplayName(f.state.User),
		Scopes: f.interaction.Request.ConsentScopes(),
	})
}

// decide records the person's answer.
func (p *consentPage) decide(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if r.PostForm.Get("decision") != "allow" {
		return p.decline(w, r, f)
	}
	request, user := f.interaction.Request, f.signedIn.User.ID
	scopes := request.ConsentScopes()
	at, err := p.accounts.AllowClient(r.Context(), p.actor(r, f), user, request.ClientID, scopes)
	if err != nil {
		return accountError("write consent", err)
	}
	allowed := func(a *interaction.Answers) { a.Consented, a.ConsentedAt = scopes, at }
	if err := p.answer(r.Context(), f.interaction, user, allowed); err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, f)
}
