package login

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// maxUserAgent is how much of a User-Agent is kept, in bytes.
const maxUserAgent = 256

// event starts a security event of the request.
func (p *Pages) event(r *http.Request, typ storage.EventType, userID storage.ID) (storage.Event, error) {
	now := p.cfg.Now()
	id, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return storage.Event{}, fmt.Errorf("name event %s: %w", typ, err)
	}
	return storage.Event{
		ID: id, At: now, Type: typ, UserID: userID, Address: web.ClientAddress(r.Context()).String(),
		UserAgent: userAgent(r), RequestID: web.RequestID(r.Context()), Outcome: storage.Success,
	}, nil
}

func userAgent(r *http.Request) string {
	agent := r.UserAgent()
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(agent, "\x00", ""), "")
}
