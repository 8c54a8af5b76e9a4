package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// accessPath is the page of whom a client's rules refuse.
const accessPath = "/access-denied"

// anotherParam says that the person wants to use another account.
const anotherParam = "another"

// decideAccess says whether the person may use the client, from where the browser is.
// What has to be reached besides is for the flow to ask for: here nothing counts as
// reached, so that the decision names it.
func (p *Pages) decideAccess(r *http.Request, s *standing) access.Decision {
	if s.client == nil || s.state.User == nil {
		return access.Decision{Outcome: access.Allowed, Rule: access.NoRule}
	}
	at := access.Request{Address: web.ClientAddress(r.Context())}
	nothing := func(string, string) bool { return false }
	return p.cfg.Access.Policy(s.client.Access).Decide(access.SubjectOf(s.state.User), at, nothing)
}

// showAccessDenied says for which application, and as whom the person is signed in.
// The event names the rule; it is written once for each visit.
func (p *Pages) showAccessDenied(w http.ResponseWriter, r *http.Request, s *standing) error {
	user, decision := s.state.User, s.state.Access
	if r.URL.Query().Has(anotherParam) {
		err := p.updateInteraction(r.Context(), s.in, func(in *interaction.Interaction) {
			in.Another = &interaction.Another{Than: user.ID, At: p.cfg.Now()}
		})
		if err != nil {
			return err
		}
		return p.again(w, r, s.in, s.part)
	}
	if s.in.AnswersOf(user.ID).AccessRefused != decision.By {
		if err := p.cfg.Journal.RecordFor(r, s.in, storage.EventAccessRefused, user.ID, storage.Failure, decision.By); err != nil {
			return err
		}
		if err := p.answer(r.Context(), s.in, user.ID, func(a *interaction.Answers) { a.AccessRefused = decision.By }); err != nil {
			return err
		}
	}
	here := address(accessPath, s.in)
	return p.cfg.UI.Render(w, http.StatusForbidden, ui.AccessDenied{
		Page: p.page(w, r, s.in, accessPath, "denied.title"), Person: displayName(user), Contact: p.cfg.Access.Contact(),
		Elsewhere: decision.Elsewhere, Again: here, Another: here + "&" + anotherParam + "=1", Leave: address(resumePath, s.in),
	})
}
