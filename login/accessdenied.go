package login

import (
	"context"
	"net/http"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// accessDeniedPage tells whom a client's rules refuse.
type accessDeniedPage struct{ *core }

// accessPath is where it is.
const accessPath = "/access-denied"

// anotherParam says that the person wants to use another account.
const anotherParam = "another"

// addAccess says whether the person may use the client, from where the browser is.
func (l *flows) addAccess(ctx context.Context, f *flowContext) error {
	if f.client == nil || f.state.User == nil {
		f.state.Access = access.Decision{Outcome: access.Allowed, Rule: access.NoRule}
		return nil
	}
	f.state.Access = flow.AccessOf(l.access, f.client, f.state.User, web.ClientAddress(ctx))
	return nil
}

// show says for which application, and as whom the person is signed in. The event
// names the rule; it is written once for each visit.
func (p *accessDeniedPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	user, decision := f.state.User, f.state.Access
	if r.URL.Query().Has(anotherParam) {
		return p.switchAccount(w, r, f)
	}
	if f.interaction.AnswersOf(user.ID).AccessRefused != decision.By {
		if err := p.journal.RecordFor(r, f.interaction, storage.EventAccessRefused, user.ID, storage.Failure, decision.By); err != nil {
			return err
		}
		told := func(a *interaction.Answers) { a.AccessRefused = decision.By }
		if err := p.answer(r.Context(), f.interaction, user.ID, told); err != nil {
			return err
		}
	}
	here := f.interaction.Address(accessPath)
	return p.ui.Render(w, http.StatusForbidden, ui.AccessDenied{
		Page: p.page(w, r, f.interaction, accessPath, "denied.title"), Person: DisplayName(user), Contact: p.access.Contact(),
		Elsewhere: decision.Elsewhere, Again: here, Another: here + "&" + anotherParam + "=1", Leave: f.interaction.Address(resumePath),
	})
}
