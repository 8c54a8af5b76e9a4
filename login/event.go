package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/flow"
)

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
	return account.Person(e, p.cfg.Journal.Origin(r, s.in))
}
