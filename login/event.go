package login

import (
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/storage"
)

// maxUserAgent is how much of a User-Agent is kept, in bytes.
const maxUserAgent = 256

// origin is where a request came from. in is the interaction that it belongs to;
// nil is none.
func (p *Pages) origin(r *http.Request, in *interaction.Interaction) account.Origin {
	from := account.Origin{
		Address: web.ClientAddress(r.Context()).String(), UserAgent: userAgent(r), RequestID: web.RequestID(r.Context()),
	}
	if in == nil {
		from.Locale = p.cfg.UI.Locale(r, nil)
		return from
	}
	from.ClientID, from.Locale = in.ClientID(), p.cfg.UI.Locale(r, in.Locales())
	return from
}

// visitor is whoever sent the request, who need not have shown who they are.
func (p *Pages) visitor(r *http.Request, in *interaction.Interaction) account.Actor {
	return account.Visitor(p.origin(r, in))
}

// actor is the person who acts in an interaction, with what they showed in it and
// in their session.
func (p *Pages) actor(r *http.Request, s *standing) account.Actor {
	e := account.Evidence{User: s.state.User, Proofs: s.state.Proofs, Interaction: s.in.CreatedAt}
	if s.part != nil {
		e.Proofs = flow.Merge(append(s.part.Proofs, s.state.Proofs...)...)
	}
	if s.signedIn != nil && s.signedIn.User.ID == s.state.User.ID {
		e.SID = s.signedIn.Session.SID
	}
	return account.Person(e, p.origin(r, s.in))
}

// Actor is whoever is signed in, on a page of the account. shown is what the very
// request shows beside the session.
func (p *Pages) Actor(r *http.Request, signedIn *storage.SignedIn, shown ...storage.Proof) account.Actor {
	return account.Person(account.Evidence{
		User: &signedIn.User, SID: signedIn.Session.SID, Proofs: append(shown, signedIn.Session.Proofs...),
	}, p.origin(r, nil))
}

// event starts a security event of the request.
func (p *Pages) event(r *http.Request, typ storage.EventType, userID storage.ID) (storage.Event, error) {
	return account.NewEvent(p.cfg.Now(), p.cfg.Random, p.visitor(r, nil), typ, userID)
}

func userAgent(r *http.Request) string {
	agent := r.UserAgent()
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(agent, "\x00", ""), "")
}
