package settings

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// site is the account pages beside the flow, over a real SQLite store.
type site struct {
	*logintest.Parts
	pages  *Handler
	flow   *login.Pages
	client client.Client
}

type options struct {
	policy  func(*mfa.Policy)
	sms     *mfa.SMSLimits
	limits  func(*limits.Bounds)
	account func(*account.Config)
	// clients, where there are any, stand in for the one.
	clients []client.Client
	// profile are the fields of the profile; by default all of them.
	profile []string
}

// allProfileFields are all that can be configured.
var allProfileFields = []string{
	"name", "given_name", "middle_name", "family_name", "nickname", "preferred_username", "birthdate", "gender", "website", "profile",
	"picture", "locale", "zoneinfo", "address",
}

func newSite(t *testing.T, o options) *site {
	t.Helper()
	s := &site{
		Parts:  logintest.New(t, logintest.Options{Policy: o.policy, SMS: o.sms, Accounts: o.account}),
		client: client.Client{ID: "wiki", Metadata: client.Metadata{Name: "Wiki", RedirectURIs: []string{"https://wiki.example.com/cb"}}},
	}
	registry := logintest.Client{Is: &s.client}
	limiter := s.Limiter(o.limits)
	s.flow = login.New(login.Config{
		Issuer: s.URL.String(), Requests: interaction.NewDevices(s.Store.Ephemeral(), s.Hasher), UI: s.UI, Accounts: s.Accounts, Users: s.Store.Users(), Consents: s.Store.Consents(),
		Sessions: s.Sessions(nil), Partials: s.Partials(), Limits: limiter, Journal: s.Journal(), Flash: s.Flash(),
		Interactions: s.Interactions(100000), Submissions: s.Submissions(), Clients: registry, Methods: s.Methods(limiter, nil),
		Factors: s.Factors, Devices: s.Devices, Sealer: s.Sealer, Errors: s.Errors, Cookies: s.Cookies,
		Metrics: logintest.Metrics{}, Log: s.Logger, Now: s.Clock.Now,
	})
	cfg := Config{
		Flow: s.flow, Submissions: s.Submissions(), Flash: s.Flash(), Messages: s.flow, Accounts: s.Accounts, UI: s.UI, Sessions: s.Store.Sessions(), Grants: s.Store.Grants(),
		Consents: s.Store.Consents(), Devices: s.Store.TrustedDevices(), Events: s.Store.Events(), Ephemeral: s.Store.Ephemeral(),
		Clients: registry, Issuer: "https://id.example.com", Factors: s.Factors, Hasher: s.Hasher, Sealer: s.Sealer, Errors: s.Errors, Cookies: s.Cookies,
		Now: s.Clock.Now, PendingFor: 24 * time.Hour, ProfileFields: o.profile,
	}
	if o.clients != nil {
		cfg.Clients = client.NewRegistry(client.NewSnapshot(o.clients))
	}
	if o.profile == nil {
		cfg.ProfileFields = allProfileFields
	}
	s.pages = New(cfg)
	mux := http.NewServeMux()
	s.flow.Register(mux)
	s.pages.Register(mux)
	mux.Handle("GET /logout", s.Errors.Handle(func(w http.ResponseWriter, r *http.Request) error {
		return s.flow.ConfirmSignOut(w, r, nil, nil)
	}))
	s.Serve(mux)
	return s
}

// signedIn is a browser in which the person has just signed in with the password.
func (s *site) signedIn(email string) *logintest.Browser {
	s.T.Helper()
	b := s.Browser()
	b.Get("/login")
	b.SignIn(email, logintest.GoodPassword).Want(s.T, http.StatusOK, `id="signout-link"`)
	return b
}

// enrolled adds an authenticator app on the security page, and returns its secret.
func (s *site) enrolled(b *logintest.Browser) string {
	s.T.Helper()
	b.Get(addFactorPath + "?kind=totp")
	secret := b.Page.Text("totp-secret")
	if secret == "" {
		s.T.Fatalf("no secret on %s:\n%s", b.Page.URL, b.Page.Body)
	}
	b.Submit("enroll-submit", "code="+s.Code(secret), "name=Phone").Want(s.T, http.StatusOK, "recovery-continue")
	b.Submit("recovery-continue").Want(s.T, http.StatusOK, `id="factor-remove-`)
	s.Clock.Advance(31 * time.Second) // the next code is another
	return secret
}

// confirmed follows a link that leads to a question, and answers it.
func (s *site) confirmed(b *logintest.Browser, link string) *testbrowser.Page {
	s.T.Helper()
	b.Click(link).Want(s.T, http.StatusOK, `id="confirm-submit"`)
	return b.Submit("confirm-submit")
}

// form is a form of the browser's own that holds nothing but its token.
func (s *site) form(b *logintest.Browser) url.Values {
	s.T.Helper()
	_, form := b.Get(ui.PathDelete).Form("delete-submit")
	return url.Values{"csrf": form["csrf"]}
}

// trust is a browser that the person trusts.
func (s *site) trust(u *storage.User) storage.ID {
	s.T.Helper()
	d := &storage.TrustedDevice{
		ID: s.ID(), UserID: u.ID, SecretHash: "p1." + string(s.ID()), ACR: "aal2", UserAgent: "Firefox", Address: "192.0.2.7",
		CreatedAt: s.Clock.Now(), LastUsedAt: s.Clock.Now(), ExpiresAt: s.Clock.Now().Add(24 * time.Hour),
	}
	logintest.Check(s.T, s.Store.TrustedDevices().Create(s.T.Context(), d, s.Event(storage.EventDeviceTrusted)))
	return d.ID
}

// user reads the person anew.
func (s *site) user(id storage.ID) *storage.User {
	s.T.Helper()
	u, err := s.Store.Users().ByID(s.T.Context(), id)
	logintest.Check(s.T, err)
	return u
}

// happened fails unless the person's events name the type so often.
func (s *site) happened(id storage.ID, typ storage.EventType, times int) {
	s.T.Helper()
	events, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{UserID: id, Type: typ, Limit: 100})
	logintest.Check(s.T, err)
	if len(events) != times {
		s.T.Errorf("%d events %s, want %d", len(events), typ, times)
	}
}

// told fails unless exactly these kinds of messages were queued since it was asked last.
func (s *site) told(kinds ...storage.MessageKind) {
	s.T.Helper()
	var got, want []string
	for _, m := range s.Claimed() {
		got = append(got, string(m.Kind))
		logintest.Check(s.T, s.Store.Outbox().Finish(s.T.Context(), m.ID, storage.DeliveryEnd{Status: storage.DeliverySent, At: s.Clock.Now()}, nil))
	}
	for _, k := range kinds {
		want = append(want, string(k))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.T.Errorf("told %q, want %q", got, want)
	}
}
