package login

import (
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/ui"
)

// page starts a page of an interaction, or of none: its form goes to path.
func (p *Pages) page(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, path, title string) ui.Page {
	o := ui.Options{Title: title, Action: address(path, in)}
	if in != nil {
		o.FormAction = redirectOrigin(in.RedirectURI())
		o.Locales = in.Locales()
		// For its name and color only: without them the page is as good.
		o.Client, _ = p.clientOf(r.Context(), in)
	}
	return p.cfg.UI.Begin(w, r, o)
}

// redirectOrigin is what form-action must allow for a form whose answer
// redirects, by way of the provider, to the client: the origin, or for a native
// application's own scheme the scheme.
func redirectOrigin(redirectURI string) []string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return nil
	}
	if u.Host == "" {
		return []string{u.Scheme + ":"}
	}
	return []string{u.Scheme + "://" + u.Host}
}

// VerifyForm reports whether a POST was made by a form of ours in this browser.
func (p *Pages) VerifyForm(r *http.Request) bool { return p.cfg.UI.VerifyForm(r) }
