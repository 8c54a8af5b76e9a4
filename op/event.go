package op

import (
	"context"
	"fmt"
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
	id, err := storage.NewID(r.Now, p.cfg.Random)
	if err != nil {
		return storage.Event{}, fmt.Errorf("name event %s: %w", typ, err)
	}
	e := storage.Event{
		ID: id, At: r.Now, Type: typ, ClientID: r.Client.ID,
		UserAgent: printable(r.HTTP.Header.Get("User-Agent")), RequestID: web.RequestID(ctx), Outcome: storage.Success,
	}
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
