package login

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// site is the pages over a real SQLite store, with a stand-in for the provider:
// it starts interactions, and where nothing is missing says who is signed in.
type site struct {
	t      *testing.T
	parts  *logintest.Parts
	store  *sqlstore.Store
	clock  *storagetest.Clock
	url    *url.URL
	pages  *Pages
	client client.Client
	// devices keeps what devices ask for.
	devices *interaction.Devices
}

const goodPassword = logintest.GoodPassword

// siteOptions change what a site is made of.
type siteOptions struct {
	policy   func(*mfa.Policy)
	accounts func(*account.Config)
	config   func(*Config)
	limits   func(*limits.Bounds)
	methods  func(*signin.Config)
	sessions func(*session.Config)
	client   func(*client.Client)
	// pending is how many sign-ins an address may start; zero is many.
	pending int
}

func newSite(t *testing.T, o siteOptions) *site {
	t.Helper()
	p := logintest.New(t, logintest.Options{Policy: o.policy, Accounts: o.accounts})
	s := &site{t: t, parts: p, store: p.Store, clock: p.Clock, url: p.URL}
	s.client = client.Client{ID: "wiki", Metadata: client.Metadata{
		Name: "Wiki", Consent: client.ConsentImplied, RedirectURIs: []string{"https://wiki.example.com/cb"},
	}}
	if o.client != nil {
		o.client(&s.client)
	}
	if o.pending == 0 {
		o.pending = 100000
	}
	limiter := p.Limiter(o.limits)
	s.devices = interaction.NewDevices(p.Store.Ephemeral(), p.Hasher)
	cfg := Config{
		Issuer: p.URL.String(), Requests: s.devices, UI: p.UI, Accounts: p.Accounts, Users: p.Store.Users(), Consents: p.Store.Consents(),
		Sessions: p.Sessions(o.sessions), Partials: p.Partials(), Limits: limiter, Journal: p.Journal(), Flash: p.Flash(),
		Interactions: p.Interactions(o.pending), Submissions: p.Submissions(), Clients: logintest.Client{Is: &s.client},
		Methods: p.Methods(limiter, o.methods), Factors: p.Factors, Devices: p.Devices, Sealer: p.Sealer, Errors: p.Errors, Cookies: p.Cookies,
		Metrics: logintest.Metrics{}, Log: p.Logger, Now: p.Clock.Now,
	}
	if o.config != nil {
		o.config(&cfg)
	}
	s.pages = New(cfg)
	mux := http.NewServeMux()
	s.routes(mux)
	p.Serve(mux)
	return s
}

// routes adds the pages and the provider's stand-in to mux.
func (s *site) routes(mux *http.ServeMux) {
	s.pages.Register(mux)
	mux.Handle("GET /start", s.parts.Errors.Handle(s.startInteraction))
	mux.Handle("GET /authorize/resume", s.parts.Errors.Handle(s.resume))
	mux.Handle("GET /account", s.parts.Errors.Handle(s.account))
}

// startInteraction does what the provider does with a checked request, whose
// parameters the test gives as JSON.
func (s *site) startInteraction(w http.ResponseWriter, r *http.Request) error {
	request := interaction.AuthorizationRequest{ClientID: "wiki", Scopes: []string{"openid"}, RedirectURI: s.client.RedirectURIs[0]}
	if text := r.URL.Query().Get("request"); text != "" {
		if err := json.Unmarshal([]byte(text), &request); err != nil {
			return err
		}
	}
	in := interaction.ForRequest(request, s.clock.Now())
	if err := s.pages.cfg.Interactions.Start(w, r, in); err != nil {
		return err
	}
	s.pages.Begin(w, r, in)
	return nil
}

// resume answers as the provider does: with what it would tell the client.
func (s *site) resume(w http.ResponseWriter, r *http.Request) error {
	in, err := s.pages.interaction(r)
	if err != nil {
		return err
	}
	outcome, err := s.pages.Check(r, in)
	switch {
	case err != nil:
		return err
	case in.Refusal != nil && in.Refusal.Code == "access_denied":
		fmt.Fprintln(w, "denied")
	case in.Refusal != nil:
		fmt.Fprintln(w, "error "+in.Refusal.Code)
	case outcome.Fatal:
		fmt.Fprintln(w, "error "+outcome.Error)
	case outcome.Refused:
		fmt.Fprintln(w, "error "+outcome.Error+" by "+outcome.Cause)
	case outcome.Missing != "":
		s.pages.Begin(w, r, in)
	default:
		a := outcome.SignedIn.Session.Authentication
		fmt.Fprintf(w, "code for %s acr=%s amr=%s\n", outcome.SignedIn.User.ID, a.ACR, strings.Join(a.AMR, ","))
	}
	return nil
}

func (s *site) account(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := s.pages.Session(r)
	if err != nil {
		return err
	}
	if signedIn == nil {
		return s.pages.Ask(w, r, Asked{ReturnTo: accountPath})
	}
	_, err = fmt.Fprintf(w, "account of %s\n", signedIn.User.ID)
	return err
}

func check(t *testing.T, err error) {
	t.Helper()
	logintest.Check(t, err)
}

// person makes an account with the good password.
func (s *site) person(email string, change ...func(*storage.User)) *storage.User {
	s.t.Helper()
	return s.parts.Person(email, change...)
}

func (s *site) event(typ storage.EventType) storage.Event { return s.parts.Event(typ) }

// inbox composes and takes what was queued, oldest first.
func (s *site) inbox() []message.Mail { return s.parts.Inbox() }

// browser is a person's browser at the site.
type browser struct {
	*testbrowser.Browser
	s *site
}

func (s *site) browser() *browser { return &browser{testbrowser.New(s.t, s.url.String(), nil), s} }

// start begins a sign-in for the client.
func (b *browser) start(request string) *testbrowser.Page {
	b.s.t.Helper()
	return b.Get("/start?request=" + url.QueryEscape(request))
}

// signIn fills in the sign-in page that is shown.
func (b *browser) signIn(username, password string) *testbrowser.Page {
	b.s.t.Helper()
	return b.Submit("login-submit", "username="+username, "password="+password)
}

// code is what an authenticator app shows for the secret now.
func (s *site) code(secret string) string { return s.parts.Code(secret) }
