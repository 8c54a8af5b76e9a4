package console

import (
	"context"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// policy is that of the tests: a role of each kind.
var policy = admin.Policy{admin.Owner: {"boss"}, admin.People: {"hr"}, admin.HelpDesk: {"desk"}, admin.Auditor: {"audit"}}

// roleOf is the role that makes people what they are called.
func roleOf(r admin.Role) string { return policy[r][0] }

// site is the console beside the sign-in flow, over a real SQLite store.
type site struct {
	*logintest.Parts
	console  *Console
	sessions *session.Sessions
	clients  []*client.Client
	// tokens are the form tokens of browsers.
	tokens map[*logintest.Browser]string
}

// Client implements api.Clients.
func (s *site) Client(_ context.Context, id string) (*client.Client, error) {
	for _, c := range s.clients {
		if c.ID == id {
			return c, nil
		}
	}
	return nil, client.ErrUnknown
}

// All implements api.Clients.
func (s *site) All() []*client.Client { return s.clients }

func newSite(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	return newSiteOf(t, func(*account.Config) {}, change...)
}

// newSiteOf has accounts that something is changed of.
func newSiteOf(t *testing.T, accounts func(*account.Config), change ...func(*Config)) *site {
	t.Helper()
	s := &site{tokens: map[*logintest.Browser]string{}, clients: []*client.Client{
		{ID: "wiki", Metadata: client.Metadata{Name: "Wiki", Type: client.TypeConfidential, Access: []access.Rule{{Groups: []string{"staff"}, At: "latchkey.yaml line 12"}}}},
		{ID: "mail", Metadata: client.Metadata{Name: "Mail", Type: client.TypePublic}},
	}}
	s.Parts = logintest.New(t, logintest.Options{Accounts: func(c *account.Config) {
		c.AdminRoles, c.SignUp.Mode = policy.Named(), account.SignUpInvitation
		c.Attributes = attribute.Schema{
			{Name: "office", Type: attribute.String, VisibleTo: attribute.Person, EditableBy: attribute.Person},
			{Name: "salary", Type: attribute.Number, VisibleTo: attribute.Administrator, EditableBy: attribute.Administrator},
			{Name: "badge", Type: attribute.String, VisibleTo: attribute.Nobody, EditableBy: attribute.Nobody},
		}
		accounts(c)
	}})
	p := s.Parts
	limiter := p.Limiter(nil)
	s.sessions = p.Sessions(nil)
	flow := login.New(login.Config{
		Issuer: p.URL.String(), Requests: interaction.NewDevices(p.Store.Ephemeral(), p.Hasher), UI: p.UI, Accounts: p.Accounts, Users: p.Store.Users(), Consents: p.Store.Consents(),
		Sessions: s.sessions, Partials: p.Partials(), Limits: limiter, Journal: p.Journal(), Flash: p.Flash(),
		Interactions: p.Interactions(100000), Submissions: p.Submissions(), Clients: s, Methods: p.Methods(limiter, nil),
		Factors: p.Factors, Devices: p.Devices, Sealer: p.Sealer, Errors: p.Errors, Cookies: p.Cookies,
		Metrics: logintest.Metrics{}, Log: p.Logger, Now: p.Clock.Now,
	})
	lifetimes := client.Lifetimes{AccessToken: time.Minute, IDToken: time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour}
	stored := client.NewStored(client.StoredConfig{Store: p.Store.Clients(), Lifetimes: lifetimes, Now: p.Clock.Now})
	catalog, problems := access.New(access.Config{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cfg := Config{
		Issuer: p.URL.String(), Flow: flow, Submissions: p.Submissions(), Flash: p.Flash(), UI: p.UI, Policy: policy, ACR: mfa.ACRTwoFactor,
		Factors: p.Factors.Policy(), Accounts: p.Accounts, Applications: p.Store.Grants(), Clients: s, Access: catalog, Errors: p.Errors,
		Places: map[string]string{"wiki": "latchkey.yaml, line 7"}, Stored: storedClients{p.Store.Clients(), stored}, Locked: p.Store.LockedClients(),
		Registrar: registration.New(registration.Config{
			Store: p.Store.Clients(), Tokens: p.Store.RegistrationTokens(), Hasher: p.Hasher, Lifetimes: lifetimes, Stored: stored,
			Judge: client.Policy{SigningAlgs: []string{"RS256", "ES256"}}, Now: p.Clock.Now, Random: rand.Reader,
		}),
		Stores: api.Stores{
			Users: p.Store.Users(), Credentials: p.Store.Credentials(), Lockouts: p.Store.Lockouts(), Recovery: p.Store.RecoveryCodes(),
			Devices: p.Store.TrustedDevices(), Sessions: p.Store.Sessions(), Grants: p.Store.Grants(), Consents: p.Store.Consents(),
			Groups: p.Store.Groups(), Memberships: p.Store.Memberships(), Events: p.Store.Events(), Outbox: p.Store.Outbox(),
			Invitations: p.Store.Invitations(), Feeds: p.Store.Feeds(), Nodes: p.Store.Nodes(), JobClaims: p.Store.Jobs(), Numbers: p.Store.Numbers(),
		},
		Log: p.Logger, Now: p.Clock.Now, ResetLasts: time.Hour, Keys: oneKey{p.Clock.Now(), p.Store.Events().Append}, Chain: p.Store.Events(), Digest: "digest",
		Jobs: map[string]time.Duration{"sweep": time.Minute},
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	s.console, err = New(cfg)
	logintest.Check(t, err)
	mux := http.NewServeMux()
	flow.Register(mux)
	s.console.Register(mux)
	mux.Handle("GET /account", p.Errors.Handle(func(w http.ResponseWriter, _ *http.Request) error { return nil }))
	p.Serve(mux)
	return s
}

// administrator makes somebody with the roles, or with none.
func (s *site) administrator(roles ...admin.Role) *storage.User {
	s.T.Helper()
	return s.Person(string(s.ID())+"@example.com", func(u *storage.User) {
		for _, r := range roles {
			u.Roles = append(u.Roles, roleOf(r))
		}
	})
}

// signedIn is a browser in which the person has just shown the kinds of proofs.
func (s *site) signedIn(u *storage.User, kinds ...storage.FactorKind) *logintest.Browser {
	s.T.Helper()
	b := s.Browser()
	_, form := b.Get("/login").Form("login-submit")
	s.tokens[b] = form.Get("csrf")
	secret, hash, err := session.NewSecret(s.Hasher)
	logintest.Check(s.T, err)
	now := s.Clock.Now()
	row := storage.Session{
		SID: s.ID(), UserID: u.ID, SecretHash: hash, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(24 * time.Hour),
	}
	for _, kind := range kinds {
		row.Proofs = append(row.Proofs, storage.Proof{Kind: kind, At: now})
	}
	row.Authentication = mfa.Level(row.Proofs, time.Time{}, s.Factors.Policy())
	logintest.Check(s.T, s.Store.Sessions().Create(s.T.Context(), &row, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, s.Event(storage.EventSignIn)))
	b.Jar().SetCookies(s.URL, []*http.Cookie{{Name: "latchkey-" + web.CookieSession, Value: secret, Path: "/"}})
	return b
}

// strong is a browser in which a new administrator with the roles has just shown two factors.
func (s *site) strong(roles ...admin.Role) *logintest.Browser {
	s.T.Helper()
	return s.signedIn(s.administrator(roles...), storage.FactorPassword, storage.FactorTOTP)
}

// user reads the person anew.
func (s *site) user(id storage.ID) *storage.User {
	s.T.Helper()
	u, err := s.Store.Users().ByID(s.T.Context(), id)
	logintest.Check(s.T, err)
	return u
}

// events are those of a type, the newest first.
func (s *site) events(typ storage.EventType) []storage.Event {
	s.T.Helper()
	events, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{Type: typ, Limit: 100})
	logintest.Check(s.T, err)
	return events
}

// storedClients are the clients of the database.
type storedClients struct {
	*sqlstore.Clients
	stored *client.Stored
}

// Read implements api.StoredClients.
func (c storedClients) Read(row *storage.Client) (*client.Client, error) { return c.stored.Read(row) }

// oneKey is a ring of one key that signs.
type oneKey struct {
	since time.Time
	// write writes the events of changes.
	write func(ctx context.Context, e storage.Event) error
}

// KeyAlgs implements api.KeyRing.
func (oneKey) KeyAlgs() []string { return []string{"ES256", "RS256"} }

// Rotate implements api.KeyRing: a successor of RS256 waits already.
func (k oneKey) Rotate(ctx context.Context, alg string, by storage.Event) error {
	if alg == "RS256" {
		return keys.ErrPending
	}
	return k.write(ctx, by)
}

// Revoke implements api.KeyRing.
func (k oneKey) Revoke(ctx context.Context, kid string, by storage.Event) error {
	if kid != "kid" {
		return storage.ErrNotFound
	}
	return k.write(ctx, by)
}

// RevokeAll implements api.KeyRing.
func (oneKey) RevokeAll(context.Context, storage.Event) ([]string, error) {
	return []string{"kid"}, nil
}

// Keys implements api.SigningKeys.
func (k oneKey) Keys() []storage.SigningKey {
	return []storage.SigningKey{{ID: "kid", Alg: "ES256", Sealed: "sealed-private-key", CreatedAt: k.since, SignsFrom: k.since}}
}
