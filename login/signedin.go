package login

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// stepHandler handles the page of a step at which the flow stands.
type stepHandler func(http.ResponseWriter, *http.Request, *standing) error

// standing is a request's evidence together with what follows from it.
type standing struct {
	in       *interaction.Interaction
	client   *client.Client // nil for account pages
	signedIn *storage.SignedIn
	part     *partial.SignIn
	// person is set where their factors matter.
	person *mfa.Person
	state  flow.State
	step   flow.Step
}

// Check says whether the browser's session satisfies the interaction, and if
// not, which step is missing. A partial sign-in is nothing to it.
func (p *Pages) Check(r *http.Request, in *interaction.Interaction) (interaction.Outcome, error) {
	s, err := p.stand(r, in, nil)
	if err != nil {
		return interaction.Outcome{}, err
	}
	outcome := interaction.Outcome{
		SignedIn: s.signedIn, Missing: s.step.Name, Error: s.step.Error, Reason: s.step.Reason, Fatal: s.step.Fatal,
		Refused: s.step.Name == flow.StepAccess, Cause: s.state.Access.By,
	}
	if s.signedIn != nil && s.step.Name == flow.StepDone {
		told := *s.signedIn
		told.Session.Authentication = s.state.Reported()
		outcome.SignedIn = &told
	}
	return outcome, nil
}

// stand gathers the evidence of the session and the partial sign-in, which may
// be nil, and asks [Next]. The person's factors are read only where what was
// shown is not enough.
func (p *Pages) stand(r *http.Request, in *interaction.Interaction, part *partial.SignIn) (*standing, error) {
	s := &standing{in: in, part: part}
	if in.ForClient() {
		c, err := p.clientOf(r.Context(), in)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, errInteractionGone
		}
		s.client = c
	}
	var err error
	if s.signedIn, err = p.cfg.Sessions.Read(r); err != nil {
		return nil, err
	}
	s.state = flow.State{Now: p.cfg.Now(), Interaction: in, Client: s.client, Policy: &p.policy, SignUp: p.cfg.Accounts.SignUpPolicy().Mode != account.SignUpOff, Enrollable: len(p.allEnrollable()) > 0}
	if err := p.addEvidence(r.Context(), s); err != nil {
		return nil, err
	}
	s.state.Access = p.decideAccess(r, s)
	if err := p.addFactors(r.Context(), s); err != nil {
		return nil, err
	}
	s.step = flow.Next(s.state)
	return s, nil
}

// clientOf returns the client of the interaction, or nil where it is unknown or
// no client asks.
func (p *Pages) clientOf(ctx context.Context, in *interaction.Interaction) (*client.Client, error) {
	if !in.ForClient() {
		return nil, nil
	}
	c, err := p.cfg.Clients.Client(ctx, in.ClientID())
	if errors.Is(err, client.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, pageerror.Unavailable("look up client", err)
	}
	return c, nil
}

// addEvidence says who the evidence is about. A partial sign-in of somebody else
// than the session's is about them alone.
func (p *Pages) addEvidence(ctx context.Context, s *standing) error {
	if s.signedIn != nil {
		s.state.User = &s.signedIn.User
		s.state.Proofs = s.signedIn.Session.Proofs
		s.state.TrustACR = s.signedIn.Session.TrustACR
	}
	if err := p.addPartial(ctx, s); err != nil {
		return err
	}
	if s.state.User == nil || s.client == nil || s.client.ConsentFor(s.in.Request.RedirectURI) != client.ConsentRemember {
		return nil
	}
	scopes, err := p.cfg.Consents.Get(ctx, s.state.User.ID, s.client.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return pageerror.Unavailable("read consent", err)
	}
	s.state.Consented = scopes
	return nil
}

// addPartial adds what the partial sign-in shows. One that began under another
// password, or before the factors were reset, shows nothing.
func (p *Pages) addPartial(ctx context.Context, s *standing) error {
	if s.part == nil {
		return nil
	}
	user := s.state.User
	if user == nil || user.ID != s.part.UserID {
		var err error
		if user, err = p.cfg.Users.ByID(ctx, s.part.UserID); errors.Is(err, storage.ErrNotFound) {
			s.part = nil
			return nil
		} else if err != nil {
			return pageerror.Unavailable("read user", err)
		}
	}
	if user.PasswordEpoch != s.part.PasswordEpoch {
		s.part = nil
		return nil
	}
	if user != s.state.User {
		s.state.User, s.state.Proofs, s.state.TrustACR = user, nil, ""
	}
	s.state.Proofs = flow.Merge(append(s.part.Proofs, s.state.Proofs...)...)
	if s.part.TrustACR != "" {
		s.state.TrustACR = s.part.TrustACR
	}
	return nil
}

// addFactors reads what the person could show or enrol, where that matters.
func (p *Pages) addFactors(ctx context.Context, s *standing) error {
	if !s.state.FactorsMatter() {
		return nil
	}
	person, err := p.cfg.Factors.Person(ctx, s.state.User)
	if err != nil {
		return pageerror.Unavailable("read factors", err)
	}
	s.person = &person
	s.state.Offer = p.cfg.Factors.Offer(s.state.Demand(person))
	return nil
}

// standing loads the interaction that the request names, with its partial
// sign-in, and says which step it is at.
func (p *Pages) standing(w http.ResponseWriter, r *http.Request) (*standing, error) {
	in, err := p.interaction(r)
	if err != nil {
		return nil, err
	}
	part, err := p.cfg.Partials.Load(w, r, in)
	if err != nil {
		return nil, err
	}
	s, err := p.stand(r, in, part)
	if err != nil {
		return nil, err
	}
	if s.client != nil && s.client.RunsInBrowsers() {
		web.AllowOpener(w)
	}
	return s, nil
}

// step wraps the handler of a step's page: it runs only while that step is what
// is missing; any other time the browser goes to the step that is. So nothing is
// reached by asking for it out of turn, and going back is safe. A partial sign-in
// that has come to prove enough becomes a session before anything else happens.
func (p *Pages) step(h stepHandler, names ...string) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := p.standing(w, r)
		if err != nil {
			return err
		}
		if s.part != nil && !s.step.ProvesIdentity() || s.step.Fatal || !slices.Contains(names, s.step.Name) {
			return p.advance(w, r, s)
		}
		return h(w, r, s)
	}
}

// Begin sends the browser to the page of what the interaction is missing.
func (p *Pages) Begin(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) {
	part, err := p.cfg.Partials.Load(w, r, in)
	if err == nil {
		var s *standing
		if s, err = p.stand(r, in, part); err == nil {
			err = p.advance(w, r, s)
		}
	}
	if err != nil {
		p.cfg.Errors.Show(w, r, err)
	}
}

// again asks Next once more, after a page has added to the evidence.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, part *partial.SignIn) error {
	s, err := p.stand(r, in, part)
	if err != nil {
		return err
	}
	return p.advance(w, r, s)
}

// advance sends the browser on to the step that the evidence leads to. When the
// last proof is there the partial sign-in becomes a session. It is 303
// everywhere, so that no browser repeats a form with a password to another
// address (requirement AZ7).
func (p *Pages) advance(w http.ResponseWriter, r *http.Request, s *standing) error {
	if s.part != nil && !s.step.ProvesIdentity() {
		if err := p.complete(w, r, s); err != nil {
			return err
		}
	}
	if s.step.Fatal {
		return p.giveUp(w, r, s)
	}
	http.Redirect(w, r, s.destination(), http.StatusSeeOther)
	return nil
}

// giveUp ends an interaction whose person cannot show what it takes: a client is
// told, a person on the way to a page of ours sees why.
func (p *Pages) giveUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	if !s.in.ForClient() {
		return errNoWayIn(s.step.Reason)
	}
	err := p.updateInteraction(r.Context(), s.in, func(in *interaction.Interaction) {
		in.Refusal = &interaction.Refusal{Code: s.step.Error, Reason: s.step.Reason}
	})
	if err != nil {
		return err
	}
	if s.part != nil {
		if err := p.cfg.Partials.Drop(w, r, s.part); err != nil {
			return err
		}
	}
	http.Redirect(w, r, address(resumePath, s.in), http.StatusSeeOther)
	return nil
}

// errNoWayIn answers a person on the way to a page of ours who cannot show what
// it takes. A client would be told instead.
func errNoWayIn(reason string) error {
	return &web.Error{
		Status: http.StatusForbidden, Key: "no_way_in",
		Title:  "You can’t be signed in",
		Detail: "Two-step verification is required here, and you can’t use or set up any method right now. Please ask your administrator for help.",
		Cause:  errors.New(reason),
	}
}

// destination is where a browser goes for the step that it is at.
func (s *standing) destination() string {
	switch {
	case s.step.Name != flow.StepDone:
		return address("/"+s.step.Name, s.in)
	case !s.in.ForClient():
		return s.in.Page.ReturnTo
	}
	return address(resumePath, s.in)
}
