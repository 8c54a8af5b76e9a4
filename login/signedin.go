package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/storage"
)

// Check says whether the browser's session satisfies the interaction, and if
// not, which step is missing.
func (p *Pages) Check(r *http.Request, in *storage.Interaction) (storage.Outcome, error) {
	step, signedIn, err := p.next(r, in)
	if err != nil {
		return storage.Outcome{}, err
	}
	return storage.Outcome{
		SignedIn: signedIn, Missing: step.Name, Error: step.Error, Reason: step.Reason, Fatal: step.Fatal,
	}, nil
}

// next gathers the evidence and asks [Next].
func (p *Pages) next(r *http.Request, in *storage.Interaction) (Step, *storage.SignedIn, error) {
	client, ok := p.cfg.Clients.Client(in.Request.ClientID)
	if !ok {
		return Step{}, nil, errInteractionGone
	}
	signedIn, err := p.Session(r)
	if err != nil {
		return Step{}, nil, err
	}
	state := State{Now: p.cfg.Now(), Interaction: in, Client: client, SignedIn: signedIn}
	if signedIn != nil && client.Consent == storage.ConsentRemember {
		state.Consented, err = p.consented(r.Context(), signedIn.User.ID, client.ID)
		if err != nil {
			return Step{}, nil, err
		}
	}
	return Next(state), signedIn, nil
}

func (p *Pages) consented(ctx context.Context, userID storage.ID, clientID string) ([]string, error) {
	scopes, err := p.cfg.Consents.Get(ctx, userID, clientID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, unavailable("read consent", err)
	}
	return scopes, nil
}

// Begin sends the browser to the page of what the interaction is missing.
func (p *Pages) Begin(w http.ResponseWriter, r *http.Request, in *storage.Interaction) {
	step, _, err := p.next(r, in)
	if err != nil {
		p.cfg.Errors.Show(w, r, err)
		return
	}
	http.Redirect(w, r, p.after(step, in), http.StatusSeeOther)
}

// after is where a browser goes for a step; it is 303 everywhere, so that no
// browser repeats a form with a password to another address (requirement AZ7).
func (p *Pages) after(step Step, in *storage.Interaction) string {
	switch {
	case step.Name == StepDone, step.Fatal:
		return address(resumePath, in)
	case step.Name == StepConsent:
		return address("/consent", in)
	}
	return address("/login", in)
}

// proceed sends the browser on to the step that a page's evidence leads to.
func (p *Pages) proceed(w http.ResponseWriter, r *http.Request, in *storage.Interaction) {
	// What the page just set is in the answer's cookies, not yet in the
	// request's: the next page, or the provider, looks at them anew.
	http.Redirect(w, r, address(resumePath, in), http.StatusSeeOther)
}
