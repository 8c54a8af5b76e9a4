package login

import (
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

func (p *Pages) showConsent(w http.ResponseWriter, r *http.Request) error {
	in, err := p.interaction(r)
	if err != nil {
		return err
	}
	step, signedIn, err := p.next(r, in)
	if err != nil {
		return err
	}
	if step.Name != StepConsent {
		http.Redirect(w, r, p.after(step, in), http.StatusSeeOther)
		return nil
	}
	return p.cfg.UI.Render(w, http.StatusOK, ui.Consent{
		Page: p.page(w, r, in, "/consent", "consent.title"), Person: displayName(&signedIn.User), Scopes: in.Request.Scopes,
	})
}

// consent records the person's answer. It counts only while consent is what is
// missing: an answer that nobody asked for changes nothing.
func (p *Pages) consent(w http.ResponseWriter, r *http.Request) error {
	in, err := p.interaction(r)
	if err != nil {
		return err
	}
	step, signedIn, err := p.next(r, in)
	if err != nil {
		return err
	}
	if step.Name != StepConsent {
		http.Redirect(w, r, p.after(step, in), http.StatusSeeOther)
		return nil
	}
	if r.PostForm.Get("decision") != "allow" {
		return p.deny(w, r, in)
	}
	event, err := p.event(r, storage.EventConsentGranted, signedIn.User.ID)
	if err != nil {
		return err
	}
	event.ClientID, event.SID = in.Request.ClientID, signedIn.Session.SID
	event.Detail = strings.Join(in.Request.Scopes, " ")
	now := p.cfg.Now()
	err = p.cfg.Consents.Put(r.Context(), signedIn.User.ID, in.Request.ClientID, in.Request.Scopes, now, event)
	if err != nil {
		return unavailable("write consent", err)
	}
	in.Consented, in.ConsentedAt = slices.Clone(in.Request.Scopes), now
	if err := p.saveInteraction(r.Context(), in); err != nil {
		return err
	}
	p.proceed(w, r, in)
	return nil
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
