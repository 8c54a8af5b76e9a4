package scim_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/scim"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	entra   = "a-long-token-of-entra-0123456789"
	okta    = "a-long-token-of-okta-01234567890"
	google  = "a-long-token-of-google-0123456789"
	service = "an-access-token-of-the-service"
	person  = "an-access-token-of-a-person"
)

// kept are the custom attributes that the installation declares.
var kept = attribute.Schema{
	{Name: "office", Type: attribute.String, Labels: map[string]string{"en": "Office"}, VisibleTo: attribute.Person, EditableBy: attribute.Person},
	{Name: "badge", Type: attribute.Number, VisibleTo: attribute.Nobody, EditableBy: attribute.Nobody},
	{Name: "contractor", Type: attribute.Boolean, VisibleTo: attribute.Administrator, EditableBy: attribute.Administrator},
	{Name: "sites", Type: attribute.List, Options: []string{"oslo", "bonn"}, VisibleTo: attribute.Person, EditableBy: attribute.Administrator},
	{Name: attribute.Entitlements, Type: attribute.List, VisibleTo: attribute.Administrator, EditableBy: attribute.Administrator},
	{Name: "since", Type: attribute.Date, VisibleTo: attribute.Person, EditableBy: attribute.Administrator},
}

// site is SCIM over a real store, with three sources.
type site struct {
	*logintest.Parts
	server *scim.Server
	// node is another one over the same store.
	node *httptest.Server
}

func newSite(t *testing.T, change ...func(*scim.Config)) *site {
	t.Helper()
	return newSiteOf(t, func(*account.Config) {}, change...)
}

// newSiteOf is newSite with accounts of the test's own.
func newSiteOf(t *testing.T, accounts func(*account.Config), change ...func(*scim.Config)) *site {
	t.Helper()
	p := logintest.New(t, logintest.Options{Accounts: func(c *account.Config) {
		c.AdminRoles, c.DeletionGrace, c.Attributes = []string{"latchkey-owner"}, 24*time.Hour, kept
		accounts(c)
	}})
	s := &site{Parts: p}
	cfg := scim.Config{
		Issuer: p.URL.String(), Tokens: s, Accounts: p.Accounts, Counters: p.Store.Ephemeral(), Hasher: p.Hasher, Log: p.Logger, MaxBody: 1 << 20,
		Sources: []scim.Source{
			{Name: "entra", Verifiers: scim.Verifiers(p.Hasher, entra), Client: "hr"},
			{Name: "okta", Verifiers: scim.Verifiers(p.Hasher, okta), EmailVerified: true},
			{Name: "google", Verifiers: scim.Verifiers(p.Hasher, google), EmailVerified: true, Adopt: account.Adoption{Email: true, Username: true}},
		},
		Stores: scim.Stores{People: p.Store.Provisions(), Groups: p.Store.Groups(), Memberships: p.Store.Memberships()},
		Limit:  storage.Bucket{Burst: 10_000, Every: time.Millisecond},
	}
	for _, c := range change {
		c(&cfg)
	}
	mux := http.NewServeMux()
	s.server = scim.New(cfg)
	mux.Handle(scim.Prefix+"/", s.server)
	p.Serve(mux)
	s.node = httptest.NewServer(scim.New(cfg))
	t.Cleanup(s.node.Close)
	return s
}

// Authenticate implements scim.Tokens.
func (*site) Authenticate(_ http.ResponseWriter, r *http.Request) (*client.Client, []string, error) {
	switch strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") {
	case service:
		return &client.Client{ID: "hr", Metadata: client.Metadata{Type: client.TypeService}}, []string{admin.ProvisioningScope}, nil
	case "without-the-scope":
		return &client.Client{ID: "hr", Metadata: client.Metadata{Type: client.TypeService}}, nil, nil
	case "another-client":
		return &client.Client{ID: "wiki", Metadata: client.Metadata{Type: client.TypeService}}, []string{admin.ProvisioningScope}, nil
	case person:
		return nil, nil, nil
	case "later":
		return nil, nil, storage.ErrUnavailable
	}
	return nil, nil, errors.New("no token")
}

// Challenges implements scim.Tokens.
func (*site) Challenges(*http.Request, error) []string {
	return []string{`Bearer realm="here", resource_metadata="https://issuer.example/described"`}
}

// answer is what SCIM answered.
type answer struct{ *logintest.Answer }

func (a *answer) id() string       { id, _ := a.JSON["id"].(string); return id }
func (a *answer) resources() []any { return a.List("Resources") }

// call sends a request; headers are name and value in turn.
func (s *site) call(token, method, path, body string, headers ...string) *answer {
	s.T.Helper()
	return s.callAt(s.URL.String(), token, method, path, body, headers...)
}

// callAt is call to one of the nodes.
func (s *site) callAt(node, token, method, path, body string, headers ...string) *answer {
	s.T.Helper()
	return &answer{s.Call(token, method, node+scim.Prefix+path, "application/scim+json; charset=utf-8", body, headers...)}
}

func (s *site) want(a *answer, status int) *answer {
	s.T.Helper()
	s.Want(a.Answer, status)
	return a
}

// user makes somebody at a source.
func (s *site) user(token, name string) *answer {
	s.T.Helper()
	return s.want(s.call(token, http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+name+`","externalId":"x-`+name+`"}`), http.StatusCreated)
}

// account is somebody as they are kept.
func (s *site) account(id string) *storage.User {
	s.T.Helper()
	u, err := s.Store.Users().ByID(s.T.Context(), storage.ID(id))
	logintest.Check(s.T, err)
	return u
}

// events are the types of the events about somebody, the newest first, but for reads.
func (s *site) events(id string) []storage.EventType {
	s.T.Helper()
	list, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{UserID: storage.ID(id), WithoutReads: true, Limit: 100})
	logintest.Check(s.T, err)
	var types []storage.EventType
	for _, e := range list {
		types = append(types, e.Type)
		if e.ActorKind != storage.ActorClient || e.ActorID == "" {
			s.T.Errorf("%s names %s %q", e.Type, e.ActorKind, e.ActorID)
		}
	}
	return types
}

// field is a value of a resource by its way, such as name.givenName.
func field(resource map[string]any, way ...string) any {
	var at any = resource
	for _, name := range way {
		switch inner := at.(type) {
		case map[string]any:
			at = inner[name]
		case []any:
			if len(inner) == 0 {
				return nil
			}
			at = inner[0].(map[string]any)[name]
		default:
			return nil
		}
	}
	return at
}
