package console

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Root is where the console is, below the issuer.
const Root = "/admin"

// Config is what a [Console] is made of. Every field is required.
type Config struct {
	Issuer string
	// Flow signs people in and gathers their evidence.
	Flow flow
	// Submissions make forms idempotent.
	Submissions submissions
	// Flash keeps what a page says once.
	Flash flashes
	UI    *ui.Renderer
	// Policy says which roles make people administrators, and ACR is the authentication
	// context class that they must have reached, by the policy of factors.
	Policy  admin.Policy
	ACR     string
	Factors mfa.Policy
	// Accounts changes people's accounts: every one of these changes is its own.
	Accounts *account.Service
	// Stores are what the admin API reads too.
	api.Stores
	Applications applications
	Clients      api.Clients
	// Places say where in which file clients stand. Stored and Registrar are those of the
	// database and who writes them, and Locked those that are locked down.
	Places    map[string]string
	Stored    api.StoredClients
	Registrar api.Registrar
	Locked    lockedClients
	Keys      api.KeyRing
	Chain     chain
	// Digest is that of the configuration that runs, and Pending what its files say that
	// this node has not loaded, or why they cannot be; nil: there are no files.
	Digest  string
	Pending func() ([]Pending, error)
	// Jobs are the periodic jobs of a node, by their names.
	Jobs map[string]time.Duration
	// Access says who may use clients; nil is everyone.
	Access *access.Catalog
	Errors *web.Errors
	Log    *slog.Logger
	Now    func() time.Time
	// ResetLasts is how long a link works that sets a new password.
	ResetLasts time.Duration
}

// flow signs people in; login.Pages in the binary.
type flow interface {
	// Session returns who is signed in in this browser; nil is nobody.
	Session(r *http.Request) (*storage.SignedIn, error)
	// Ask sends the browser for a sign-in, for fresh proofs, or for more.
	Ask(w http.ResponseWriter, r *http.Request, asked interaction.PageRequest) error
	// Actor is whoever is signed in, with what the request itself shows.
	Actor(r *http.Request, signedIn *storage.SignedIn, shown ...storage.Proof) account.Actor
}

// submissions make forms idempotent; interaction.Submissions in the binary.
type submissions interface {
	// Once has a form that is sent twice handled once; both get the answer.
	Once(h web.HandlerFunc) web.HandlerFunc
}

// flashes keep what a page says once; ui/flash.Store in the binary.
type flashes interface {
	// Refuse sends the browser back to the page of the form that it sent, and keeps what
	// was typed there.
	Refuse(w http.ResponseWriter, r *http.Request, page string, m flash.Message) error
	// Read returns what the page of the request has to say.
	Read(r *http.Request) (flash.Message, error)
	// Lead answers the errors of forms by their pages, and Show has pages say them.
	Lead(pageOf func(*http.Request) string) web.Lead
	Show(h web.HandlerFunc, render func(http.ResponseWriter, *http.Request, web.ErrorPage)) web.HandlerFunc
	// Hand sends the browser to a page that shows a secret, and Handed is what it shows.
	Hand(w http.ResponseWriter, r *http.Request, page, secret string) error
	Handed(r *http.Request) string
}

// applications knows which clients have access; storage/sqlstore.Grants in the binary.
type applications interface {
	ApplicationsOf(ctx context.Context, userID storage.ID, now time.Time) ([]storage.AccountApplication, error)
}

// chain tells how the record of events is linked; storage/sqlstore.Events in the binary.
type chain interface {
	// Head is where it ends, by its signed mark alone. It answers storage.ErrTampered, and
	// storage.ErrUnknownKey, with the mark as it is.
	Head(ctx context.Context) (storage.AuditMark, error)
	// Unlinked is how many events wait to be linked, at most storage.MostUnlinked, and since when.
	Unlinked(ctx context.Context) (n int, oldest time.Time, err error)
}

// lockedClients knows which clients are locked down; storage/sqlstore.LockedClients in the
// binary.
type lockedClients interface {
	List(ctx context.Context) ([]storage.LockedClient, error)
}

//go:embed templates/*.html
var templateFiles embed.FS

// Console serves the pages.
type Console struct {
	cfg        Config
	template   *template.Template
	operations map[string]api.Described
	acts       []*act
}

// New makes a Console.
func New(cfg Config) (*Console, error) {
	c := &Console{cfg: cfg, operations: map[string]api.Described{}, acts: acts()}
	for _, o := range api.Operations() {
		c.operations[o.ID] = o
	}
	var err error
	c.template, err = cfg.UI.Parse(templateFiles, "templates/console.html", "templates/blocks.html")
	return c, err
}

// route is an address, what its visitors must have, and what answers.
type route struct {
	method, path, operation, scope string
	handle                         handlerFunc
}

// routes are all addresses, made of the tables.
func (c *Console) routes() []route {
	var routes []route
	for _, p := range c.pages() {
		routes = append(routes, route{http.MethodGet, p.path, p.operation, c.scopeOf(p.operation), c.show(p)})
	}
	for _, a := range c.acts {
		scope := c.scopeOf(a.operation)
		routes = append(routes, route{http.MethodGet, a.path(), a.operation, scope, c.ask(a)}, route{http.MethodPost, a.path(), a.operation, scope, c.carryOut(a)})
	}
	return routes
}

// acts is the one list of what is done.
func acts() []*act {
	return slices.Concat(peopleActs(), personActs(), invitationActs(), groupActs(), sessionActs(), appActs(), messageActs(), feedActs(), keyActs(), systemActs())
}

// scopeOf is what an operation of the admin API takes, and so the page that does the same.
func (c *Console) scopeOf(operation string) string { return c.operations[operation].Scope }

// Register adds the pages to mux. A form must come from a page of ours in this browser
// (CSRF, requirement CS1), and sent twice it is handled once (idempotent). Whatever comes
// of it is the answer to a GET (Post/Redirect/Get), refusals too: going back or reloading
// sends nothing again.
func (c *Console) Register(mux *http.ServeMux) {
	for _, route := range c.routes() {
		handle := c.enter(route)
		if route.method == http.MethodPost {
			form := c.cfg.UI.Form(c.cfg.Submissions.Once(handle))
			mux.Handle(route.method+" "+route.path, c.cfg.Errors.HandleForm(form, c.cfg.Flash.Lead(formPage)))
			continue
		}
		mux.Handle(route.method+" "+route.path, c.cfg.Errors.Handle(c.cfg.Flash.Show(handle, c.cfg.Errors.Render)))
	}
}

// formPage is the address of the page that a form was on: its own.
func formPage(r *http.Request) string {
	to := url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return to.String()
}

// Paths lists the addresses of the pages, for the metrics.
func (c *Console) Paths() []string {
	var paths []string
	for _, route := range c.routes() {
		paths = append(paths, route.path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
