package login

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Config is what [Pages] are made of. Every field is required.
type Config struct {
	// Issuer is the issuer URL without a trailing slash.
	Issuer string
	UI     *ui.Renderer
	// Accounts changes people's accounts: every one of these changes is its own.
	Accounts *account.Service
	Users    Users
	Consents Consents
	// Sessions keeps browsers signed in, and Partials sign-ins that are not there yet.
	Sessions *session.Sessions
	Partials *partial.Store
	Limits   *limits.Limiter
	Journal  *journal.Journal
	// Flash keeps what a page says after a form on it was refused.
	Flash *flash.Store
	// Methods are the first factors, Factors the second ones, and Devices the browsers
	// that may do without.
	Methods *signin.Methods
	Factors *mfa.Factors
	Devices *mfa.Devices
	// Interactions keeps what waits for a person.
	Interactions Interactions
	// Requests finds what devices without a browser ask for.
	Requests Devices
	// Submissions make forms idempotent.
	Submissions Submissions
	Clients     Clients
	// Access says who may use clients; nil is everyone.
	Access  *access.Catalog
	Sealer  *keys.Sealer
	Errors  *web.Errors
	Cookies web.Cookies
	Metrics Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Users knows people; storage/sqlstore.Users in the binary.
type Users interface {
	ByID(ctx context.Context, id storage.ID) (*storage.User, error)
	ByIdentifier(ctx context.Context, identifier string) (*storage.User, error)
	// StartEnrollmentGrace starts the grace for enrollment, unless it runs.
	StartEnrollmentGrace(ctx context.Context, id storage.ID, now time.Time) error
}

// Consents keeps what people allowed clients; storage/sqlstore.Consents in the binary.
type Consents interface {
	Get(ctx context.Context, userID storage.ID, clientID string) ([]string, error)
}

// Submissions make forms idempotent; interaction.Submissions in the binary.
type Submissions interface {
	// Once has a form that is sent twice handled once; both get the answer.
	Once(h web.HandlerFunc) web.HandlerFunc
}

// Clients knows relying parties; client.Registry in the binary.
type Clients interface {
	// Client answers client.ErrUnknown where no client has the id.
	Client(ctx context.Context, id string) (*client.Client, error)
}

// Interactions keeps what waits for a person; interaction.Store in the binary.
type Interactions interface {
	// Start keeps a new one, bound to the browser. Its [web.Error] is for the person.
	Start(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error
	// Load answers storage.ErrNotFound and interaction.ErrForeign.
	Load(r *http.Request, id string) (*interaction.Interaction, error)
	// Update and Answer are compare-and-swap; they answer storage.ErrNotFound where
	// the interaction is over.
	Update(ctx context.Context, in *interaction.Interaction, change func(*interaction.Interaction)) error
	Answer(ctx context.Context, in *interaction.Interaction, user storage.ID, change func(*interaction.Answers)) error
	// Owns reports whether a keyed hash is that of the request's browser.
	Owns(r *http.Request, browser string) (bool, error)
}

// Metrics counts sign-ins and refusals.
type Metrics interface {
	SignedIn(acr string)
	Throttled(limit string)
}

// Pages serves the hosted pages of the flow.
type Pages struct {
	*core
	cfg Config
}

// New makes the pages.
func New(cfg Config) *Pages { return &Pages{core: newCore(cfg), cfg: cfg} }

// route is where a page is, and what answers there.
type route struct {
	pattern string
	handler web.HandlerFunc
}

// routes are all pages: each line is one.
func (p *Pages) routes() []route {
	c := p.core
	signIn := &signInPage{c, p.cfg.Methods.All()}
	factor := &factorPage{c}
	enroll := &enrollPage{c, &codesPage{c, p.cfg.Sealer}}
	verify := &verifyPage{c}
	signUp := &signUpPages{c, p.cfg.Methods.Password, p.cfg.Sealer}
	reset := &resetPages{c}
	device := &devicePages{c, p.cfg.Requests, p.cfg.Issuer}
	consent, deletion, denied := &consentPage{c}, &deletionPage{c}, &accessDeniedPage{c}

	routes := slices.Concat(
		[]route{{"GET " + signInPath, signIn.open}, {"GET " + switchPath, signIn.another}},
		signIn.answers(),
		p.stepPage("/factor", factor.show, factor.check, flow.StepFactor),
		p.stepPage("/enroll", enroll.show, enroll.add, flow.StepEnroll),
		p.stepPage("/recovery-codes", enroll.codes.show, enroll.codes.kept, flow.StepRecovery),
		p.stepPage("/deletion", deletion.show, deletion.cancel, flow.StepDeletion),
		p.stepPage("/verify", verify.show, verify.check, flow.StepVerify),
		p.stepPage("/consent", consent.show, consent.decide, flow.StepConsent),
		p.stepPage(deviceConfirmPath, device.confirm, consent.decide, flow.StepDevice),
		[]route{
			{"GET " + devicePath, device.open},
			{"POST " + devicePath, device.submit},
			{"GET " + donePath, c.showDone},
			{"GET " + accessPath, c.step(denied.show, flow.StepAccess)},
			{"GET /signup", signUp.open},
			{"POST /signup", c.step(signUp.submit, flow.StepSignIn, flow.StepSignUp)},
			{"GET " + message.PathConfirmSignUp, signUp.byLinkOrInFlow(signUp.showLink, signUp.showCode)},
			{"POST " + message.PathConfirmSignUp, signUp.byLinkOrInFlow(signUp.confirmByLink, signUp.confirmByCode)},
			{"GET " + message.PathForgotPassword, reset.showForgot},
			{"POST " + message.PathForgotPassword, reset.forgot},
			{"GET " + message.PathResetPassword, reset.show},
			{"POST " + message.PathResetPassword, reset.set},
		},
	)
	for path, page := range (&linkPages{c}).all() {
		routes = append(routes, route{"GET " + path, page.show}, route{"POST " + path, page.submit})
	}
	return routes
}

// stepPage is the page of a step: it shows, and takes its form, only while that step is
// what is missing.
func (p *Pages) stepPage(path string, show, answer stepHandler, step string) []route {
	return []route{{"GET " + path, p.step(show, step)}, {"POST " + path, p.step(answer, step)}}
}

// Register adds the pages to mux. A form must come from a page of ours in this browser
// (CSRF, requirement CS1), and sent twice it is handled once (idempotent).
func (p *Pages) Register(mux *http.ServeMux) {
	for _, route := range p.routes() {
		if strings.HasPrefix(route.pattern, http.MethodPost) {
			handler := p.cfg.UI.Form(p.cfg.Submissions.Once(route.handler))
			mux.Handle(route.pattern, p.cfg.Errors.HandleForm(handler, p.flash.Lead(formPage)))
			continue
		}
		mux.Handle(route.pattern, p.cfg.Errors.Handle(p.flash.Show(route.handler, p.cfg.Errors.Render)))
	}
}

// formPage is the address of the page that a form was on, with the token of the link in
// a message that led there.
func formPage(r *http.Request) string {
	to := url.URL{Path: r.URL.Path}
	if strings.HasPrefix(to.Path, signInPath+"/") {
		to.Path = signInPath // of every way to sign in
	}
	query := r.URL.Query()
	if token := r.PostForm.Get(message.TokenParam); token != "" {
		query.Set(message.TokenParam, token)
	}
	to.RawQuery = query.Encode()
	return to.String()
}

// Paths lists the addresses of the pages, for the metrics.
func (p *Pages) Paths() []string {
	var paths []string
	for _, route := range p.routes() {
		_, path, _ := strings.Cut(route.pattern, " ")
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
