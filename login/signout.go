package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// signOutPage asks before signing out, or says that it was done.
type signOutPage struct {
	page
	Person string
	// Hidden carries the request's own parameters back to the end-session endpoint.
	Hidden map[string]string
}

// endSessionPath is the provider's end-session endpoint.
const endSessionPath = "/logout"

// ConfirmSignOut shows the page that asks before signing out. client is nil
// where the request names none that is known.
func (p *Pages) ConfirmSignOut(w http.ResponseWriter, r *http.Request, client *storage.Client, hidden map[string]string) error {
	data := signOutPage{page: p.page(w, r, nil, "signout.title"), Hidden: hidden}
	data.Action = endSessionPath
	// The answer to this form may redirect to the client, which browsers hold to form-action.
	data.Nonce = web.Page(w, redirectOrigin(hidden["post_logout_redirect_uri"])...)
	data.Client = newClientView(client)
	signedIn, err := p.Session(r)
	if err != nil {
		return err
	}
	if signedIn != nil {
		data.Person = displayName(&signedIn.User)
	}
	return p.render(w, "signout", http.StatusOK, data)
}

// SignedOut shows the page that says so.
func (p *Pages) SignedOut(w http.ResponseWriter, r *http.Request) error {
	return p.render(w, "signedout", http.StatusOK, p.page(w, r, nil, "signedout.title"))
}
