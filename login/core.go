package login

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// core is what every page of the flow stands on: it loads the flow, sends the browser
// on to the next step, and begins what is rendered.
type core struct {
	*flows
	ui       *ui.Renderer
	accounts *account.Service
	limits   *limits.Limiter
	journal  *journal.Journal
	flash    *flash.Store
	trust    *trustedDevices
	errors   *web.Errors
	metrics  Metrics
	log      *slog.Logger
}

func newCore(cfg Config) *core {
	policy := cfg.Factors.Policy()
	return &core{
		flows: &flows{
			interactions: cfg.Interactions, clients: cfg.Clients, users: cfg.Users, consents: cfg.Consents, sessions: cfg.Sessions,
			partials: cfg.Partials, cookies: cfg.Cookies, factors: cfg.Factors, access: cfg.Access, policy: policy, now: cfg.Now,
			signUp: cfg.Accounts.SignUpPolicy().Mode != account.SignUpOff,
		},
		ui: cfg.UI, accounts: cfg.Accounts, limits: cfg.Limits, journal: cfg.Journal, flash: cfg.Flash, errors: cfg.Errors, metrics: cfg.Metrics, log: cfg.Log,
		trust: &trustedDevices{
			devices: cfg.Devices, accounts: cfg.Accounts, journal: cfg.Journal, cookies: cfg.Cookies, policy: policy, now: cfg.Now,
		},
	}
}

// stepHandler handles the page of a step at which the flow is.
type stepHandler func(http.ResponseWriter, *http.Request, *flowContext) error

// step wraps the handler of a step's page: it runs only while that step is what
// is missing; any other time the browser goes to the step that is. So nothing is
// reached by asking for it out of turn, and going back is safe. A partial sign-in
// that has come to prove enough becomes a session before anything else happens.
func (c *core) step(h stepHandler, names ...string) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, err := c.loadFlow(w, r)
		if err != nil {
			return err
		}
		if f.client != nil && f.client.RunsInBrowsers() {
			web.AllowOpener(w)
		}
		if f.partial != nil && !f.step.ProvesIdentity() || f.step.Fatal || !slices.Contains(names, f.step.Name) {
			return c.advance(w, r, f)
		}
		return h(w, r, f)
	}
}

// redirectToNextStep evaluates the flow once more, after a page has added to its
// evidence, and sends the browser to what is missing then.
func (c *core) redirectToNextStep(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	next, err := c.evaluate(r, f.interaction, f.partial)
	if err != nil {
		return err
	}
	return c.advance(w, r, next)
}

// advance sends the browser to the step that the evidence leads to. When the last
// proof is there the partial sign-in becomes a session. It is 303 everywhere, so that
// no browser repeats a form with a password to another address (requirement AZ7).
func (c *core) advance(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if f.partial != nil && !f.step.ProvesIdentity() {
		if err := c.complete(w, r, f); err != nil {
			return err
		}
	}
	if f.step.Fatal {
		return c.cancelFlow(w, r, f)
	}
	http.Redirect(w, r, f.destination(), http.StatusSeeOther)
	return nil
}

// startSignIn begins a partial sign-in with the evidence of a first factor, and goes on
// to whatever is missing then.
func (c *core) startSignIn(w http.ResponseWriter, r *http.Request, f *flowContext, e *signin.Evidence, remember bool) error {
	f.partial = c.partials.New(r, f.interaction, e.User)
	f.partial.Proofs, f.partial.Remember = []storage.Proof{e.Proof}, remember
	if err := c.trust.recall(w, r, f, e.User); err != nil {
		return err
	}
	if err := c.partials.Save(w, r, f.partial); err != nil {
		return err
	}
	return c.redirectToNextStep(w, r, f)
}

// complete turns a partial sign-in into a session. Of many requests that complete one
// sign-in, one makes a session (replay, requirement PA1).
func (c *core) complete(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	p := f.partial
	if err := c.partials.Take(w, r, p); err != nil {
		return err
	}
	notices, err := c.newDeviceNotices(r, f)
	if err != nil {
		return err
	}
	started, err := c.sessions.Create(w, r, session.SignIn{
		UserID: p.UserID, PasswordEpoch: p.PasswordEpoch, Proofs: p.Proofs, TrustedDevice: p.TrustedDevice,
		TrustACR: p.TrustACR, Remember: p.Remember, ClientID: f.interaction.ClientID(),
		First: f.state.User.SignedInAt.IsZero(), Notices: notices,
	}, f.signedIn)
	if err != nil {
		return err
	}
	c.limits.SignedIn(w, r, p.UserID)
	c.metrics.SignedIn(started.Authentication.ACR)
	c.log.LogAttrs(r.Context(), slog.LevelInfo, "signed in", slog.String("user_id", string(started.UserID)), slog.String("sid", string(started.SID)),
		slog.String("client_id", f.interaction.ClientID()), slog.String("acr", started.Authentication.ACR), slog.String("address", started.Address))
	return c.trust.add(w, r, f, started)
}

// newDeviceNotices tell the owner of a sign-in in a browser in which they neither
// signed in before nor are signed in, and which they do not trust.
func (c *core) newDeviceNotices(r *http.Request, f *flowContext) ([]storage.Message, error) {
	user := f.state.User
	if c.limits.Knows(r, user) || f.partial.TrustedDevice != "" || f.signedIn != nil && f.signedIn.User.ID == user.ID {
		return nil, nil
	}
	notices, err := c.accounts.NewDevice(c.actor(r, f), user)
	if err != nil {
		return nil, pageerror.Unavailable("make notice of a new device", err)
	}
	return notices, nil
}

// cancelFlow ends an interaction whose person cannot show what it takes: a client is
// told, a person on the way to a page of ours sees why.
func (c *core) cancelFlow(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if !f.interaction.ForClient() {
		return errUnreachable(f.step.Reason)
	}
	if err := c.dropPartial(w, r, f); err != nil {
		return err
	}
	return c.refuseClient(w, r, f.interaction, interaction.Refusal{Code: f.step.Error, Reason: f.step.Reason})
}

// decline sends the person back to the client, which is told that they declined.
func (c *core) decline(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	return c.refuseClient(w, r, f.interaction, interaction.Refusal{Code: "access_denied", Reason: "the person declined"})
}

// refuseClient ends an interaction with an error for its client.
func (c *core) refuseClient(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, refusal interaction.Refusal) error {
	if err := c.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.Refusal = &refusal }); err != nil {
		return err
	}
	http.Redirect(w, r, in.Address(resumePath), http.StatusSeeOther)
	return nil
}

// switchAccount has whoever the flow is about not be used here: what they showed in it
// is dropped, and somebody signs in anew. Their session, if there is one, goes on for
// others.
func (c *core) switchAccount(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if err := c.dropPartial(w, r, f); err != nil {
		return err
	}
	f.partial = nil
	if f.state.User != nil {
		another := &interaction.Another{Than: f.state.User.ID, At: c.now()}
		if err := c.updateInteraction(r.Context(), f.interaction, func(in *interaction.Interaction) { in.Another = another }); err != nil {
			return err
		}
	}
	return c.redirectToNextStep(w, r, f)
}

// dropPartial forgets the partial sign-in, where there is one.
func (c *core) dropPartial(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if f.partial == nil {
		return nil
	}
	return c.partials.Drop(w, r, f.partial)
}

// ensurePartial begins a partial sign-in on top of a session that must show more.
func (c *core) ensurePartial(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if f.partial != nil {
		return nil
	}
	f.partial = c.partials.New(r, f.interaction, f.state.User)
	return c.partials.Save(w, r, f.partial)
}

// actor is the person who acts in a flow, with what they showed in it and in their
// session.
func (c *core) actor(r *http.Request, f *flowContext) account.Actor {
	return account.Person(f.evidence(), c.journal.Origin(r, f.interaction))
}

// refuse sends the browser back to the page of the form that it sent (Post/Redirect/Get),
// which says what is wrong and shows the id of this request.
func (c *core) refuse(w http.ResponseWriter, r *http.Request, page string, m flash.Message) error {
	m.Trace = web.RequestID(r.Context())
	return c.flash.Refuse(w, r, page, m)
}

// Say has a page say what waited for it.
func Say(page *ui.Page, m flash.Message) { page.Tell(m) }

// page begins a page of an interaction, or of none: its form goes to path.
func (c *core) page(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, path, title string) ui.Page {
	return c.ui.Begin(w, r, c.options(r, in, path, title))
}

// personPage begins a page that asks something of whoever the flow is about: it says
// whose account that is, and lets somebody else sign in.
func (c *core) personPage(w http.ResponseWriter, r *http.Request, f *flowContext, path, title string) ui.Page {
	o := c.options(r, f.interaction, path, title)
	o.Person, o.Switch = f.state.User.Identifier(), f.interaction.Address(switchPath)
	page := c.ui.Begin(w, r, o)
	page.In(f.state.User.Profile.Zoneinfo)
	return page
}

func (c *core) options(r *http.Request, in *interaction.Interaction, path, title string) ui.Options {
	o := ui.Options{Title: title, Action: in.Address(path)}
	if in != nil {
		o.FormAction = redirectOrigin(in.RedirectURI())
		o.Locales, o.Elsewhere = in.Locales(), in.Device != nil
		// For its name and color only: without them the page is as good.
		o.Client, _ = c.clientOf(r.Context(), in)
	}
	return o
}
