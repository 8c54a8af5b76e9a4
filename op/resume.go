package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

const resumePath = authorizePath + "/resume"

var resumeEndpoint = endpoint{
	path:  resumePath,
	mount: func(p *Provider, to routes, path string) { to.pageAt(path, p.resume, http.MethodGet) },
}

// resume is where the hosted pages hand a browser back. It trusts nothing of
// how the browser came here: the interaction must be this browser's, and what
// is missing is asked again (requirements AZ3, PA5).
func (p *Provider) resume(w http.ResponseWriter, r *http.Request) error {
	privately(w)
	id := r.URL.Query().Get(interaction.Param)
	in, err := p.loadInteraction(r, id)
	if errors.Is(err, storage.ErrNotFound) && p.cfg.Submissions.Repeat(w, r, finishName(id)) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := p.stillRegistered(r.Context(), in)
	if err != nil {
		return err
	}
	keepOpener(w, c)
	outcome, err := p.resumed(r, in)
	if err != nil {
		return web.Unavailable(err)
	}
	next, refusal := decideNext(in.Request, outcome)
	if outcome.Refused {
		next, refusal = nextRefuse, &Error{Code: codeAccessDenied, Description: outcome.Reason, Cause: causeOf(outcome)}
	}
	if next == nextAsk {
		p.cfg.SignIn.Begin(w, r, in)
		return nil
	}
	// The form that led here may have been sent twice, and its browser have dropped the
	// first answer: for a moment the same is answered again (idempotent), and no second
	// code is made.
	return p.cfg.Submissions.OnceAs(finishName(in.ID), func(w http.ResponseWriter, r *http.Request) error {
		keepOpener(w, c)
		if err := p.takeInteraction(r.Context(), in); err != nil {
			return err
		}
		if in.Purpose == interaction.ApproveDevice {
			return p.concludeDevice(w, r, in, refusal, outcome.SignedIn)
		}
		if next == nextRefuse {
			return p.fail(w, r, in.Request.ClientID, deliveryOf(in.Request), refusal)
		}
		return p.succeed(w, r, in.Request, outcome.SignedIn)
	})(w, r)
}

// finishName names the end of an interaction, which only its browser knows.
func finishName(id string) string { return "resume " + id }

// resumed says how the interaction stands: the person may have declined, or not
// have been able to show what it takes.
func (p *Provider) resumed(r *http.Request, in *interaction.Interaction) (interaction.Outcome, error) {
	if in.Refusal != nil {
		return interaction.Outcome{Fatal: true, Error: in.Refusal.Code, Reason: in.Refusal.Reason}, nil
	}
	outcome, err := p.cfg.SignIn.Check(r, in)
	if err != nil {
		return interaction.Outcome{}, fmt.Errorf("check session: %w", err)
	}
	return outcome, nil
}

// stillRegistered refuses to send a browser where its client may not have it
// sent any more: the configuration may have changed while the person signed in.
func (p *Provider) stillRegistered(ctx context.Context, in *interaction.Interaction) (*client.Client, error) {
	request := in.Request
	c, err := p.cfg.Clients.Client(ctx, request.ClientID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, unknownClientPage(request.ClientID, err)
	case err != nil:
		return nil, lookupPage(err)
	case in.Purpose == interaction.ApproveDevice && !c.AllowsGrant(client.GrantDeviceCode):
		return nil, goneInteractionPage(errors.New("the client is not registered for the device grant any more"))
	case in.Purpose == interaction.ApproveDevice:
	case !c.MatchesRedirect(request.RedirectURI):
		return nil, badRedirectPage(c, request.RedirectURI)
	}
	return c, nil
}

func goneInteractionPage(cause error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "signin_over",
		Title:  "This sign-in has ended",
		Detail: "It was finished already, perhaps in another tab, or it took too long. Start again from the app.",
		Cause:  cause,
	}
}

func foreignInteractionPage() error {
	return &web.Error{
		Status: http.StatusForbidden, Key: "browser_mismatch",
		Title:  "This sign-in belongs to another browser",
		Detail: "You have to finish signing in in the browser where you started, with cookies allowed. Go back to the app and start again here. If somebody sent you this link, don’t go on.",
		Cause:  errors.New("the browser cookie is not the one that started the interaction"),
	}
}
