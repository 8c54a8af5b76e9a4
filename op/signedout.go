package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
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
	// settleTime is how long the page waits for applications to take their notices, and
	// settlePoll how often it looks.
	settleTime = 2 * time.Second
	settlePoll = 100 * time.Millisecond
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
		t := interaction.ToldClient{ClientID: c.ID, Name: c.Name, Posted: c.BackchannelLogoutURI != ""}
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
// redirect, which is answered again to whoever sent the form twice, and so it is where
// it can be looked at again, to see which applications took their notices.
func (p *Provider) signedOut(w http.ResponseWriter, r *http.Request, posted bool, done *interaction.SignedOut) error {
	switch {
	case done.Continue != "" && len(done.Frames()) == 0:
		seeOther(w, done.Continue)
		return nil
	case !posted && !done.Posts():
		return p.cfg.SignOut.SignedOut(w, r, done)
	}
	done.At = p.cfg.Now()
	id := p.signOuts.NewID()
	if _, err := p.signOuts.Put(r.Context(), id, *done); err != nil {
		// They are signed out: that the page cannot be reloaded is all that is lost.
		p.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "keep what came of a sign-out", slog.String("reason", err.Error()))
		return p.cfg.SignOut.SignedOut(w, r, done)
	}
	seeOther(w, p.cfg.Issuer+signedOutPage(id))
	return nil
}

func signedOutPage(id string) string {
	return withQuery(signedOutPath, url.Values{"id": {id}})
}

// showSignedOut is the page. An id that is not known (any more) gets the page without
// the applications.
func (p *Provider) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	privately(w)
	id := r.URL.Query().Get("id")
	done, _, err := p.signOuts.Get(r.Context(), id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		done = interaction.SignedOut{}
	case err != nil:
		return web.Unavailable(err)
	case done.Posts():
		done.Again = signedOutPage(id)
		p.settle(r.Context(), &done)
	}
	return p.cfg.SignOut.SignedOut(w, r, &done)
}

// settle notes what became of the notices to applications. Right after the sign-out it
// waits a moment for those that are on their way, which most take at once.
func (p *Provider) settle(ctx context.Context, done *interaction.SignedOut) {
	for range settleTime / settlePoll {
		if err := p.noteFarewells(ctx, done); err != nil {
			p.cfg.Log.LogAttrs(ctx, slog.LevelError, "look up what became of notices of a sign-out", slog.String("reason", err.Error()))
			return
		}
		if !done.Pending() || !p.cfg.Now().Before(done.At.Add(settleTime)) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settlePoll):
		}
	}
}

// noteFarewells notes what became of the notices so far. A client that is known by two
// subjects has two of them, and knows once it took both.
func (p *Provider) noteFarewells(ctx context.Context, done *interaction.SignedOut) error {
	farewells, err := p.cfg.Farewells.Farewells(ctx, done.SID)
	if err != nil {
		return fmt.Errorf("list notices: %w", err)
	}
	for i := range done.Told {
		told := &done.Told[i]
		for n, d := range slices.DeleteFunc(slices.Clone(farewells), func(d storage.Delivery) bool { return d.ClientID != told.ClientID }) {
			if notice := noticeOf(&d); n == 0 || told.Notice == interaction.NoticeTaken {
				told.Notice = notice
			}
		}
	}
	return nil
}

// noticeOf is what became of one.
func noticeOf(d *storage.Delivery) interaction.Notice {
	switch d.Status {
	case storage.DeliverySent:
		return interaction.NoticeTaken
	case storage.DeliverySkipped:
		return interaction.NoticeNotMeant
	case storage.DeliveryQueued:
		if d.LastError == "" {
			return interaction.NoticePending
		}
	case storage.DeliveryFailed, storage.DeliveryExpired:
	}
	return interaction.NoticeFailed
}
