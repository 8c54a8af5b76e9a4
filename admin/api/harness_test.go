package api_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// policy is as the configuration has it by default.
var policy = admin.Policy{
	admin.Owner: {"latchkey-owner"}, admin.People: {"latchkey-people"}, admin.HelpDesk: {"latchkey-help-desk"}, admin.Auditor: {"latchkey-auditor"},
}

// roleOf is the role that makes people what they are called.
func roleOf(r admin.Role) string { return policy[r][0] }

// site is the API over a real store, with callers whose tokens a test makes up: how
// tokens are checked is shown with package op.
type site struct {
	*logintest.Parts
	tokens  map[string]*api.Token
	clients map[string]*client.Client
}

func newSite(t *testing.T, change ...func(*api.Config)) *site {
	t.Helper()
	s := &site{tokens: map[string]*api.Token{}, clients: map[string]*client.Client{
		"console": {ID: "console", Metadata: client.Metadata{Type: client.TypeConfidential, Name: "Console"}, Secrets: make([]client.Secret, 1)},
		"hr":      {ID: "hr", Metadata: client.Metadata{Type: client.TypeService, Name: "HR"}},
	}}
	s.Parts = logintest.New(t, logintest.Options{Accounts: func(c *account.Config) {
		c.GroupUses = uses{}
		c.AdminRoles, c.SignUp.Mode = policy.Named(), account.SignUpInvitation
		c.Attributes = attribute.Schema{
			{Name: "office", Type: attribute.String, VisibleTo: attribute.Person, EditableBy: attribute.Person},
			{Name: "salary", Type: attribute.Number, VisibleTo: attribute.Administrator, EditableBy: attribute.Administrator},
			{Name: "badge", Type: attribute.String, VisibleTo: attribute.Nobody, EditableBy: attribute.Nobody},
		}
	}})
	p := s.Parts
	lifetimes := client.Lifetimes{AccessToken: time.Minute, IDToken: time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour}
	stored := client.NewStored(client.StoredConfig{Store: p.Store.Clients(), Lifetimes: lifetimes, Now: p.Clock.Now})
	cfg := api.Config{
		Issuer: p.URL.String(), Version: "test", Metadata: metadataOf, Tokens: s, Policy: policy, ACR: mfa.ACRTwoFactor, Accounts: p.Accounts,
		Stores: api.Stores{
			Users: p.Store.Users(), Credentials: p.Store.Credentials(), Lockouts: p.Store.Lockouts(), Recovery: p.Store.RecoveryCodes(),
			Devices: p.Store.TrustedDevices(), Sessions: p.Store.Sessions(), Grants: p.Store.Grants(), Consents: p.Store.Consents(),
			Groups: p.Store.Groups(), Memberships: p.Store.Memberships(), Events: p.Store.Events(), Outbox: p.Store.Outbox(),
			Invitations: p.Store.Invitations(), Feeds: p.Store.Feeds(),
			Nodes: p.Store.Nodes(), JobClaims: p.Store.Jobs(), Numbers: p.Store.Numbers(),
		},
		Places: map[string]string{"console": "latchkey.yaml, line 7"}, Stored: storedClients{p.Store.Clients(), stored},
		Registrar: registration.New(registration.Config{
			Store: p.Store.Clients(), Tokens: p.Store.RegistrationTokens(), Hasher: p.Hasher, Lifetimes: lifetimes, Stored: stored,
			Judge: client.Policy{SigningAlgs: []string{"RS256", "ES256"}}, Now: p.Clock.Now, Random: rand.Reader,
		}),
		Clients: s, Keys: ring(t, p), Ephemeral: p.Store.Ephemeral(), Counters: p.Store.Ephemeral(), Hasher: p.Hasher, Sealer: p.Sealer,
		Limit: storage.Bucket{Burst: 1000, Every: time.Millisecond}, MaxBody: 64 << 10, ResetLasts: time.Hour, Digest: "digest",
		Jobs: map[string]time.Duration{"sweep": time.Minute}, Log: p.Logger, Now: p.Clock.Now,
	}
	for _, c := range change {
		c(&cfg)
	}
	made, err := api.New(cfg)
	logintest.Check(t, err)
	mux := http.NewServeMux()
	mux.Handle(api.Root, made.Handler())
	p.Serve(mux)
	return s
}

// named begins the names of groups that the access of a client names.
const named = "named "

type uses struct{}

// ClientsNaming implements account.GroupUses.
func (uses) ClientsNaming(_ context.Context, group string) ([]string, error) {
	if strings.HasPrefix(group, named) {
		return []string{"console"}, nil
	}
	return nil, nil
}

// metadataOf is where the API says that its metadata are.
const metadataOf = "https://described.example"

var errNoToken = errors.New("no token")

// Authenticate implements api.Tokens.
func (s *site) Authenticate(_ http.ResponseWriter, r *http.Request) (*api.Token, error) {
	token := s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if token == nil {
		return nil, errNoToken
	}
	if token.User != nil { // as they are now
		u, err := s.Store.Users().ByID(r.Context(), token.User.ID)
		if err != nil {
			return nil, errNoToken
		}
		fresh := *token
		fresh.User = u
		return &fresh, nil
	}
	return token, nil
}

// Refusal implements api.Tokens.
func (*site) Refusal(*http.Request, error) (status int, challenges []string, detail string) {
	return http.StatusUnauthorized, []string{"Bearer"}, "no access token"
}

// storedClients are the clients of the database.
type storedClients struct {
	*sqlstore.Clients
	stored *client.Stored
}

// Read implements api.StoredClients.
func (c storedClients) Read(row *storage.Client) (*client.Client, error) { return c.stored.Read(row) }

// Client implements api.Clients.
func (s *site) Client(_ context.Context, id string) (*client.Client, error) {
	if c := s.clients[id]; c != nil {
		return c, nil
	}
	return nil, client.ErrUnknown
}

// All implements api.Clients.
func (s *site) All() []*client.Client { return []*client.Client{s.clients["console"], s.clients["hr"]} }

// ring is a ring of one algorithm.
func ring(t *testing.T, p *logintest.Parts) *keys.Ring {
	t.Helper()
	r, err := keys.NewRing(keys.RingConfig{
		Store: p.Store.SigningKeys(), Sealer: p.Sealer, Now: p.Clock.Now, Random: rand.Reader, Log: p.Logger,
		Policy: keys.RingPolicy{
			Algs: []string{keys.ES256}, SignFor: 90 * 24 * time.Hour, PublishAhead: 24 * time.Hour, KeepAfter: 24 * time.Hour, KeepHints: 24 * time.Hour, Poll: time.Minute,
		},
	})
	logintest.Check(t, err)
	logintest.Check(t, r.Load(t.Context()))
	return r
}

// allScopes are those of a client that may ask for everything.
func allScopes() []string {
	var names []string
	for _, s := range admin.Scopes() {
		names = append(names, s.Name)
	}
	return names
}

// service is the token of a client that acts for itself.
func (s *site) service(scopes ...string) string {
	name := "service " + strings.Join(scopes, " ")
	s.tokens[name] = &api.Token{Client: s.clients["hr"], Scopes: scopes}
	return name
}

// person is the token of somebody by a client with the scopes.
func (s *site) person(u *storage.User, scopes ...string) string {
	name := "person " + string(u.ID) + " " + strings.Join(scopes, " ")
	s.tokens[name] = &api.Token{Client: s.clients["console"], User: u, SID: "sid", Scopes: scopes, Shown: storage.Authentication{ACR: mfa.ACRTwoFactor, Time: s.Clock.Now()}}
	return name
}

// administrator makes somebody with a role, and their token with every scope.
func (s *site) administrator(r admin.Role) (*storage.User, string) {
	u := s.Person(string(s.ID())+"@example.com", func(u *storage.User) { u.Roles = []string{roleOf(r)} })
	return u, s.person(u, allScopes()...)
}

// answer is what the API answered.
type answer struct{ *logintest.Answer }

// items are those of a list.
func (a *answer) items() []any { return a.List("items") }

// call sends a request with a token; headers are name and value in turn.
func (s *site) call(token, method, path, body string, headers ...string) *answer {
	s.T.Helper()
	return &answer{s.Call(token, method, s.URL.String()+path, "application/json", body, headers...)}
}

// want fails the test unless the answer has the status.
func (s *site) want(a *answer, status int) *answer {
	s.T.Helper()
	s.Want(a.Answer, status)
	return a
}

// events are those of a type, the newest first.
func (s *site) events(typ storage.EventType) []storage.Event {
	s.T.Helper()
	events, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{Type: typ, Limit: 100})
	logintest.Check(s.T, err)
	return events
}

// state is everything that operations change, as text.
func (s *site) state() string {
	s.T.Helper()
	ctx := s.T.Context()
	people, err := s.Store.Users().List(ctx, "", 1000)
	logintest.Check(s.T, err)
	groups, err := s.Store.Groups().List(ctx, "", 1000)
	logintest.Check(s.T, err)
	locked, err := s.Store.LockedClients().List(ctx)
	logintest.Check(s.T, err)
	all := []any{locked}
	for i := range people {
		id := people[i].ID
		sessions, err := s.Store.Sessions().ListByUser(ctx, id, s.Clock.Now())
		logintest.Check(s.T, err)
		devices, err := s.Store.TrustedDevices().ListByUser(ctx, id, s.Clock.Now())
		logintest.Check(s.T, err)
		credentials, err := s.Store.Credentials().ListByUser(ctx, id)
		logintest.Check(s.T, err)
		locks, err := s.Store.Lockouts().ListByUser(ctx, id)
		logintest.Check(s.T, err)
		grants, err := s.Store.Grants().ApplicationsOf(ctx, id, s.Clock.Now())
		logintest.Check(s.T, err)
		all = append(all, people[i], sessions, devices, credentials, locks, grants)
	}
	deliveries, err := s.Store.Outbox().List(ctx, "", "", 1000)
	logintest.Check(s.T, err)
	clients, err := s.Store.Clients().List(ctx, "", 1000)
	logintest.Check(s.T, err)
	statuses := map[storage.ID]storage.DeliveryStatus{}
	for _, d := range deliveries {
		statuses[d.ID] = d.Status
	}
	invitations, err := s.Store.Invitations().List(ctx, "", 1000)
	logintest.Check(s.T, err)
	signing, err := s.Store.SigningKeys().List(ctx)
	logintest.Check(s.T, err)
	feeds, err := s.Store.Feeds().List(ctx)
	logintest.Check(s.T, err)
	text, err := json.Marshal(append(all, groups, clients, statuses, invitations, signing, feeds))
	logintest.Check(s.T, err)
	return string(text)
}
