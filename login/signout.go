package login

import (
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/ui"
)

// endSessionPath is the provider's end-session endpoint.
const endSessionPath = "/logout"

// ConfirmSignOut shows the page that asks before signing out. client is nil
// where the request names none that is known.
func (p *Pages) ConfirmSignOut(w http.ResponseWriter, r *http.Request, client *client.Client, hidden map[string]string) error {
	signedIn, err := p.sessions.Read(r)
	if err != nil {
		return err
	}
	data := ui.SignOut{Page: p.ui.Begin(w, r, ui.Options{
		Title: "signout.title", Action: endSessionPath, Client: client, Locales: strings.Fields(hidden["ui_locales"]),
		// The answer to this form may redirect to the client.
		FormAction: redirectOrigin(hidden["post_logout_redirect_uri"]),
	})}
	data.Hidden = hidden
	if signedIn != nil {
		data.Person = DisplayName(&signedIn.User)
	}
	return p.ui.Render(w, http.StatusOK, data)
}

// SignedOut shows the page that says so.
func (p *Pages) SignedOut(w http.ResponseWriter, r *http.Request) error {
	page := p.ui.Begin(w, r, ui.Options{Title: "signedout.title", Locales: strings.Fields(r.FormValue("ui_locales"))})
	return p.ui.Render(w, http.StatusOK, ui.SignedOut{Page: page})
}
