package login

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/ui"
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

// framesLoad is how long the frames of the page have before it leads on, in seconds.
const framesLoad = "3"

// SignedOut shows the page that says so. Applications that are told by its frames
// (OpenID Connect Front-Channel Logout 1.0) are told while it is shown; then it leads
// on by itself where the client asked for that.
func (p *Pages) SignedOut(w http.ResponseWriter, r *http.Request, done *interaction.SignedOut) error {
	var asked *client.Client
	if done.ClientID != "" {
		var err error
		if asked, err = p.cfg.Clients.Client(r.Context(), done.ClientID); err != nil && !errors.Is(err, client.ErrUnknown) {
			return web.Unavailable(fmt.Errorf("look up client: %w", err))
		}
	}
	var origins []string
	for _, frame := range done.Frames() {
		origins = append(origins, redirectOrigin(frame)...)
	}
	slices.Sort(origins)
	page := p.ui.Begin(w, r, ui.Options{
		Title: "signedout.title", Client: asked, Locales: done.Locales, Frames: slices.Compact(origins),
	})
	if done.Continue != "" {
		w.Header().Set("Refresh", framesLoad+"; url="+done.Continue)
	}
	data := ui.SignedOut{Page: page, Frames: done.Frames(), Next: done.Continue}
	lists := map[interaction.ToldState]*[]string{
		interaction.ToldReached: &data.Reached, interaction.ToldPending: &data.Told,
		interaction.ToldUnreached: &data.NotReached, interaction.ToldNever: &data.NotTold,
	}
	for _, c := range done.Told {
		list := lists[c.State()]
		*list = append(*list, c.Name)
	}
	if done.Pending() || len(data.NotReached) > 0 {
		data.Again = done.Again
	}
	return p.ui.Render(w, http.StatusOK, data)
}
