package login

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what [Pages] are made of. Every field is required.
type Config struct {
	UI *ui.Renderer
	// Accounts changes people's accounts: every one of these changes is its own.
	Accounts *account.Service
	Users    users
	Consents consents
	// Sessions keeps browsers signed in, and Partials sign-ins that are not there yet.
	Sessions *session.Sessions
	Partials *partial.Store
	Limits   *limits.Limiter
	Journal  *journal.Journal
	// Interactions keeps what waits for a person.
	Interactions interactions
	// Submissions make forms idempotent.
	Submissions submissions
	Clients     clients
	// Access says who may use clients; nil is everyone.
	Access   *access.Catalog
	Password passwords
	Factors  *mfa.Factors
	Devices  *mfa.Devices
	Hasher   *keys.Hasher
	Sealer   *keys.Sealer
	Errors   *web.Errors
	Cookies  web.Cookies
	// Decoys are what names of nobody are checked against.
	Decoys  *Decoys
	Metrics metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// users knows people; storage/sqlstore.Users in the binary.
type users interface {
	ByID(ctx context.Context, id storage.ID) (*storage.User, error)
	ByIdentifier(ctx context.Context, identifier string) (*storage.User, error)
	// StartEnrollmentGrace starts the grace for enrollment, unless it runs.
	StartEnrollmentGrace(ctx context.Context, id storage.ID, now time.Time) error
}

// consents keeps what people allowed clients; storage/sqlstore.Consents in the binary.
type consents interface {
	Get(ctx context.Context, userID storage.ID, clientID string) ([]string, error)
}

// submissions make forms idempotent; interaction.Submissions in the binary.
type submissions interface {
	// Once has a form that is sent twice handled once; both get the answer.
	Once(h web.HandlerFunc) web.HandlerFunc
}

// clients knows relying parties; client.Registry in the binary.
type clients interface {
	// Client answers client.ErrUnknown where no client has the id.
	Client(ctx context.Context, id string) (*client.Client, error)
}

// passwords makes and checks password verifiers; account/password.Hasher in the binary.
type passwords interface {
	Check(ctx context.Context, encoded, typed string) (password.Verdict, error)
	// VerifyDummy does the work of Check for a person who does not exist.
	VerifyDummy(ctx context.Context, password string) error
}

// metrics counts what happened.
type metrics interface {
	SignedIn(acr string)
	SignInFailed()
	Throttled(limit string)
}

// Pages serves the hosted pages of the flow.
type Pages struct {
	cfg    Config
	policy mfa.Policy
}

// New makes the pages.
func New(cfg Config) *Pages {
	return &Pages{cfg: cfg, policy: cfg.Factors.Policy()}
}

// Register adds the pages to mux.
func (p *Pages) Register(mux *http.ServeMux) {
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, p.cfg.Errors.Handle(h)) }
	page := func(path string, show, answer stepHandler, steps ...string) {
		handle("GET "+path, p.step(show, steps...))
		handle("POST "+path, p.form(p.step(answer, steps...)))
	}
	handle("GET /login", p.openSignIn)
	handle("POST /login", p.form(p.step(p.signIn, flow.StepSignIn, flow.StepSignUp)))
	handle("POST /login/passkey", p.form(p.step(p.signInWithPasskey, flow.StepSignIn, flow.StepSignUp)))
	page("/factor", p.showFactor, p.factor, flow.StepFactor)
	page("/enroll", p.showEnrol, p.enrol, flow.StepEnroll)
	page("/recovery-codes", p.showRecoveryCodes, p.keepRecoveryCodes, flow.StepRecovery)
	page("/deletion", p.showDeletion, p.cancelDeletion, flow.StepDeletion)
	page("/verify", p.showVerify, p.verify, flow.StepVerify)
	page("/consent", p.showConsent, p.consent, flow.StepConsent)
	handle("GET "+accessPath, p.step(p.showAccessDenied, flow.StepAccess))

	handle("GET /signup", p.openSignUp)
	handle("POST /signup", p.form(p.step(p.signUp, flow.StepSignIn, flow.StepSignUp)))
	handle("GET "+message.PathForgotPassword, p.showForgot)
	handle("POST "+message.PathForgotPassword, p.form(p.forgot))
	handle("GET "+message.PathResetPassword, p.showReset)
	handle("POST "+message.PathResetPassword, p.form(p.reset))
	// Beside the link there is the code, typed where the sign-up began.
	handle("GET "+message.PathConfirmSignUp, p.either(p.showConfirmSignUpLink, p.step(p.showConfirmSignUp, flow.StepSignIn, flow.StepSignUp)))
	handle("POST "+message.PathConfirmSignUp, p.form(
		p.either(p.confirmSignUpByLink, p.step(p.confirmSignUp, flow.StepSignIn, flow.StepSignUp))))
	for path, link := range p.linkPages() {
		handle("GET "+path, p.showLink(link))
		handle("POST "+path, p.form(p.spendLink(link)))
	}
}

// form wraps the handler of a form: it comes from a page of ours in this browser
// (CSRF, requirement CS1), and sent twice it is handled once.
func (p *Pages) form(h web.HandlerFunc) web.HandlerFunc {
	return p.cfg.UI.Form(p.cfg.Submissions.Once(h))
}

// Paths lists the addresses of the pages, for the metrics.
func (p *Pages) Paths() []string {
	paths := []string{
		"/login", "/login/passkey", "/factor", "/enroll", "/recovery-codes", "/deletion", "/verify", "/consent", accessPath, "/signup",
		message.PathForgotPassword, message.PathResetPassword, message.PathConfirmSignUp,
	}
	return slices.AppendSeq(paths, maps.Keys(p.linkPages()))
}

// either is for a page that is reached by a link with a token, or in a flow.
func (p *Pages) either(byLink, inFlow web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has(interactionParam) {
			return inFlow(w, r)
		}
		return byLink(w, r)
	}
}
