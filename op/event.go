package op

import (
	"context"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// maxUserAgent is how much of a User-Agent an event keeps, in bytes.
const maxUserAgent = 256

// effectTimeout bounds a write that must not be cut short by its caller.
const effectTimeout = 10 * time.Second

// event starts a security event of the request.
func (p *Provider) event(ctx context.Context, r *tokenRequest, typ storage.EventType, g *storage.Grant) (storage.Event, error) {
	e, err := storage.NewEvent(r.Now, p.cfg.Random, typ)
	if err != nil {
		return storage.Event{}, err
	}
	e.ActorKind, e.ActorID, e.ClientID = storage.ActorClient, r.Client.ID, r.Client.ID
	e.UserAgent, e.RequestID = printable(r.HTTP.Header.Get("User-Agent")), web.RequestID(ctx)
	if g != nil {
		e.UserID, e.GrantID, e.SID = g.UserID, g.ID, g.SID
	}
	if address := web.ClientAddress(ctx); address.IsValid() {
		e.Address = address.String()
	}
	return e, nil
}

// printable cuts a header to what an event keeps, and to text that every
// database takes.
func printable(header string) string {
	if len(header) > maxUserAgent {
		header = header[:maxUserAgent]
	}
	return strings.ToValidUTF8(header, "")
}

// uncancelled is ctx for a write that follows from an attack: an attacker who
// hangs up must not be able to stop it.
func uncancelled(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), effectTimeout)
}
