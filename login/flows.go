package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// flows loads the flow that a request belongs to: its interaction, its evidence, and
// the step that is missing.
type flows struct {
	interactions Interactions
	clients      Clients
	users        Users
	consents     Consents
	sessions     *session.Sessions
	partials     *partial.Store
	cookies      web.Cookies
	factors      *mfa.Factors
	access       *access.Catalog
	policy       mfa.Policy
	now          func() time.Time
	signUp       bool // people may make accounts
}

// flowContext is a request's evidence together with what follows from it.
type flowContext struct {
	interaction *interaction.Interaction
	client      *client.Client // nil for account pages
	signedIn    *storage.SignedIn
	partial     *partial.SignIn
	// person is set where their factors matter.
	person *mfa.Person
	state  flow.State
	step   flow.Step
}

// destination is where a browser goes for the step that it is at.
func (f *flowContext) destination() string {
	switch {
	case f.step.Name != flow.StepDone:
		return f.interaction.Address("/" + f.step.Name)
	case !f.interaction.ForClient():
		return f.interaction.Page.ReturnTo
	}
	return f.interaction.Address(resumePath)
}

// evidence is what the person of the flow showed, in it and in their session.
func (f *flowContext) evidence() account.Evidence {
	e := account.Evidence{User: f.state.User, Proofs: f.state.Proofs, Interaction: f.interaction.CreatedAt}
	if f.partial != nil {
		e.Proofs = flow.Merge(append(f.partial.Proofs, f.state.Proofs...)...)
	}
	if f.signedIn != nil && f.signedIn.User.ID == f.state.User.ID {
		e.SID, e.Began = f.signedIn.Session.SID, f.signedIn.Session.CreatedAt
	}
	return e
}

// loadFlow loads the interaction that the request names, with its partial sign-in, and
// says which step is missing.
func (l *flows) loadFlow(w http.ResponseWriter, r *http.Request) (*flowContext, error) {
	in, err := l.interaction(r)
	if err != nil {
		return nil, err
	}
	return l.flowOf(w, r, in)
}

// flowOf is loadFlow for an interaction that is loaded already.
func (l *flows) flowOf(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) (*flowContext, error) {
	p, err := l.partials.Load(w, r, in)
	if err != nil {
		return nil, err
	}
	return l.evaluate(r, in, p)
}

// evaluate gathers the evidence of the session and of the partial sign-in, which may
// be nil, and says by [flow.Next] which step is missing. The person's factors are read
// only where what was shown is not enough.
func (l *flows) evaluate(r *http.Request, in *interaction.Interaction, p *partial.SignIn) (*flowContext, error) {
	f := &flowContext{interaction: in, partial: p}
	if in.ForClient() {
		c, err := l.clientOf(r.Context(), in)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, errInteractionGone
		}
		f.client = c
	}
	var err error
	if f.signedIn, err = l.sessions.Read(r); err != nil {
		return nil, err
	}
	f.state = flow.State{
		Now: l.now(), Interaction: in, Client: f.client, Policy: &l.policy, SignUp: l.signUp, Enrollable: len(l.enrollable()) > 0,
	}
	for _, add := range []func(context.Context, *flowContext) error{l.addSession, l.addPartial, l.addConsent, l.addAccess, l.addFactors} {
		if err := add(r.Context(), f); err != nil {
			return nil, err
		}
	}
	f.step = flow.Next(f.state)
	return f, nil
}

// clientOf returns the client of the interaction, or nil where it is unknown or
// no client asks.
func (l *flows) clientOf(ctx context.Context, in *interaction.Interaction) (*client.Client, error) {
	if !in.ForClient() {
		return nil, nil
	}
	c, err := l.clients.Client(ctx, in.ClientID())
	if errors.Is(err, client.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, pageerror.Unavailable("look up client", err)
	}
	return c, nil
}

func (l *flows) addSession(_ context.Context, f *flowContext) error {
	if f.signedIn != nil {
		f.state.User = &f.signedIn.User
		f.state.Proofs = f.signedIn.Session.Proofs
		f.state.TrustACR = f.signedIn.Session.TrustACR
	}
	return nil
}

// addPartial adds what the partial sign-in shows. One of somebody else than the
// session's is about them alone. One that began under another password, or before the
// factors were reset, shows nothing.
func (l *flows) addPartial(ctx context.Context, f *flowContext) error {
	if f.partial == nil {
		return nil
	}
	user := f.state.User
	if user == nil || user.ID != f.partial.UserID {
		var err error
		if user, err = l.users.ByID(ctx, f.partial.UserID); errors.Is(err, storage.ErrNotFound) {
			f.partial = nil
			return nil
		} else if err != nil {
			return pageerror.Unavailable("read user", err)
		}
	}
	if user.PasswordEpoch != f.partial.PasswordEpoch {
		f.partial = nil
		return nil
	}
	if user != f.state.User {
		f.state.User, f.state.Proofs, f.state.TrustACR = user, nil, ""
	}
	f.state.Proofs = flow.Merge(append(f.partial.Proofs, f.state.Proofs...)...)
	if f.partial.TrustACR != "" {
		f.state.TrustACR = f.partial.TrustACR
	}
	return nil
}

// addConsent reads what the person allowed the client on earlier days.
func (l *flows) addConsent(ctx context.Context, f *flowContext) error {
	if f.state.User == nil || f.client == nil || f.client.ConsentFor(f.interaction.Request.RedirectURI) != client.ConsentRemember {
		return nil
	}
	scopes, err := l.consents.Get(ctx, f.state.User.ID, f.client.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return pageerror.Unavailable("read consent", err)
	}
	f.state.Consented = scopes
	return nil
}

// addFactors reads what the person could show or enroll, where that matters.
func (l *flows) addFactors(ctx context.Context, f *flowContext) error {
	if !f.state.FactorsMatter() {
		return nil
	}
	if err := l.readPerson(ctx, f); err != nil {
		return err
	}
	f.state.Offer = l.factors.Offer(f.state.Demand(*f.person))
	return nil
}

// readPerson reads the person's factors, unless they were read.
func (l *flows) readPerson(ctx context.Context, f *flowContext) error {
	if f.person != nil {
		return nil
	}
	person, err := l.factors.Person(ctx, f.state.User)
	if err != nil {
		return pageerror.Unavailable("read factors", err)
	}
	f.person = &person
	return nil
}

// enrollable are the kinds of factors that people enroll and that count.
func (l *flows) enrollable() []storage.FactorKind {
	var kinds []storage.FactorKind
	for _, factor := range l.factors.All() {
		if _, ok := factor.(mfa.Enroller); ok && l.policy.Reaches(factor.Kind()) != "" {
			kinds = append(kinds, factor.Kind())
		}
	}
	return kinds
}
