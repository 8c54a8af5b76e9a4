package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// signedOutPath is the page that says that somebody is signed out. It is reached by a
// redirect, so that the form before it can be sent twice, and the page reloaded.
const signedOutPath = endSessionPath + "/done"

var signedOutEndpoint = endpoint{
	path:  signedOutPath,
	mount: func(p *Provider, to routes, path string) { to.pageAt(path, p.showSignedOut, http.MethodGet) },
}

const (
	signOutKind = "sign-out"
	// signOutLifetime is how long the page can be shown again.
	signOutLifetime = 10 * time.Minute
)

// toBeTold are the applications that a session signed in to, as they are to be told
// of its end: by a frame of the page (OpenID Connect Front-Channel Logout 1.0), by the
// back channel, or not.
func (p *Provider) toBeTold(ctx context.Context, sid storage.ID) ([]interaction.ToldClient, error) {
	clients, err := p.cfg.Sessions.Clients(ctx, sid)
	if err != nil {
		return nil, fmt.Errorf("list clients of the session: %w", err)
	}
	var told []interaction.ToldClient
	for i, of := range clients {
		if i > 0 && clients[i-1].ClientID == of.ClientID {
			continue // known by two subjects
		}
		c, err := p.cfg.Clients.Client(ctx, of.ClientID)
		switch {
		case errors.Is(err, client.ErrUnknown):
			continue
		case err != nil:
			return nil, fmt.Errorf("look up client: %w", err)
		}
		t := interaction.ToldClient{Name: c.Name, Posted: c.BackchannelLogoutURI != ""}
		if c.FrontchannelLogoutURI != "" {
			t.Frame = withQuery(c.FrontchannelLogoutURI, url.Values{"iss": {p.cfg.Issuer}, "sid": {string(sid)}})
		}
		told = append(told, t)
	}
	return told, nil
}

// signedOut leads the browser on after a sign-out: to the application that asked, or
// to a page of ours that says what was done. Where applications are told by frames,
// that page comes first and leads on by itself. Behind a form it is reached by a
// redirect, which is answered again to whoever sent the form twice.
func (p *Provider) signedOut(w http.ResponseWriter, r *http.Request, posted bool, done *interaction.SignedOut) error {
	switch {
	case done.Continue != "" && len(done.Frames()) == 0:
		seeOther(w, done.Continue)
		return nil
	case !posted:
		return p.cfg.SignOut.SignedOut(w, r, done)
	}
	id := p.signOuts.NewID()
	if _, err := p.signOuts.Put(r.Context(), id, *done); err != nil {
		// They are signed out: that the page cannot be reloaded is all that is lost.
		p.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "keep what came of a sign-out", slog.String("reason", err.Error()))
		return p.cfg.SignOut.SignedOut(w, r, done)
	}
	seeOther(w, withQuery(p.cfg.Issuer+signedOutPath, url.Values{"id": {id}}))
	return nil
}

// showSignedOut is the page. An id that is not known (any more) gets the page without
// the applications.
func (p *Provider) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	privately(w)
	done, _, err := p.signOuts.Get(r.Context(), r.URL.Query().Get("id"))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		done = interaction.SignedOut{}
	case err != nil:
		return web.Unavailable(err)
	}
	return p.cfg.SignOut.SignedOut(w, r, &done)
}
