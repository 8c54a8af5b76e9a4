package settings

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Config is what a [Handler] is made of. Every field is required.
type Config struct {
	// Flow signs people in and gathers their evidence.
	Flow flow
	// Messages bounds what people can have sent.
	Messages messageLimiter
	// Accounts changes people's accounts: every one of these changes is its own.
	Accounts *account.Service
	// Submissions make forms idempotent.
	Submissions submissions
	// Flash keeps what a page says after a form on it was refused.
	Flash     flashes
	UI        *ui.Renderer
	Sessions  sessions
	Grants    grants
	Consents  consents
	Devices   devices
	Events    events
	Ephemeral ephemeral.Store
	Clients   clients
	// Access says who may use clients, and Issuer who sends people there.
	Access  *access.Catalog
	Issuer  string
	Factors *mfa.Factors
	Hasher  *keys.Hasher
	Sealer  *keys.Sealer
	Errors  *web.Errors
	Cookies web.Cookies
	Now     func() time.Time
	// PendingFor is how long a new address waits for its confirmation.
	PendingFor time.Duration
	// ProfileFields are what the profile asks for: names of claims, of which
	// preferred_username is the username and address all its parts.
	ProfileFields []string
}

// flow signs people in; login.Pages in the binary.
type flow interface {
	// Session returns who is signed in in this browser; nil is nobody.
	Session(r *http.Request) (*storage.SignedIn, error)
	// Ask sends the browser for a sign-in, for fresh proofs, or for more.
	Ask(w http.ResponseWriter, r *http.Request, asked login.Asked) error
	// Actor is whoever is signed in, with what the request itself shows.
	Actor(r *http.Request, signedIn *storage.SignedIn, shown ...storage.Proof) account.Actor
	// ConfirmPassword reports whether it is the person's password.
	ConfirmPassword(r *http.Request, user *storage.User, password string) (storage.Proof, bool, error)
	// ShowRecoveryCodes shows them once, and brings the browser to the path.
	ShowRecoveryCodes(w http.ResponseWriter, r *http.Request, signedIn *storage.SignedIn, codes []string, returnTo string) error
}

// submissions make forms idempotent; interaction.Submissions in the binary.
type submissions interface {
	// Once has a form that is sent twice handled once; both get the answer.
	Once(h web.HandlerFunc) web.HandlerFunc
}

// flashes keep what a page says once; ui/flash.Store in the binary.
type flashes interface {
	// Refuse sends the browser back to the page of the form that it sent, and keeps what
	// was typed there, but for secrets.
	Refuse(w http.ResponseWriter, r *http.Request, page string, m flash.Message) error
	// Redirect sends the browser to a page that says the message.
	Redirect(w http.ResponseWriter, r *http.Request, page string, m flash.Message) error
	// Read returns what the page of the request has to say.
	Read(r *http.Request) (flash.Message, error)
	// Lead answers the errors of forms by their pages, and Show wraps those.
	Lead(pageOf func(*http.Request) string) web.Lead
	Show(h web.HandlerFunc, render func(http.ResponseWriter, *http.Request, web.ErrorPage)) web.HandlerFunc
}

// messageLimiter counts messages before they are sent; login.Pages in the binary.
type messageLimiter interface {
	AllowMessage(r *http.Request, userID storage.ID, destination string) error
}

// sessions lists them; storage/sqlstore.Sessions in the binary.
type sessions interface {
	ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountSession, error)
}

// grants knows which clients have access; storage/sqlstore.Grants in the binary.
type grants interface {
	ApplicationsOf(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountApplication, error)
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Grant, error)
}

// consents are what people allowed; storage/sqlstore.Consents in the binary.
type consents interface {
	ListByUser(ctx context.Context, userID storage.ID) ([]storage.Consent, error)
}

// devices are browsers that people trust; storage/sqlstore.TrustedDevices in the binary.
type devices interface {
	ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.TrustedDevice, error)
}

// events are security events; storage/sqlstore.Events in the binary.
type events interface {
	ListByUser(ctx context.Context, userID storage.ID, limit int) ([]storage.Event, error)
}

// clients knows relying parties; client.Registry in the binary.
type clients interface {
	// Client answers client.ErrUnknown where no client has the id.
	Client(ctx context.Context, id string) (*client.Client, error)
	// Snapshot has those of the configuration.
	Snapshot() *client.Snapshot
}

// Handler serves the account pages.
type Handler struct{ cfg Config }

// New makes a Handler.
func New(cfg Config) *Handler { return &Handler{cfg: cfg} }

// route is one page: what answers GET, and what takes its form.
type route struct {
	path      string
	get, post web.HandlerFunc
	// page is the address of the page that a form was on; nil is the path.
	page func(*http.Request) string
}

// routes is the one list of the account pages.
func (h *Handler) routes() []route {
	routes := []route{
		{ui.PathAccount, h.signedIn(h.showOverview), nil, nil},
		{ui.PathProfile, h.signedIn(h.showProfile), h.signedIn(h.changeProfile), nil},
		{ui.PathEmail, h.fresh(h.showEmail), h.fresh(h.changeEmail), nil},
		{ui.PathPassword, h.fresh(h.showPassword), h.fresh(h.changePassword), nil},
		{ui.PathSecurity, h.signedIn(h.showSecurity), h.signedIn(h.renameFactor), nil},
		{addFactorPath, h.signedIn(h.addFactor), nil, nil},
		h.confirmation(h.factorRemoval()),
		h.confirmation(h.recoveryReplacement()),
		h.confirmation(h.deviceRemoval()),
		{ui.PathSessions, h.signedIn(h.showSessions), h.signedIn(h.endSession), nil},
		h.confirmation(h.sessionsEnd()),
		{ui.PathApplications, h.signedIn(h.showApplications), nil, nil},
		h.confirmation(h.applicationRemoval()),
		{ui.PathActivity, h.signedIn(h.showActivity), nil, nil},
		{ui.PathData, h.offeringPassword(h.showData), h.fresh(h.exportData), nil},
		{ui.PathDelete, h.showDelete, h.handleDelete, deletionFormPage},
	}
	if h.cfg.Factors.Phone() != nil {
		routes = append(routes,
			route{ui.PathPhone, h.fresh(h.showPhone), h.fresh(h.changePhone), nil},
			route{phoneCodePath, h.signedIn(h.showPhoneCode), h.signedIn(h.confirmPhone), nil},
			h.confirmation(h.phoneRemoval()))
	}
	return routes
}

// formPage is the address of the page that a form was on.
func (r route) formPage(request *http.Request) string {
	if r.page == nil {
		return r.path
	}
	return r.page(request)
}

// Register adds the pages to mux.
func (h *Handler) Register(mux *http.ServeMux) {
	for _, route := range h.routes() {
		mux.Handle("GET "+route.path, h.cfg.Errors.Handle(h.cfg.Flash.Show(route.get, h.cfg.Errors.Render)))
		if route.post != nil {
			handler := h.cfg.UI.Form(h.cfg.Submissions.Once(route.post))
			mux.Handle("POST "+route.path, h.cfg.Errors.HandleForm(handler, h.cfg.Flash.Lead(route.formPage)))
		}
	}
}

// Paths lists the addresses of the pages, for the metrics.
func (h *Handler) Paths() []string {
	var paths []string
	for _, route := range h.routes() {
		paths = append(paths, route.path)
	}
	return paths
}
